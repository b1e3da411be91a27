use async_trait::async_trait;
use horizon_core::{Day, Error, Result, SaltStore};
use redis::RedisResult;

use super::{RedisStore, keys};
use crate::error::map;

#[async_trait]
impl SaltStore for RedisStore {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let salt = find_or_store(self, day, fresh).await?;
        let invalid = |_| Error::permanent(format!("the key {} in Redis holds an invalid salt", keys::SALTS));
        salt.try_into().map_err(invalid)
    }
}

async fn find_or_store(store: &RedisStore, day: Day, fresh: [u8; 32]) -> Result<Vec<u8>> {
    let what = "the salt cannot be stored in Redis";
    let get = redis::cmd("HGET").arg(keys::SALTS).arg(day.number()).clone();
    let known: Option<Vec<u8>> = store.redis.query(&get).await.map_err(|e| map(what, e))?;
    if let Some(known) = known {
        return Ok(known);
    }
    let script = &store.scripts.salts;
    let mut call = script.call(&[keys::SALTS, keys::REWRITE_DUE]);
    call.arg(day.previous().number()).arg(day.number()).arg(&fresh);
    let mut pipe = redis::pipe();
    pipe.add_command(call);
    let salts: Vec<Vec<u8>> = store.writes.invoke_all(script, &pipe, what).await?;
    Ok(salts.into_iter().next().unwrap_or_default())
}

/// Deletes the salts of the days before yesterday.
pub(super) async fn expire(store: &RedisStore, today: Day) -> RedisResult<()> {
    let script = &store.scripts.salts;
    let mut call = script.call(&[keys::SALTS, keys::REWRITE_DUE]);
    call.arg(today.previous().number());
    store.redis.invoke(script, &call).await
}
