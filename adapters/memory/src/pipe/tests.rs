use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use futures::StreamExt;
use horizon_core::{EventKind, ReaderId, Stamp, Timestamp};

use crate::MemoryStats;

fn visit(number: u8) -> Event {
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
    Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })
}

fn limit() -> NonZeroUsize {
    NonZeroUsize::new(8).unwrap()
}

fn pipe() -> (MemoryBus, MemoryConsumer) {
    MemoryBus::new(Arc::new(MemoryStats::new()))
}

#[tokio::test(start_paused = true)]
async fn an_event_is_answered_only_once_it_is_acknowledged() {
    let (pipe, mut feed) = pipe();
    let mut tracked = std::pin::pin!(pipe.track(visit(1)));
    let batch = tokio::select! {
        biased;
        _ = &mut tracked => panic!("nobody has counted it"),
        batch = feed.next_batch(limit()) => batch.unwrap(),
    };
    feed.acknowledge(batch.ack).await.unwrap();
    tracked.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_tracker_went_away_still_comes() {
    let (pipe, mut feed) = pipe();
    let tracked = pipe.track(visit(1));
    assert!(timeout(Duration::from_millis(1), tracked).await.is_err());
    assert_eq!(feed.next_batch(limit()).await.unwrap().events, [visit(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_an_error_after_a_bounded_wait() {
    let (pipe, _feed) = pipe();
    let all = u32::try_from(QUEUE_EVENTS).unwrap();
    let _places = pipe.shared.places.acquire_many(all).await.unwrap();
    assert!(pipe.track(visit(1)).await.unwrap_err().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn without_a_feed_an_event_is_refused_at_once_and_not_kept() {
    let (pipe, feed) = pipe();
    drop(feed);
    assert!(pipe.track(visit(1)).await.unwrap_err().is_retryable());
    let mut feed = pipe.feed().unwrap();
    assert!(timeout(Duration::from_secs(1), feed.next_batch(limit())).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_goes_away_answers_those_who_wait() {
    let (pipe, mut feed) = pipe();
    let counting = async {
        feed.next_batch(limit()).await.unwrap();
        drop(feed);
    };
    let (tracked, ()) = tokio::join!(pipe.track(visit(1)), counting);
    assert!(tracked.unwrap_err().is_retryable());
    let mut feed = pipe.feed().unwrap();
    assert_eq!(feed.next_batch(limit()).await.unwrap().events, [visit(1)]);
}

#[test]
fn a_pipe_has_one_feed() {
    let (pipe, feed) = pipe();
    assert!(pipe.feed().unwrap_err().is_retryable());
    drop(feed);
    assert!(pipe.feed().is_ok());
}

#[tokio::test]
async fn a_receipt_that_was_never_handed_out_is_misuse() {
    let (_pipe, mut feed) = pipe();
    assert!(!feed.acknowledge(AckToken(1)).await.unwrap_err().is_retryable());
}

#[test]
fn a_topic_that_nobody_watches_costs_no_memory() {
    let (pipe, _feed) = pipe();
    let (one, two) = (pipe.watch(Topic::Site), pipe.watch(Topic::Site));
    drop(one);
    assert_eq!(pipe.shared.totals.topics(), 1);
    drop(two);
    assert_eq!(pipe.shared.totals.topics(), 0);
}

/// A store that cannot be read a few times.
struct Recovers {
    good: MemoryStats,
    failures: AtomicU32,
}

#[async_trait]
impl StatsStore for Recovers {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.good.apply(events).await
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        if self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
        {
            return Err(Error::unavailable("not yet"));
        }
        self.good.get(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.good.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.good.expire(now).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_waits_for_a_store_that_cannot_be_read_and_never_ends() {
    let store = Recovers {
        good: MemoryStats::new(),
        failures: AtomicU32::new(9),
    };
    store.apply(&[visit(1)]).await.unwrap();
    let (pipe, _feed) = MemoryBus::new(Arc::new(store));
    let stats = pipe.watch(Topic::Site).next().await.unwrap();
    assert_eq!(stats.visits, 1);
}
