use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, RedisResult, Script};

/// A Lua script in the cache of Redis, called by its hash.
pub(crate) struct CachedScript(Script);

impl CachedScript {
    pub(crate) fn new(text: &str) -> Self {
        Self(Script::new(text))
    }

    /// Returns a call with these keys, to which arguments can be added.
    pub(crate) fn call(&self, keys: &[&str]) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(self.0.get_hash()).arg(keys.len()).arg(keys);
        call
    }

    /// Runs a call, and loads the script first if Redis does not have it.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        call: &Cmd,
        connection: &mut impl ConnectionLike,
    ) -> RedisResult<T> {
        match call.query_async(connection).await {
            Err(error) if is_unknown(&error) => {
                self.load(connection).await?;
                call.query_async(connection).await
            }
            reply => reply,
        }
    }

    /// Loads the script, which a restart or a SCRIPT FLUSH has removed from the cache.
    pub(crate) async fn load(&self, connection: &mut impl ConnectionLike) -> RedisResult<()> {
        self.0.load_async(connection).await.map(drop)
    }
}

/// Returns whether a call failed because Redis does not have the script.
pub(crate) fn is_unknown(error: &redis::RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript) || error.to_string().contains("NOSCRIPT")
}
