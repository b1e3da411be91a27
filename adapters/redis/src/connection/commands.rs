use redis::aio::ConnectionManager;
use redis::{Cmd, FromRedisValue, Pipeline, RedisResult, Value, from_redis_value};

use super::script::{CachedScript, is_unknown};

/// Sends commands on one connection that all callers share.
pub(crate) struct Commands(pub(crate) ConnectionManager);

impl Commands {
    /// Returns the reply to one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        command.query_async(&mut self.0.clone()).await
    }

    /// Returns the replies to all commands, or the first error.
    pub(crate) async fn query_all<T: FromRedisValue>(&self, pipe: &mut Pipeline) -> RedisResult<Vec<T>> {
        if pipe.is_empty() {
            return Ok(Vec::new());
        }
        // `ignore_errors`, because the driver drops the codes from the error of a whole pipeline.
        parse_all(pipe.ignore_errors().query_async(&mut self.0.clone()).await?)
    }

    /// Returns the reply to a call of the script, which is loaded if Redis does not have it.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &CachedScript, call: &Cmd) -> RedisResult<T> {
        script.run(call, &mut self.0.clone()).await
    }

    /// Returns the replies to all calls of the script. Redis has the script for all of them or for none.
    pub(crate) async fn invoke_all<T: FromRedisValue>(
        &self,
        script: &CachedScript,
        calls: &mut Pipeline,
    ) -> RedisResult<Vec<T>> {
        match self.query_all(calls).await {
            Err(error) if is_unknown(&error) => {
                script.load(&mut self.0.clone()).await?;
                self.query_all(calls).await
            }
            replies => replies,
        }
    }
}

/// Returns the values of all replies, or the first error.
pub(crate) fn parse_all<T: FromRedisValue>(replies: Vec<RedisResult<Value>>) -> RedisResult<Vec<T>> {
    let replies = replies.into_iter();
    replies.map(|reply| Ok(from_redis_value(reply?)?)).collect()
}
