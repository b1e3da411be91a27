use async_trait::async_trait;
use horizon_core::{Day, Error, Result, SaltStore};
use redis::RedisResult;

use crate::error::map;
use crate::keys;
use crate::stats::RedisStats;

#[async_trait]
impl SaltStore for RedisStats {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let salt = find_or_keep(self, day, fresh).await?;
        salt.try_into()
            .map_err(|_| Error::permanent("the salt in Redis does not have 32 bytes"))
    }
}

async fn find_or_keep(store: &RedisStats, day: Day, fresh: [u8; 32]) -> Result<Vec<u8>> {
    let what = "Redis does not keep the salt";
    let known: Option<Vec<u8>> = store
        .redis
        .ask(redis::cmd("HGET").arg(keys::SALTS).arg(day.number()))
        .await
        .map_err(|e| map(what, e))?;
    if let Some(known) = known {
        return Ok(known);
    }
    let script = &store.scripts.salts;
    let mut call = script.call(&[keys::SALTS]);
    call.arg(day.previous().number()).arg(day.number()).arg(&fresh);
    let mut pipe = redis::pipe();
    pipe.add_command(call);
    let salts: Vec<Vec<u8>> = store.writes.invoke_all(script, &pipe, what).await?;
    Ok(salts.into_iter().next().unwrap_or_default())
}

/// Erases the salts of the days before yesterday.
pub(crate) async fn forget(store: &RedisStats, today: Day) -> RedisResult<()> {
    let script = &store.scripts.salts;
    let mut call = script.call(&[keys::SALTS]);
    call.arg(today.previous().number());
    store.redis.invoke(script, &call).await
}
