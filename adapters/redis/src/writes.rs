//! Writes to the store that count as done once the replicas that the address asks for have them.

use horizon_core::{Error, Result};
use redis::{FromRedisValue, Pipeline, RedisResult, Value, from_redis_value};

use crate::commands::Commands;
use crate::connection::RedisConfig;
use crate::error::map;
use crate::replicas::{NotReplicated, Replicas};
use crate::script::{Kept, is_unknown};

/// Sends writes on a connection that may stand still while replicas confirm them.
pub(crate) struct Writes {
    redis: Commands,
    replicas: Replicas,
}

/// What Redis said to each command, and whether the replicas have what the commands wrote.
type Answers<T> = RedisResult<(Vec<T>, Result<(), NotReplicated>)>;

impl Writes {
    /// Writes by the connection of `commands`, or by its own one where replicas have to confirm them.
    pub(crate) fn new(config: &RedisConfig, commands: &Commands) -> Result<Self> {
        Ok(Self {
            redis: Commands(config.writes(&commands.0)?),
            replicas: config.replicas(),
        })
    }

    /// Returns whether replicas have to confirm writes.
    pub(crate) fn are_confirmed(&self) -> bool {
        !self.replicas.is_zero()
    }

    /// Returns what Redis says to each command, once all of them are confirmed. `what` says in an error what failed.
    pub(crate) async fn ask_all<T: FromRedisValue>(&self, pipe: Pipeline, what: &str) -> Result<Vec<T>> {
        confirmed(self.send(pipe).await, what)
    }

    /// Returns what each call of the script answers, once it is confirmed.
    pub(crate) async fn invoke_all<T: FromRedisValue>(
        &self,
        script: &Kept,
        calls: &Pipeline,
        what: &str,
    ) -> Result<Vec<T>> {
        let mut answers = self.send(calls.clone()).await;
        if self.lacks(script, &answers).await {
            answers = self.send(calls.clone()).await;
        }
        confirmed(answers, what)
    }

    /// The same, where Redis runs all calls or none.
    pub(crate) async fn transact<T: FromRedisValue>(
        &self,
        script: &Kept,
        calls: &Pipeline,
        what: &str,
    ) -> Result<Vec<T>> {
        let mut answers = self.try_transact(calls).await;
        if self.lacks(script, &answers).await {
            answers = self.try_transact(calls).await;
        }
        confirmed(answers, what)
    }

    /// Returns whether the calls failed because Redis did not know the script, which it does now.
    async fn lacks<T>(&self, script: &Kept, answers: &Answers<T>) -> bool {
        match answers {
            Err(error) if is_unknown(error) => script.load(&mut self.redis.0.clone()).await.is_ok(),
            _ => false,
        }
    }

    /// Encloses the calls in MULTI and EXEC. A WAIT among them would not wait, so it stands behind.
    async fn try_transact<T: FromRedisValue>(&self, calls: &Pipeline) -> Answers<T> {
        let mut pipe = redis::pipe();
        pipe.cmd("MULTI");
        for call in calls.cmd_iter() {
            pipe.add_command(call.clone());
        }
        pipe.cmd("EXEC");
        let (mut answers, confirmed) = self.send::<Value>(pipe).await?;
        let answers: Vec<RedisResult<Value>> = from_redis_value(answers.pop().unwrap_or(Value::Nil))?;
        let answers = answers.into_iter().map(|answer| Ok(from_redis_value(answer?)?));
        Ok((answers.collect::<RedisResult<_>>()?, confirmed))
    }

    async fn send<T: FromRedisValue>(&self, mut pipe: Pipeline) -> Answers<T> {
        self.replicas.wait_in(&mut pipe);
        // Of a whole pipeline's error the driver does not tell the code, and so not whether it may pass.
        pipe.ignore_errors();
        let mut answers: Vec<RedisResult<Value>> = pipe.query_async(&mut self.redis.0.clone()).await?;
        let confirmed = self.replicas.confirm(&mut answers);
        let answers = answers.into_iter().map(|answer| Ok(from_redis_value(answer?)?));
        Ok((answers.collect::<RedisResult<_>>()?, confirmed))
    }
}

fn confirmed<T>(answers: Answers<T>, what: &str) -> Result<Vec<T>> {
    let (answers, confirmed) = answers.map_err(|driver| map(what, driver))?;
    confirmed.map_err(|cause| Error::from(&cause))?;
    Ok(answers)
}
