use std::collections::HashMap;

use async_trait::async_trait;
use horizon_core::{Event, ReaderId, Result, StatsStore, Timestamp, Topic, Update, reports::Reports};

use super::{PostgresStore, totals};
use crate::{columns::UuidColumn, sql::stats as sql};

#[async_trait]
impl StatsStore for PostgresStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.apply_batch(events).await
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let stored = self
            .database
            .read(async |transaction| totals::read(transaction, topics).await)
            .await;
        let stored = stored.map_err(|error| error.into_port_error("the totals cannot be read from PostgreSQL"))?;
        let found: HashMap<Topic, Update> = stored
            .into_iter()
            .map(|stored| (stored.update.topic.clone(), stored.update))
            .collect();
        let total = |topic: &Topic| {
            found
                .get(topic)
                .cloned()
                .unwrap_or_else(|| Update::empty(topic.clone()))
        };
        Ok(topics.iter().map(total).collect())
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let (topic, reader) = (topic.to_string(), UuidColumn::from(reader));
        let like = self
            .database
            .read(async |transaction| transaction.query_opt(sql::IS_LIKED_BY, &[&topic, &reader]).await)
            .await;
        let like = like.map_err(|error| error.into_port_error("a like cannot be read from PostgreSQL"))?;
        Ok(like.is_some())
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let expired = self.erase_expired(now).await;
        expired.map_err(|error| error.into_port_error("old data cannot be erased in PostgreSQL"))
    }
}
