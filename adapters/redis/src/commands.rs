use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, Value, from_redis_value};

use crate::script::{Kept, is_unknown};

/// Sends commands on one connection that all callers share.
pub(crate) struct Commands(pub(crate) ConnectionManager);

impl Commands {
    /// What Redis says to one command.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.0.clone()).await
    }

    /// What Redis says to each command, or the first that it says no to.
    pub(crate) async fn ask_all<T: FromRedisValue>(&self, pipe: &mut Pipeline) -> RedisResult<Vec<T>> {
        if pipe.is_empty() {
            return Ok(Vec::new());
        }
        // Of a whole pipeline's error the driver does not tell the code, and so not whether it may pass.
        let answers: Vec<RedisResult<Value>> = pipe.ignore_errors().query_async(&mut self.0.clone()).await?;
        answers
            .into_iter()
            .map(|answer| Ok(from_redis_value(answer?)?))
            .collect()
    }

    /// What the script answers. Redis is told the script if it does not know it.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &Kept, call: &Cmd) -> RedisResult<T> {
        match self.ask(call).await {
            Err(error) if is_unknown(&error) => {
                script.load(&mut self.0.clone()).await?;
                self.ask(call).await
            }
            answer => answer,
        }
    }

    /// What each call of the script answers. Redis knows the script for all of them or for none.
    pub(crate) async fn invoke_all<T: FromRedisValue>(
        &self,
        script: &Kept,
        calls: &mut Pipeline,
    ) -> RedisResult<Vec<T>> {
        match self.ask_all(calls).await {
            Err(error) if is_unknown(&error) => {
                script.load(&mut self.0.clone()).await?;
                self.ask_all(calls).await
            }
            answers => answers,
        }
    }
}
