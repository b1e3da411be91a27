//! How the consumer gathers events into batches.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use futures::future::{Either, join_all, select};
use horizon_core::{Event, EventBus, EventKind, Stamp, Timestamp, Topic, process_batch};
use horizon_memory::{MemoryBus, MemoryStore};
use tokio::time::{Instant, sleep};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LIMIT: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

fn visit(number: u16) -> Event {
    let [high, low] = number.to_be_bytes();
    let stamp = Stamp::new(NOW, [high, low, 0, 0, 0, 0, 0, 0, 0, 0]);
    Event::new(stamp, Topic::Site, EventKind::visit(None))
}

/// Processes batches until the callers are done. Returns the time that took, and the sizes of the batches.
async fn process_while(callers: impl AsyncFnOnce(&MemoryBus)) -> (Duration, Vec<usize>) {
    let store = Arc::new(MemoryStore::new());
    let (bus, mut consumer) = MemoryBus::new(store.clone());
    let start = Instant::now();
    let mut batches = Vec::new();
    let counting = async {
        loop {
            batches.push(
                process_batch(&mut consumer, &*store, &|| NOW, LIMIT)
                    .await
                    .unwrap()
                    .applied,
            );
        }
    };
    let ended = select(Box::pin(callers(&bus)), Box::pin(counting)).await;
    assert!(matches!(&ended, Either::Left(_)), "processing ended before the callers");
    drop(ended);
    (start.elapsed(), batches)
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_tracks_one_event_at_a_time_does_not_wait() {
    let one = async |bus: &MemoryBus| {
        for number in 0..100 {
            bus.track(visit(number)).await.unwrap();
        }
    };
    let (took, batches) = process_while(one).await;
    assert_eq!(took, Duration::ZERO);
    assert_eq!(batches, [1; 100]);
}

#[tokio::test(start_paused = true)]
async fn frequent_events_share_batches_of_ten_milliseconds() {
    let many = async |bus: &MemoryBus| {
        let caller = |number: u16| async move {
            sleep(Duration::from_micros(100) * u32::from(number)).await;
            bus.track(visit(number)).await.unwrap();
        };
        join_all((0..5_000).map(caller)).await;
    };
    let (took, batches) = process_while(many).await;
    assert!(took >= Duration::from_millis(499), "{took:?}");
    assert!(batches.len() < 100, "{} batches", batches.len());
}

#[tokio::test(start_paused = true)]
async fn callers_that_all_wait_are_not_delayed_for_more_events() {
    let few = async |bus: &MemoryBus| {
        let caller = |caller: u16| async move {
            for number in 0..50 {
                bus.track(visit(caller * 50 + number)).await.unwrap();
            }
        };
        join_all((0..20).map(caller)).await;
    };
    let (took, batches) = process_while(few).await;
    assert!(
        batches.len() <= 51 && took <= Duration::from_millis(4) * 51,
        "{batches:?} in {took:?}"
    );
}
