use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use futures::StreamExt;
use horizon_core::{EventKind, ReaderId, Stamp, Timestamp};

use crate::MemoryStore;

fn visit(number: u8) -> Event {
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
    Event::new(stamp, Topic::Site, EventKind::visit(None))
}

fn limit() -> NonZeroUsize {
    NonZeroUsize::new(8).unwrap()
}

fn bus() -> (MemoryBus, MemoryConsumer) {
    MemoryBus::new(Arc::new(MemoryStore::new()))
}

#[tokio::test(start_paused = true)]
async fn track_returns_after_the_event_is_acknowledged() {
    let (bus, mut consumer) = bus();
    let mut tracked = std::pin::pin!(bus.track(visit(1)));
    let batch = tokio::select! {
        biased;
        _ = &mut tracked => panic!("it is not acknowledged"),
        batch = consumer.next_batch(limit()) => batch.unwrap(),
    };
    consumer.acknowledge(batch.ack).await.unwrap();
    tracked.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_caller_gave_up_is_still_delivered() {
    let (bus, mut consumer) = bus();
    let tracked = bus.track(visit(1));
    assert!(timeout(Duration::from_millis(1), tracked).await.is_err());
    assert_eq!(consumer.next_batch(limit()).await.unwrap().events, [visit(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_an_error_after_a_bounded_wait() {
    let (bus, _consumer) = bus();
    let all = u32::try_from(QUEUE_EVENTS).unwrap();
    let _slots = bus.inner.slots.acquire_many(all).await.unwrap();
    assert!(bus.track(visit(1)).await.unwrap_err().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn without_a_consumer_an_event_fails_at_once_and_is_not_queued() {
    let (bus, consumer) = bus();
    drop(consumer);
    assert!(bus.track(visit(1)).await.unwrap_err().is_retryable());
    let mut consumer = bus.consumer().unwrap();
    assert!(
        timeout(Duration::from_secs(1), consumer.next_batch(limit()))
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_consumer_fails_waiting_callers() {
    let (bus, mut consumer) = bus();
    let counting = async {
        consumer.next_batch(limit()).await.unwrap();
        drop(consumer);
    };
    let (tracked, ()) = tokio::join!(bus.track(visit(1)), counting);
    assert!(tracked.unwrap_err().is_retryable());
    let mut consumer = bus.consumer().unwrap();
    assert_eq!(consumer.next_batch(limit()).await.unwrap().events, [visit(1)]);
}

#[test]
fn a_bus_has_one_consumer() {
    let (bus, consumer) = bus();
    assert!(bus.consumer().unwrap_err().is_retryable());
    drop(consumer);
    assert!(bus.consumer().is_ok());
}

#[tokio::test]
async fn an_unknown_ack_token_is_a_permanent_error() {
    let (_bus, mut consumer) = bus();
    assert!(!consumer.acknowledge(AckToken(1)).await.unwrap_err().is_retryable());
}

#[test]
fn an_unwatched_topic_uses_no_memory() {
    let (bus, _consumer) = bus();
    let (one, two) = (bus.watch(Topic::Site), bus.watch(Topic::Site));
    drop(one);
    assert_eq!(bus.inner.totals.topics().len(), 1);
    drop(two);
    assert_eq!(bus.inner.totals.topics().len(), 0);
}

/// A store whose first reads fail.
struct FailsAtFirst {
    inner: MemoryStore,
    failures: AtomicU32,
}

#[async_trait]
impl StatsStore for FailsAtFirst {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.inner.apply(events).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        if self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
        {
            return Err(Error::unavailable("not yet"));
        }
        self.inner.totals(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.inner.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.inner.expire(now).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_retries_until_the_store_can_be_read() {
    let store = FailsAtFirst {
        inner: MemoryStore::new(),
        failures: AtomicU32::new(9),
    };
    store.apply(&[visit(1)]).await.unwrap();
    let (bus, _consumer) = MemoryBus::new(Arc::new(store));
    let stats = bus.watch(Topic::Site).next().await.unwrap();
    assert_eq!(stats.visits, 1);
}
