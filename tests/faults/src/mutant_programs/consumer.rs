use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{AckToken, Batch, EventConsumer, Result, Update};
use horizon_redis::RedisConsumer;

use crate::mutant::FaultMutant;

/// A consumer with one defect.
pub(crate) struct MutantConsumer {
    pub(crate) feed: RedisConsumer,
    pub(crate) mutant: FaultMutant,
}

#[async_trait]
impl EventConsumer for MutantConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let batch = self.feed.next_batch(limit).await?;
        if self.mutant == FaultMutant::AcknowledgesFirst {
            self.feed.acknowledge(batch.ack).await?;
        }
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        if self.mutant == FaultMutant::NeverPublishes {
            return Ok(());
        }
        self.feed.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        if self.mutant == FaultMutant::AcknowledgesFirst {
            return Ok(());
        }
        self.feed.acknowledge(ack).await
    }
}
