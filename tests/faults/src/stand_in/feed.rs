use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Batch, Feed, Receipt, Result, Update};
use horizon_redis::RedisFeed;

use crate::defect::Defect;

/// A feed that does one thing wrong.
pub(crate) struct BrokenFeed {
    pub(crate) feed: RedisFeed,
    pub(crate) defect: Defect,
}

#[async_trait]
impl Feed for BrokenFeed {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let batch = self.feed.next_batch(limit).await?;
        if self.defect == Defect::AcknowledgesFirst {
            self.feed.acknowledge(batch.receipt).await?;
        }
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        if self.defect == Defect::NeverPublishes {
            return Ok(());
        }
        self.feed.publish(updates).await
    }

    async fn acknowledge(&mut self, receipt: Receipt) -> Result<()> {
        if self.defect == Defect::AcknowledgesFirst {
            return Ok(());
        }
        self.feed.acknowledge(receipt).await
    }
}
