use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::error::map;
use crate::replicas::Replicas;
use crate::task::PanicReport;

/// How long a command may take: longer than a pause of Redis for a fork or a slow script, and not so long that a page
/// which waits for two of them seems dead.
pub(crate) const COMMAND_WAIT: Duration = Duration::from_secs(3);

/// How long opening a connection may take.
const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// The shortest and the longest wait between two attempts to connect.
const RECONNECT_WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// How many times a command that finds no connection tries to make one, before it says so.
const RECONNECT_ATTEMPTS: usize = 4;

/// How long sent bytes may stay unacknowledged before the connection counts as dead (TCP_USER_TIMEOUT).
const UNHEARD: Duration = Duration::from_secs(10);

/// How long a connection is silent before the machines ask each other whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// The most commands that wait for their turn on one connection.
const WAITING_COMMANDS: usize = 1_024;

/// Where Redis is, and how to sign in.
///
/// `redis://[[user]:password@]host[:port][/database][?wait=N]`, or `rediss://…` for TLS, whose certificates are checked
/// against the machine's own. Nothing is connected yet: every adapter opens its connections when it first needs them,
/// and opens them again when they break.
///
/// With `?wait=N`, 0 to 16, a stream and a store acknowledge a write once N replicas have confirmed it. Where they do
/// not within a second, the write fails as retryable: the server may have it, and a repeat counts once. Without it,
/// what only the master had is lost when a replica is promoted.
///
/// ```
/// use horizon_redis::RedisConfig;
///
/// let redis = RedisConfig::new("rediss://:password@redis.example.org:6380/2")?; // nothing is connected yet
/// assert!(!format!("{redis:?}").contains("password"));
/// # Ok::<(), horizon_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisConfig {
    client: Client,
    panic_report: PanicReport,
    replicas: Replicas,
}

impl RedisConfig {
    /// Reads the address.
    ///
    /// ```
    /// use horizon_redis::RedisConfig;
    ///
    /// assert!(RedisConfig::new("redis://127.0.0.1").is_ok());
    /// assert!(RedisConfig::new("http://127.0.0.1").is_err());
    /// ```
    ///
    /// # Errors
    /// Permanent if the address is invalid. The message does not repeat it, because it may hold a password. A parameter
    /// that is not known is named.
    pub fn new(url: &str) -> Result<Self> {
        let wrong = "an address of Redis is `redis://[[user]:password@]host[:port][/database][?wait=N]`, or \
                     `rediss://…` for TLS";
        if !(url.starts_with("redis://") || url.starts_with("rediss://")) {
            return Err(Error::permanent(wrong));
        }
        let mut address = redis::parse_redis_url(url).ok_or_else(|| Error::permanent(wrong))?;
        let query = address.query().map(str::to_owned);
        address.set_query(None);
        let info = address
            .into_connection_info()
            .map_err(|e| Error::permanent(wrong).with_source(e.to_string()))?;
        let replicas = Replicas::from_query(query.as_deref())?;
        let client = Client::open(configured(info)).map_err(|e| Error::permanent(wrong).with_source(e))?;
        Ok(Self {
            client,
            panic_report: Arc::new(log_panic),
            replicas,
        })
    }

    /// Calls `report` with the name of a background task and the panic's message, should one of those panic that serve
    /// what is connected with this configuration. Such a process has to be restarted. Without it the log says so.
    ///
    /// ```
    /// use horizon_redis::RedisConfig;
    ///
    /// let redis = RedisConfig::new("redis://127.0.0.1")?.on_task_panic(|task, message| {
    ///     tracing::error!(task, message, "a task panicked"); // and fail the next check of readiness
    /// });
    /// # let _ = redis;
    /// # Ok::<(), horizon_core::Error>(())
    /// ```
    #[must_use]
    pub fn on_task_panic(mut self, report: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.panic_report = Arc::new(report);
        self
    }

    pub(crate) fn panic_report(&self) -> &PanicReport {
        &self.panic_report
    }

    /// Returns whether the address asks for replicas to confirm writes: `?wait=N` with N above 0.
    ///
    /// ```
    /// use horizon_redis::RedisConfig;
    ///
    /// assert!(RedisConfig::new("redis://127.0.0.1?wait=1")?.waits_for_replicas());
    /// # Ok::<(), horizon_core::Error>(())
    /// ```
    #[must_use]
    pub fn waits_for_replicas(&self) -> bool {
        !self.replicas.is_zero()
    }

    pub(crate) fn replicas(&self) -> Replicas {
        self.replicas
    }

    /// A connection for writes that must be confirmed: `commands` itself where none must be, otherwise its own one,
    /// because whatever is sent behind a wait stands still with it.
    pub(crate) fn writes(&self, commands: &ConnectionManager) -> Result<ConnectionManager> {
        if self.replicas.is_zero() {
            Ok(commands.clone())
        } else {
            self.commands()
        }
    }

    /// Returns host and port, without user and password.
    ///
    /// ```
    /// use horizon_redis::RedisConfig;
    ///
    /// let redis = RedisConfig::new("rediss://:password@redis.example.org:6380/2")?;
    /// assert_eq!(redis.address(), "redis.example.org:6380");
    /// # Ok::<(), horizon_core::Error>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// A connection for commands, shared by its clones. It is made with the first one, and again after a break.
    pub(crate) fn commands(&self) -> Result<ConnectionManager> {
        let (least, most) = RECONNECT_WAITS;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(COMMAND_WAIT))
            .set_connection_timeout(Some(CONNECT_WAIT))
            .set_number_of_retries(RECONNECT_ATTEMPTS)
            .set_min_delay(least)
            .set_max_delay(most)
            .set_pipeline_buffer_size(WAITING_COMMANDS);
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
            .map_err(|e| map("the connection to Redis cannot be set up", e))
    }

    /// What a connection of one's own is made with. Each answer may take `wait`.
    pub(crate) fn own(wait: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WAIT))
            .set_response_timeout(Some(wait))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

fn log_panic(task: &str, message: &str) {
    tracing::error!(
        task,
        message,
        "a background task of the Redis adapter panicked; restart the process"
    );
}

fn configured(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(KEEPALIVE));
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(UNHEARD);
    info.set_redis_settings(settings).set_tcp_settings(tcp)
}

impl fmt::Debug for RedisConfig {
    /// Names the host and never the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisConfig({})", self.client.get_connection_info().addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_user_password_database_and_tls_is_read() {
        for good in [
            "redis://localhost",
            "redis://:secret@127.0.0.1:7000/3",
            "rediss://ada:secret@example.org/0",
            "redis://:secret@127.0.0.1:7000/3?wait=2",
        ] {
            RedisConfig::new(good).unwrap();
        }
    }

    #[test]
    fn a_wrong_address_is_refused_without_being_repeated() {
        for bad in [
            "",
            "memory:",
            "http://hunter2",
            "redis://hunter2:x/notanumber",
            "redis+unix:///hunter2",
            "redis://:hunter?2@localhost",
            "redis://localhost?wait=hunter2",
        ] {
            let error = RedisConfig::new(bad).unwrap_err();
            assert!(
                !error.is_retryable() && !format!("{error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn a_password_does_not_reach_a_log() {
        let config = RedisConfig::new("redis://ada:hunter2@localhost/1").unwrap();
        assert_eq!(format!("{config:?}"), "RedisConfig(localhost:6379)");
    }
}
