use horizon_core::{Error, Result, Update};
use redis::aio::ConnectionManager;
use redis::{Pipeline, RedisResult};

use crate::error::map;
use crate::script::{Kept, is_unknown};
use crate::wire;

/// Keeps the totals of topics and tells them to whoever watches.
pub(crate) struct Publisher {
    connection: ConnectionManager,
    script: Kept,
}

impl Publisher {
    pub(crate) fn new(connection: ConnectionManager) -> Self {
        Self {
            connection,
            script: Kept::new(include_str!("scripts/publish.lua")),
        }
    }

    /// Tells these totals, each unless newer ones are known.
    pub(crate) async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let calls = self.calls(updates)?;
        let mut told: RedisResult<()> = calls.exec_async(&mut self.connection).await;
        if told.as_ref().is_err_and(is_unknown) {
            let loaded = self.script.load(&mut self.connection).await;
            told = match loaded {
                Ok(()) => calls.exec_async(&mut self.connection).await,
                Err(error) => Err(error),
            };
        }
        told.map_err(|e| map("the totals cannot be published", e))
    }

    fn calls(&self, updates: &[Update]) -> Result<Pipeline> {
        let mut pipe = redis::pipe();
        for update in updates {
            let json = wire::encode_stats(update)
                .map_err(|e| Error::permanent("the totals cannot be written as JSON").with_source(e))?;
            let mut call = self.script.call(&[&wire::stats_key(&update.topic)]);
            call.arg(update.revision)
                .arg(json)
                .arg(wire::stats_channel(&update.topic));
            pipe.add_command(call);
        }
        Ok(pipe)
    }
}
