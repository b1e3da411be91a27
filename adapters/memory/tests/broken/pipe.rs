use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use horizon_core::testing::BusHarness;
use horizon_core::{
    AckToken, Analytics, Batch, Event, EventConsumer, EventId, Result, Stats, StatsStore, Topic, Update,
};
use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStats};
use tokio::sync::watch;

use crate::{caught, names, presence::every_change};

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    ReversesBatches,
    IgnoresTheLimit,
    SwallowsEvents,
    AcknowledgesAtOnce,
    ForgetsAcknowledgements,
    LosesWhatWasGivenUp,
    MintsIdsAnew,
    StartsLate,
    SpeaksOnce,
    BelievesTheLast,
    TellsEveryUpdate,
    MixesTopics,
    EndsWithTheFeed,
}

struct Rig {
    store: Arc<MemoryStats>,
    pipe: Arc<BrokenPipe>,
    first: Option<MemoryConsumer>,
}

struct BrokenPipe {
    good: MemoryBus,
    fault: Fault,
    serial: AtomicU64,
    /// Ends when the feed does.
    feeds: watch::Sender<u64>,
}

struct BrokenFeed {
    good: MemoryConsumer,
    fault: Fault,
    pipe: Arc<BrokenPipe>,
}

fn rig(fault: Fault) -> Rig {
    let store = Arc::new(MemoryStats::new());
    let (good, feed) = MemoryBus::new(Arc::clone(&store) as _);
    let pipe = BrokenPipe {
        good,
        fault,
        serial: AtomicU64::new(1),
        feeds: watch::Sender::new(0),
    };
    Rig {
        store,
        pipe: Arc::new(pipe),
        first: Some(feed),
    }
}

#[async_trait]
impl BusHarness for Rig {
    fn analytics(&self) -> Arc<dyn Analytics> {
        Arc::clone(&self.pipe) as _
    }

    async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
        let good = match self.first.take() {
            Some(feed) => feed,
            None => self.pipe.good.feed()?,
        };
        Ok(Box::new(BrokenFeed {
            good,
            fault: self.pipe.fault,
            pipe: Arc::clone(&self.pipe),
        }))
    }

    fn store(&self) -> Arc<dyn StatsStore> {
        Arc::clone(&self.store) as _
    }
}

#[async_trait]
impl Analytics for BrokenPipe {
    async fn track(&self, mut event: Event) -> Result<()> {
        match self.fault {
            Fault::SwallowsEvents => return Ok(()),
            Fault::MintsIdsAnew => event.id = EventId::from_u128(self.serial.fetch_add(1, Ordering::Relaxed).into()),
            _ => {}
        }
        self.good.track(event).await
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        let mixes = self.fault == Fault::MixesTopics;
        let totals = self.good.watch(if mixes { Topic::Site } else { topic });
        match self.fault {
            Fault::StartsLate => totals.skip(1).boxed(),
            Fault::SpeaksOnce => totals.take(1).chain(futures::stream::pending()).boxed(),
            Fault::TellsEveryUpdate => every_change(totals),
            Fault::EndsWithTheFeed => {
                let mut feeds = self.feeds.subscribe();
                totals.take_until(async move { feeds.changed().await }).boxed()
            }
            _ => totals,
        }
    }
}

#[async_trait]
impl EventConsumer for BrokenFeed {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let ignores = self.fault == Fault::IgnoresTheLimit;
        let limit = if ignores { NonZeroUsize::MAX } else { limit };
        let mut batch = self.good.next_batch(limit).await?;
        match self.fault {
            Fault::ReversesBatches => batch.events.reverse(),
            Fault::AcknowledgesAtOnce => self.good.acknowledge(batch.ack).await?,
            Fault::LosesWhatWasGivenUp => {
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
            match self.fault {
                Fault::BelievesTheLast => update.revision = self.pipe.serial.fetch_add(1, Ordering::Relaxed),
                Fault::MixesTopics => update.topic = Topic::Site,
                _ => {}
            }
            self.good.publish(&[update]).await?;
        }
        // Lets those who listen in a task of their own hear of each update.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(())
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if self.fault == Fault::ForgetsAcknowledgements {
            return Ok(());
        }
        self.good.acknowledge(ack).await
    }
}

impl Drop for BrokenFeed {
    fn drop(&mut self) {
        self.pipe.feeds.send_modify(|feeds| *feeds += 1);
    }
}

caught! { bus, bus_suite:
    events_are_delivered_in_order: rig(Fault::ReversesBatches);
    a_batch_has_at_most_limit_events: rig(Fault::IgnoresTheLimit);
    a_tracked_event_reaches_the_store: rig(Fault::SwallowsEvents);
    unacknowledged_events_are_redelivered: rig(Fault::AcknowledgesAtOnce);
    unacknowledged_events_are_redelivered_to_a_new_consumer: rig(Fault::AcknowledgesAtOnce);
    acknowledged_events_are_never_redelivered: rig(Fault::ForgetsAcknowledgements);
    cancelling_next_batch_loses_nothing: rig(Fault::LosesWhatWasGivenUp);
    an_event_tracked_twice_counts_once: rig(Fault::MintsIdsAnew);
    a_watch_starts_with_the_latest_totals: rig(Fault::StartsLate);
    a_watch_yields_each_newer_total: rig(Fault::SpeaksOnce);
    a_watch_ignores_older_revisions: rig(Fault::BelievesTheLast);
    a_slow_watch_skips_to_the_latest: rig(Fault::TellsEveryUpdate);
    a_watch_yields_only_its_topic: rig(Fault::MixesTopics);
    a_watch_outlives_the_consumer: rig(Fault::EndsWithTheFeed);
}
