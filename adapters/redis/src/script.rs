use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, RedisResult, Script};

/// A script that Redis keeps, called by its hash.
pub(crate) struct Kept(Script);

impl Kept {
    pub(crate) fn new(text: &str) -> Self {
        Self(Script::new(text))
    }

    /// A call with these keys; arguments may follow.
    pub(crate) fn call(&self, keys: &[&str]) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(self.0.get_hash()).arg(keys.len()).arg(keys);
        call
    }

    /// Runs a call, and tells Redis the script first where it does not know it.
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
            answer => answer,
        }
    }

    /// Tells Redis the script. A restart or a SCRIPT FLUSH made it forget.
    pub(crate) async fn load(&self, connection: &mut impl ConnectionLike) -> RedisResult<()> {
        self.0.load_async(connection).await.map(drop)
    }
}

/// Whether the call failed because Redis does not know the script.
pub(crate) fn is_unknown(error: &redis::RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript) || error.to_string().contains("NOSCRIPT")
}
