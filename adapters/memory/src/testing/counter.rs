use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{
    AckToken, Batch, Event, EventConsumer, RejectReason, Result, Stats, StatsStore, Topic, Update, process_batch,
};

use super::Clock;
use crate::totals::Totals;

/// Takes events and counts each before it answers: the pipe and the accumulator in one.
pub(super) struct Counter {
    clock: Clock,
    store: Arc<dyn StatsStore>,
    totals: Arc<Totals>,
    log: Mutex<Log>,
}

/// Everything that came, for the test to look at.
#[derive(Default)]
struct Log {
    taken: Vec<Event>,
    refused: Vec<(Event, RejectReason)>,
}

impl Counter {
    pub(super) fn new(clock: Clock, store: Arc<dyn StatsStore>) -> Self {
        Self {
            clock,
            totals: Totals::new(Arc::clone(&store)),
            store,
            log: Mutex::default(),
        }
    }

    /// Takes the event: it is recorded and its totals are published, or it is refused.
    pub(super) async fn track(&self, event: Event) -> Result<()> {
        self.log().taken.push(event.clone());
        let mut feed = OneEvent {
            event: Some(event),
            totals: &self.totals,
        };
        let now = || self.clock.now();
        let progress = process_batch(&mut feed, &*self.store, &now, NonZeroUsize::MIN).await?;
        for (event, reason) in &progress.rejected {
            tracing::warn!(event = %event.id, topic = %event.topic, %reason, "an event was refused");
        }
        self.log().refused.extend(progress.rejected);
        Ok(())
    }

    /// The totals of the topic: the latest at once, then each newer one.
    pub(super) fn watch(&self, topic: Topic) -> BoxStream<'static, Stats> {
        self.totals.watch(topic)
    }

    /// All events that were taken, in this order.
    pub(super) fn taken(&self) -> Vec<Event> {
        self.log().taken.clone()
    }

    /// Those of them that were not counted.
    pub(super) fn refused(&self) -> Vec<(Event, RejectReason)> {
        self.log().refused.clone()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A feed of one event, so that the accumulator's own rule counts it.
struct OneEvent<'a> {
    event: Option<Event>,
    totals: &'a Totals,
}

#[async_trait]
impl EventConsumer for OneEvent<'_> {
    async fn next_batch(&mut self, _: NonZeroUsize) -> Result<Batch> {
        Ok(Batch::new(self.event.take().into_iter().collect(), AckToken(0)))
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.totals.publish(updates);
        Ok(())
    }

    async fn acknowledge(&mut self, _: AckToken) -> Result<()> {
        Ok(())
    }
}
