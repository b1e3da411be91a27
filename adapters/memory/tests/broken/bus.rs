use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use horizon_core::testing::BusHarness;
use horizon_core::{
    AckToken, Batch, Event, EventBus, EventConsumer, EventId, Result, Stats, StatsStore, Topic, Update,
};
use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStore};
use tokio::sync::watch;

use crate::{caught, names, presence::every_change};

#[derive(Clone, Copy, PartialEq)]
enum BusDefect {
    ReversesBatches,
    IgnoresLimit,
    DropsEvents,
    AcknowledgesEarly,
    IgnoresAcknowledgements,
    LosesCancelledBatch,
    ReplacesIds,
    SkipsFirstTotal,
    ReportsOnce,
    IgnoresRevisions,
    QueuesEveryUpdate,
    MixesTopics,
    EndsWithConsumer,
}

struct BrokenBusHarness {
    store: Arc<MemoryStore>,
    bus: Arc<BrokenBus>,
    first: Option<MemoryConsumer>,
}

struct BrokenBus {
    good: MemoryBus,
    defect: BusDefect,
    serial: AtomicU64,
    /// Changes when a consumer is dropped.
    dropped_consumers: watch::Sender<u64>,
}

struct BrokenConsumer {
    good: MemoryConsumer,
    defect: BusDefect,
    bus: Arc<BrokenBus>,
}

fn harness(defect: BusDefect) -> BrokenBusHarness {
    let store = Arc::new(MemoryStore::new());
    let (good, consumer) = MemoryBus::new(Arc::clone(&store) as _);
    let bus = BrokenBus {
        good,
        defect,
        serial: AtomicU64::new(1),
        dropped_consumers: watch::Sender::new(0),
    };
    BrokenBusHarness {
        store,
        bus: Arc::new(bus),
        first: Some(consumer),
    }
}

#[async_trait]
impl BusHarness for BrokenBusHarness {
    fn bus(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.bus) as _
    }

    async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
        let good = match self.first.take() {
            Some(consumer) => consumer,
            None => self.bus.good.consumer()?,
        };
        Ok(Box::new(BrokenConsumer {
            good,
            defect: self.bus.defect,
            bus: Arc::clone(&self.bus),
        }))
    }

    fn store(&self) -> Arc<dyn StatsStore> {
        Arc::clone(&self.store) as _
    }
}

#[async_trait]
impl EventBus for BrokenBus {
    async fn track(&self, mut event: Event) -> Result<()> {
        match self.defect {
            BusDefect::DropsEvents => return Ok(()),
            BusDefect::ReplacesIds => event.id = EventId::from_u128(self.serial.fetch_add(1, Ordering::Relaxed).into()),
            _ => {}
        }
        self.good.track(event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        let mixes = self.defect == BusDefect::MixesTopics;
        let totals = self.good.watch(if mixes { Topic::Site } else { topic });
        match self.defect {
            BusDefect::SkipsFirstTotal => totals.skip(1).boxed(),
            BusDefect::ReportsOnce => totals.take(1).chain(futures::stream::pending()).boxed(),
            BusDefect::QueuesEveryUpdate => every_change(totals),
            BusDefect::EndsWithConsumer => {
                let mut dropped = self.dropped_consumers.subscribe();
                totals.take_until(async move { dropped.changed().await }).boxed()
            }
            _ => totals,
        }
    }
}

#[async_trait]
impl EventConsumer for BrokenConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let ignores = self.defect == BusDefect::IgnoresLimit;
        let limit = if ignores { NonZeroUsize::MAX } else { limit };
        let mut batch = self.good.next_batch(limit).await?;
        match self.defect {
            BusDefect::ReversesBatches => batch.events.reverse(),
            BusDefect::AcknowledgesEarly => self.good.acknowledge(batch.ack).await?,
            BusDefect::LosesCancelledBatch => {
                self.good.acknowledge(batch.ack).await?;
                tokio::task::yield_now().await;
            }
            _ => {}
        }
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        for update in updates {
            let mut update = update.clone();
            match self.defect {
                BusDefect::IgnoresRevisions => update.revision = self.bus.serial.fetch_add(1, Ordering::Relaxed),
                BusDefect::MixesTopics => update.topic = Topic::Site,
                _ => {}
            }
            self.good.publish(&[update]).await?;
        }
        // Let tasks that forward the watch receive each update.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(())
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if self.defect == BusDefect::IgnoresAcknowledgements {
            return Ok(());
        }
        self.good.acknowledge(ack).await
    }
}

impl Drop for BrokenConsumer {
    fn drop(&mut self) {
        self.bus.dropped_consumers.send_modify(|dropped| *dropped += 1);
    }
}

caught! { bus, bus_suite:
    events_are_delivered_in_order: harness(BusDefect::ReversesBatches) => "twenty events";
    a_batch_has_at_most_limit_events: harness(BusDefect::IgnoresLimit) => "a batch has 7 events, the limit is 1";
    a_tracked_event_reaches_the_store: harness(BusDefect::DropsEvents) => "the check timed out";
    unacknowledged_events_are_redelivered: harness(BusDefect::AcknowledgesEarly) => "the unacknowledged events";
    unacknowledged_events_are_redelivered_to_a_new_consumer: harness(BusDefect::AcknowledgesEarly)
        => "the unacknowledged events";
    acknowledged_events_are_never_redelivered: harness(BusDefect::IgnoresAcknowledgements) => "two events";
    cancelling_next_batch_loses_nothing: harness(BusDefect::LosesCancelledBatch) => "the unacknowledged events";
    an_event_tracked_twice_counts_once: harness(BusDefect::ReplacesIds) => "one event, twice";
    a_watch_starts_with_the_latest_totals: harness(BusDefect::SkipsFirstTotal)
        => "two visits: the watch does not yield 2";
    a_watch_yields_each_newer_total: harness(BusDefect::ReportsOnce) => "one more: the watch does not yield 1";
    a_watch_ignores_older_revisions: harness(BusDefect::IgnoresRevisions) => "an old revision: the watch yields";
    a_slow_watch_skips_to_the_latest: harness(BusDefect::QueuesEveryUpdate) => "a hundred later";
    a_watch_yields_only_its_topic: harness(BusDefect::MixesTopics) => "this page";
    a_watch_outlives_the_consumer: harness(BusDefect::EndsWithConsumer)
        => "the consumer was dropped: the watch yields None";
}
