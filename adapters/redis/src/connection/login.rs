//! Finds settings of a connection that no retry can repair.

use std::time::Duration;

use horizon_core::{Error, Result};
use redis::{ConnectionAddr, ErrorKind, RedisError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{COMMAND_TIMEOUT, RedisConfig};
use crate::error::{is_login_rejected, map};

/// How long a server may take to show whether it expects TLS: 1 second.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// A command, to which a Redis without TLS replies with a line, in a record of 257 bytes (RFC 8446 §5.1), which a TLS
/// server rejects with an alert. It has no zero before its first line end, because Redis would wait for more.
const PROBE: [u8; 262] = {
    let mut probe = [b'\n'; 262];
    let (start, _) = probe.split_at_mut(13);
    start.copy_from_slice(b"\x16\x03\x01\x01\x01\r\nPING\r\n");
    probe
};

/// The types of a TLS record with an alert or a handshake.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

impl RedisConfig {
    /// Connects once, for a check at the start of a program.
    ///
    /// # Errors
    /// Permanent, with a sentence, if Redis rejects the user or the password, or if only one side uses TLS. Retryable
    /// if it is unavailable.
    pub async fn check_login(&self) -> Result<()> {
        let settings = Self::dedicated(COMMAND_TIMEOUT);
        let connected = self.client.get_multiplexed_async_connection_with_config(&settings);
        let Err(error) = connected.await else { return Ok(()) };
        match self.explain(&error).await {
            Some(reason) => Err(Error::permanent(reason).with_source(error)),
            None => Err(map("Redis cannot be reached", error)),
        }
    }

    /// Returns why Redis will never accept a connection with these settings.
    async fn explain(&self, error: &RedisError) -> Option<String> {
        if error.kind() == ErrorKind::AuthenticationFailed || is_login_rejected(error) {
            let user = self.user();
            return Some(format!(
                "it rejects the user `{user}` or the password: check both in the URL"
            ));
        }
        let (host, port, uses_tls) = match self.client.get_connection_info().addr() {
            ConnectionAddr::Tcp(host, port) => (host, *port, false),
            ConnectionAddr::TcpTls { host, port, .. } => (host, *port, true),
            _ => return None,
        };
        let expects_tls = timeout(PROBE_TIMEOUT, expects_tls(host, port)).await.ok()??;
        match (uses_tls, expects_tls) {
            (true, false) => Some("it does not use TLS on this port: use `redis://`, or its port for TLS".into()),
            (false, true) => Some("it expects TLS on this port: use `rediss://`".into()),
            _ => None,
        }
    }

    /// Returns the name of the user, which is `default` unless the address has another one.
    #[must_use]
    pub fn user(&self) -> &str {
        let user = self.client.get_connection_info().redis_settings().username();
        user.filter(|user| !user.is_empty()).unwrap_or("default")
    }
}

/// Returns whether a server expects TLS, or `None` if it does not answer like a Redis.
async fn expects_tls(host: &str, port: u16) -> Option<bool> {
    let mut connection = TcpStream::connect((host, port)).await.ok()?;
    connection.write_all(&PROBE).await.ok()?;
    let first = connection.read_u8().await.ok()?;
    match first {
        b'+' | b'-' => Some(false),
        _ => TLS_RECORDS.contains(&first).then_some(true),
    }
}
