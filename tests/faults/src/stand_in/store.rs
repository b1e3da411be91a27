use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::{Event, EventId, ReaderId, Result, StatsStore, Timestamp, Topic, Update};

use crate::defect::Defect;

/// A store that does one thing wrong.
pub(crate) struct BrokenStore {
    pub(crate) store: Arc<dyn StatsStore>,
    pub(crate) defect: Defect,
}

#[async_trait]
impl StatsStore for BrokenStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        match self.defect {
            Defect::ForgetsIds => {
                let fresh = events.iter().map(renamed).collect::<Result<Vec<_>>>()?;
                self.store.apply(&fresh).await
            }
            Defect::GivesUp => Ok(self.store.apply(events).await.unwrap_or_default()),
            _ => self.store.apply(events).await,
        }
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.store.get(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.store.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.store.expire(now).await
    }
}

/// The same event under an id that nobody has counted.
fn renamed(event: &Event) -> Result<Event> {
    let mut renamed = event.clone();
    renamed.id = EventId::new(event.at, horizon_backend::random_bytes()?);
    Ok(renamed)
}
