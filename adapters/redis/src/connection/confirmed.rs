use horizon_core::{Error, Result};
use redis::{FromRedisValue, Pipeline, RedisResult, Value, from_redis_value};

use super::RedisConfig;
use super::commands::{Commands, parse_all};
use super::replicas::{NotReplicated, Replicas};
use super::script::{CachedScript, is_unknown};
use crate::error::map;

/// Sends writes that succeed only once as many replicas as `?wait=N` asks for have confirmed them.
pub(crate) struct ConfirmedWrites {
    redis: Commands,
    replicas: Replicas,
}

/// The replies to the commands, and whether the replicas have confirmed what they wrote.
type Replies<T> = RedisResult<(Vec<T>, Result<(), NotReplicated>)>;

impl ConfirmedWrites {
    /// Uses the connection of `commands`, or a separate one if writes wait for replicas.
    pub(crate) fn new(config: &RedisConfig, commands: &Commands) -> Result<Self> {
        Ok(Self {
            redis: Commands(config.write_connection(&commands.0)?),
            replicas: config.replicas(),
        })
    }

    /// Returns whether writes wait for replicas.
    pub(crate) fn are_replicated(&self) -> bool {
        !self.replicas.is_zero()
    }

    /// Returns the reply to each command. `what` is the message of an error.
    pub(crate) async fn query_all<T: FromRedisValue>(&self, pipe: Pipeline, what: &str) -> Result<Vec<T>> {
        check(self.send(pipe).await, what)
    }

    /// Returns the reply to each call of the script.
    pub(crate) async fn invoke_all<T: FromRedisValue>(
        &self,
        script: &CachedScript,
        calls: &Pipeline,
        what: &str,
    ) -> Result<Vec<T>> {
        let mut replies = self.send(calls.clone()).await;
        if self.load_if_missing(script, &replies).await {
            replies = self.send(calls.clone()).await;
        }
        check(replies, what)
    }

    /// Returns the reply to each call of the script. Redis runs all calls or none.
    pub(crate) async fn transact<T: FromRedisValue>(
        &self,
        script: &CachedScript,
        calls: &Pipeline,
        what: &str,
    ) -> Result<Vec<T>> {
        let mut replies = self.try_transact(calls).await;
        if self.load_if_missing(script, &replies).await {
            replies = self.try_transact(calls).await;
        }
        check(replies, what)
    }

    /// Loads the script if the calls failed because Redis did not have it. Returns whether to repeat them.
    async fn load_if_missing<T>(&self, script: &CachedScript, replies: &Replies<T>) -> bool {
        match replies {
            Err(error) if is_unknown(error) => script.load(&mut self.redis.0.clone()).await.is_ok(),
            _ => false,
        }
    }

    /// Sends the calls between MULTI and EXEC. WAIT comes after EXEC, because it does not block in a transaction.
    async fn try_transact<T: FromRedisValue>(&self, calls: &Pipeline) -> Replies<T> {
        let mut pipe = redis::pipe();
        pipe.cmd("MULTI");
        for call in calls.cmd_iter() {
            pipe.add_command(call.clone());
        }
        pipe.cmd("EXEC");
        let (mut replies, confirmed) = self.send::<Value>(pipe).await?;
        let replies = from_redis_value(replies.pop().unwrap_or(Value::Nil))?;
        Ok((parse_all(replies)?, confirmed))
    }

    async fn send<T: FromRedisValue>(&self, mut pipe: Pipeline) -> Replies<T> {
        self.replicas.append_wait(&mut pipe);
        // The driver drops the codes from the error of a whole pipeline.
        pipe.ignore_errors();
        let mut replies: Vec<RedisResult<Value>> = pipe.query_async(&mut self.redis.0.clone()).await?;
        let confirmed = self.replicas.check_wait(&mut replies);
        Ok((parse_all(replies)?, confirmed))
    }
}

fn check<T>(replies: Replies<T>, what: &str) -> Result<Vec<T>> {
    let (replies, confirmed) = replies.map_err(|driver| map(what, driver))?;
    confirmed.map_err(|cause| Error::from(&cause))?;
    Ok(replies)
}
