//! When the feed has the next batch.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use futures::future::{Either, join_all, select};
use horizon_core::{Analytics, Event, EventKind, Stamp, Timestamp, Topic, process_batch};
use horizon_memory::{MemoryBus, MemoryStats};
use tokio::time::{Instant, sleep};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LIMIT: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

fn visit(number: u16) -> Event {
    let [high, low] = number.to_be_bytes();
    let stamp = Stamp::new(NOW, [high, low, 0, 0, 0, 0, 0, 0, 0, 0]);
    Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })
}

/// Counts what these track until they are done: how long that took, and the sizes of the batches.
async fn counted(callers: impl AsyncFnOnce(&MemoryBus)) -> (Duration, Vec<usize>) {
    let store = Arc::new(MemoryStats::new());
    let (pipe, mut feed) = MemoryBus::new(store.clone());
    let begin = Instant::now();
    let mut batches = Vec::new();
    let counting = async {
        loop {
            batches.push(process_batch(&mut feed, &*store, &|| NOW, LIMIT).await.unwrap().applied);
        }
    };
    let ended = select(Box::pin(callers(&pipe)), Box::pin(counting)).await;
    assert!(matches!(&ended, Either::Left(_)), "the feed never ends");
    drop(ended);
    (begin.elapsed(), batches)
}

#[tokio::test(start_paused = true)]
async fn who_tracks_one_event_after_the_other_waits_for_nothing() {
    let one = async |pipe: &MemoryBus| {
        for number in 0..100 {
            pipe.track(visit(number)).await.unwrap();
        }
    };
    let (took, batches) = counted(one).await;
    assert_eq!(took, Duration::ZERO);
    assert_eq!(batches, [1; 100]);
}

#[tokio::test(start_paused = true)]
async fn many_events_a_second_share_batches_of_ten_milliseconds() {
    let crowd = async |pipe: &MemoryBus| {
        let caller = |number: u16| async move {
            sleep(Duration::from_micros(100) * u32::from(number)).await;
            pipe.track(visit(number)).await.unwrap();
        };
        join_all((0..5_000).map(caller)).await;
    };
    let (took, batches) = counted(crowd).await;
    assert!(took >= Duration::from_millis(499), "{took:?}");
    assert!(batches.len() < 100, "{} batches", batches.len());
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_each_other_wait_for_nobody_else() {
    let few = async |pipe: &MemoryBus| {
        let caller = |caller: u16| async move {
            for number in 0..50 {
                pipe.track(visit(caller * 50 + number)).await.unwrap();
            }
        };
        join_all((0..20).map(caller)).await;
    };
    let (took, batches) = counted(few).await;
    assert!(
        batches.len() <= 51 && took <= Duration::from_millis(4) * 51,
        "{batches:?} in {took:?}"
    );
}
