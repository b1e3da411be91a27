use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{AckToken, Batch, EventConsumer, Result, Update};
use horizon_redis::RedisConsumer;

use crate::defect::Defect;

/// A feed that does one thing wrong.
pub(crate) struct BrokenFeed {
    pub(crate) feed: RedisConsumer,
    pub(crate) defect: Defect,
}

#[async_trait]
impl EventConsumer for BrokenFeed {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let batch = self.feed.next_batch(limit).await?;
        if self.defect == Defect::AcknowledgesFirst {
            self.feed.acknowledge(batch.ack).await?;
        }
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        if self.defect == Defect::NeverPublishes {
            return Ok(());
        }
        self.feed.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if self.defect == Defect::AcknowledgesFirst {
            return Ok(());
        }
        self.feed.acknowledge(ack).await
    }
}
