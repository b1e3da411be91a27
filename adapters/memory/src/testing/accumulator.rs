use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::totals::TotalsHub;
use horizon_core::{
    AckToken, Batch, Event, EventConsumer, RejectReason, Result, Stats, StatsStore, Topic, Update, process_batch,
};
use parking_lot::Mutex;

use super::Clock;

/// An event bus that is also the accumulator: it counts each event before `track` returns.
pub(super) struct InlineAccumulator {
    clock: Clock,
    store: Arc<dyn StatsStore>,
    totals: Arc<TotalsHub>,
    log: Mutex<TrackLog>,
}

/// All events that were tracked, for the test to inspect.
#[derive(Default)]
struct TrackLog {
    tracked: Vec<Event>,
    rejected: Vec<(Event, RejectReason)>,
}

impl InlineAccumulator {
    pub(super) fn new(clock: Clock, store: Arc<dyn StatsStore>) -> Self {
        Self {
            clock,
            totals: TotalsHub::new(Arc::clone(&store), ()),
            store,
            log: Mutex::default(),
        }
    }

    /// Applies the event to the store and publishes its totals, or rejects it.
    pub(super) async fn track(&self, event: Event) -> Result<()> {
        self.log.lock().tracked.push(event.clone());
        let mut consumer = SingleEvent {
            event: Some(event),
            totals: &self.totals,
        };
        let now = || self.clock.now();
        let outcome = process_batch(&mut consumer, &*self.store, &now, NonZeroUsize::MIN).await?;
        for (event, reason) in &outcome.rejected {
            tracing::warn!(event = %event.id, topic = event.topic.to_string(), %reason, "an event was rejected");
        }
        self.log.lock().rejected.extend(outcome.rejected);
        Ok(())
    }

    /// Returns the latest totals, then each newer one.
    pub(super) fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.totals.watch(topic)
    }

    pub(super) fn tracked(&self) -> Vec<Event> {
        self.log.lock().tracked.clone()
    }

    pub(super) fn rejected(&self) -> Vec<(Event, RejectReason)> {
        self.log.lock().rejected.clone()
    }
}

/// A consumer of one event, so that the accumulator's own rules apply to it.
struct SingleEvent<'a> {
    event: Option<Event>,
    totals: &'a TotalsHub,
}

#[async_trait]
impl EventConsumer for SingleEvent<'_> {
    async fn next_batch(&mut self, _: NonZeroUsize) -> Result<Batch> {
        Ok(Batch::new(self.event.take().into_iter().collect(), AckToken(0)))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        updates.iter().for_each(|update| self.totals.publish(update));
        Ok(())
    }

    async fn acknowledge(&mut self, _: AckToken) -> Result<()> {
        Ok(())
    }
}
