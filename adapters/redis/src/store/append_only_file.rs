//! Removes erased salts and visitors from the append-only file.

use std::time::Duration;

use horizon_core::error_chain;
use redis::{InfoDict, RedisResult};
use tokio::time::{Instant, sleep};

use super::{RedisStore, keys};
use crate::connection::commands::Commands;
use crate::connection::inspect::{RedisInspector, if_permitted};
use crate::error::map;

/// How often a rewrite is checked: every 250 ms.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// How long to wait for the end of a rewrite: 10 minutes. A longer one is started again after the next expiry.
const REWRITE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Lets Redis rewrite the append-only file if salts or visitors were erased since the last rewrite.
///
/// The scripts that erase them set [`keys::REWRITE_DUE`], so this happens about once a day, by one of the processes
/// that expire data. The key is deleted when the rewrite has ended; if a process stops before, the next one starts it
/// again. Never fails: the data is erased, and the log says where copies remain.
pub(super) async fn rewrite_if_due(store: &RedisStore) {
    match try_rewrite(store).await {
        // The process that started the running one deletes the key at its end, or the next expiry starts another.
        Ok(()) | Err(RewriteError::InProgress) => {}
        Err(RewriteError::Forbidden) => {
            tracing::warn!(
                "erased salts and visitor keys remain in the append-only file until its next rewrite, because \
                 this user may not run BGREWRITEAOF: permit it (`ACL SETUSER <user> +bgrewriteaof`), or run it daily"
            );
        }
        Err(RewriteError::Failed(cause)) => {
            tracing::warn!(
                cause,
                "erased salts and visitor keys remain in the append-only file, because its rewrite failed: see \
                 the log of Redis; it is tried again within an hour"
            );
        }
    }
}

enum RewriteError {
    /// Another attempt would be rejected too.
    Forbidden,
    /// Redis is rewriting the file already.
    InProgress,
    Failed(String),
}

impl From<redis::RedisError> for RewriteError {
    fn from(error: redis::RedisError) -> Self {
        Self::Failed(error_chain(&map("Redis did not reply", error)))
    }
}

async fn try_rewrite(store: &RedisStore) -> Result<(), RewriteError> {
    let redis = &store.redis;
    let due: Option<i64> = redis.query(redis::cmd("GET").arg(keys::REWRITE_DUE)).await?;
    if due.is_none() {
        return Ok(());
    }
    let setup = RedisInspector::new(Commands(redis.0.clone())).inspect().await;
    let setup = setup.map_err(|error| RewriteError::Failed(error_chain(&error)))?;
    // Without an append-only file, the command would create one.
    if setup.append_only != Some(false) {
        match start(redis).await? {
            None => {
                forget(redis).await?;
                return Err(RewriteError::Forbidden);
            }
            Some(()) => wait_for_end(redis).await?,
        }
        tracing::info!("the append-only file of Redis was rewritten, because salts or visitor keys were erased");
    }
    Ok(forget(redis).await?)
}

/// Starts a rewrite. Returns `None` if it is forbidden.
async fn start(redis: &Commands) -> Result<Option<()>, RewriteError> {
    let started: RedisResult<String> = redis.query(&redis::cmd("BGREWRITEAOF")).await;
    match started {
        // It may have begun before the data was erased, so the key stays.
        Err(error) if error.to_string().contains("in progress") => Err(RewriteError::InProgress),
        started => Ok(if_permitted(started)?.map(drop)),
    }
}

/// Waits until a rewrite has ended. Returns at once if INFO is forbidden.
async fn wait_for_end(redis: &Commands) -> Result<(), RewriteError> {
    let deadline = Instant::now() + REWRITE_TIMEOUT;
    loop {
        let info = redis.query(redis::cmd("INFO").arg("persistence")).await;
        let info: Option<InfoDict> = if_permitted(info)?;
        let is = |name: &str, value: &str| {
            let found: Option<String> = info.as_ref().and_then(|info| info.get(name));
            found.as_deref() == Some(value)
        };
        if !is("aof_rewrite_in_progress", "1") && !is("aof_rewrite_scheduled", "1") {
            return match is("aof_last_bgrewrite_status", "err") {
                true => Err(RewriteError::Failed("aof_last_bgrewrite_status is `err`".into())),
                false => Ok(()),
            };
        }
        if Instant::now() > deadline {
            return Err(RewriteError::Failed("it did not end in 10 minutes".into()));
        }
        sleep(POLL_INTERVAL).await;
    }
}

async fn forget(redis: &Commands) -> RedisResult<()> {
    redis.query(redis::cmd("DEL").arg(keys::REWRITE_DUE)).await
}
