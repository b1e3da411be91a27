use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use horizon_core::{
    Event, EventId, EventKind, ReaderId, Result, StatsStore, Timestamp, Topic, Update, VisitCause, reports::Reports,
};

use tokio::time::timeout;

use crate::mutant::FaultMutant;

/// How long a mutant waits for the store. Shorter than any pause.
const PATIENCE: Duration = Duration::from_secs(2);

/// A store with one defect.
pub(crate) struct MutantStore {
    pub(crate) store: Arc<dyn StatsStore>,
    pub(crate) mutant: FaultMutant,
}

#[async_trait]
impl StatsStore for MutantStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        match self.mutant {
            FaultMutant::ForgetsIds => {
                let fresh = events.iter().map(with_new_id).collect::<Result<Vec<_>>>()?;
                self.store.apply(&fresh).await
            }
            FaultMutant::SeparatesSeconds => {
                let updates = self.store.apply(&without_seconds(events)).await?;
                self.store.apply(&seconds(events)?).await?;
                Ok(updates)
            }
            FaultMutant::GivesUpWaiting => {
                let applied = timeout(PATIENCE, self.store.apply(events)).await;
                applied.unwrap_or_else(|_| Ok(Vec::new()))
            }
            FaultMutant::SkipsFailedBatches => Ok(self.store.apply(events).await.unwrap_or_default()),
            _ => self.store.apply(events).await,
        }
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.store.totals(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.store.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.store.expire(now).await
    }

    fn reports(&self) -> Option<&dyn Reports> {
        self.store.reports()
    }
}

/// Returns the events without reading times.
fn without_seconds(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        if let EventKind::Visit(visit) = &mut event.kind {
            visit.seconds = None;
        }
    }
    events
}

/// Returns the reading times of the events, as events with ids of their own.
fn seconds(events: &[Event]) -> Result<Vec<Event>> {
    let mut times = Vec::new();
    for event in events {
        let mut event = with_new_id(event)?;
        if let EventKind::Visit(visit) = &mut event.kind
            && visit.visitor.is_some()
            && visit.seconds.is_some()
        {
            visit.cause = Some(VisitCause::Beat);
            visit.context = None;
            times.push(event);
        }
    }
    Ok(times)
}

/// Returns the event with a new id.
fn with_new_id(event: &Event) -> Result<Event> {
    let mut event = event.clone();
    event.id = EventId::new(event.at, horizon_backend::random_bytes()?);
    Ok(event)
}
