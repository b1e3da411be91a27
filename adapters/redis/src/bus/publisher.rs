use horizon_core::{Error, Result, Update};
use redis::aio::ConnectionManager;
use redis::{Pipeline, Value};

use crate::connection::commands::Commands;
use crate::connection::script::CachedScript;
use crate::error::map;
use crate::wire;

/// Stores the latest totals of topics and announces them to watches.
pub(crate) struct Publisher {
    redis: Commands,
    script: CachedScript,
}

impl Publisher {
    pub(crate) fn new(connection: ConnectionManager) -> Self {
        Self {
            redis: Commands(connection),
            script: CachedScript::new(include_str!("publish.lua")),
        }
    }

    /// Publishes these totals, each unless newer ones are stored.
    pub(crate) async fn publish(&self, updates: &[Update]) -> Result<()> {
        let mut calls = self.calls(updates)?;
        let replies = self.redis.invoke_all::<Value>(&self.script, &mut calls).await;
        replies
            .map(drop)
            .map_err(|e| map("the totals cannot be published to Redis", e))
    }

    fn calls(&self, updates: &[Update]) -> Result<Pipeline> {
        let mut pipe = redis::pipe();
        for update in updates {
            let json = wire::encode_stats(update)
                .map_err(|e| Error::permanent("the totals cannot be encoded as JSON").with_source(e))?;
            let mut call = self.script.call(&[&wire::stats_key(&update.topic)]);
            call.arg(update.revision)
                .arg(json)
                .arg(wire::stats_channel(&update.topic));
            pipe.add_command(call);
        }
        Ok(pipe)
    }
}
