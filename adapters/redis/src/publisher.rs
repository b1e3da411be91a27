use horizon_core::{Error, Result, Update};
use redis::aio::ConnectionManager;
use redis::{Pipeline, Value};

use crate::commands::Commands;
use crate::error::map;
use crate::script::Kept;
use crate::wire;

/// Keeps the totals of topics and tells them to whoever watches.
pub(crate) struct Publisher {
    redis: Commands,
    script: Kept,
}

impl Publisher {
    pub(crate) fn new(connection: ConnectionManager) -> Self {
        Self {
            redis: Commands(connection),
            script: Kept::new(include_str!("scripts/publish.lua")),
        }
    }

    /// Tells these totals, each unless newer ones are known.
    pub(crate) async fn publish(&self, updates: &[Update]) -> Result<()> {
        let mut calls = self.calls(updates)?;
        let told = self.redis.invoke_all::<Value>(&self.script, &mut calls).await;
        told.map(drop).map_err(|e| map("the totals cannot be published", e))
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
