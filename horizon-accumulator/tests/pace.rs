//! When the accumulator takes the next batch.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use horizon_accumulator::{Observer, run_observed};
use horizon_core::{Analytics, Error, Event, EventKind, Progress, Stamp, Timestamp, Topic};
use horizon_memory::{MemoryPipe, MemoryStats};
use tokio::time::Instant;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

#[derive(Default)]
struct Batches(AtomicU32);

impl Observer for Batches {
    fn counted(&self, _: &Progress) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn failed(&self, error: &Error) {
        panic!("{error}");
    }
}

/// So many callers track so many events each, one after the other: how long that took, and in how many batches.
async fn tracked(callers: u8, each: u8) -> (Duration, u32) {
    let store = Arc::new(MemoryStats::new());
    let (pipe, mut feed) = MemoryPipe::new(store.clone());
    let (pipe, batches, begin) = (&pipe, Batches::default(), Instant::now());
    let caller = |caller: u8| async move {
        for number in 0..each {
            let stamp = Stamp::new(NOW, [caller, number, 0, 0, 0, 0, 0, 0, 0, 0]);
            let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
            pipe.track(visit).await.unwrap();
        }
    };
    let all_tracked = async {
        join_all((0..callers).map(caller)).await;
    };
    run_observed(&mut [&mut feed], &*store, &|| NOW, &batches, all_tracked).await;
    (begin.elapsed(), batches.0.into_inner())
}

#[tokio::test(start_paused = true)]
async fn who_tracks_one_event_after_the_other_waits_for_nothing() {
    let (took, batches) = tracked(1, 100).await;
    assert!(took < Duration::from_millis(500), "{took:?}");
    assert_eq!(batches, 100);
}

#[tokio::test(start_paused = true)]
async fn many_who_track_at_once_share_a_batch_each_ten_milliseconds() {
    let (took, batches) = tracked(100, 50).await;
    assert!(batches <= 51, "{batches}");
    assert!(
        took >= Duration::from_millis(10) * (batches - 1) && took < Duration::from_secs(1),
        "{batches} in {took:?}"
    );
}
