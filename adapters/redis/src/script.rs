use redis::aio::ConnectionLike;
use redis::{Cmd, RedisResult, Script};

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

    /// Tells Redis the script. A restart or a SCRIPT FLUSH made it forget.
    pub(crate) async fn load(&self, connection: &mut impl ConnectionLike) -> RedisResult<()> {
        self.0.load_async(connection).await.map(drop)
    }
}

/// Whether the call failed because Redis does not know the script.
pub(crate) fn is_unknown(error: &redis::RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript) || error.to_string().contains("NOSCRIPT")
}
