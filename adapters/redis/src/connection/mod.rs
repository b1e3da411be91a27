pub(crate) mod commands;
pub(crate) mod confirmed;
pub(crate) mod inspect;
mod login;
pub(crate) mod replicas;
pub(crate) mod script;
pub(crate) mod subscriber;
pub(crate) mod task;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Error, Result};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

use crate::error::map;
pub use inspect::{RedisInspector, RedisSetup};
use replicas::Replicas;
use task::PanicReport;

/// How long a command may take: 3 seconds. That is longer than Redis pauses for a fork or a slow script, and short
/// enough for a page that needs two commands.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(3);

/// How long opening a connection may take: 2 seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The shortest and the longest delay between two attempts to connect.
const RECONNECT_DELAYS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// How often a command without a connection tries to open one before it fails.
const RECONNECT_ATTEMPTS: usize = 4;

/// How long sent bytes may stay unacknowledged before the connection is closed (`TCP_USER_TIMEOUT`): 10 seconds.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is idle before TCP keepalive probes are sent: 10 seconds.
const TCP_KEEPALIVE: Duration = Duration::from_secs(10);

/// The maximum number of commands that wait for one connection.
const QUEUED_COMMANDS: usize = 1_024;

/// The message of an error about an invalid address.
const INVALID_ADDRESS: &str = "invalid Redis address: use `redis://[[user]:password@]host[:port][/database][?wait=N]`, \
                               or `rediss://…` for TLS";

/// The address and credentials of a Redis.
///
/// `redis://[[user]:password@]host[:port][/database][?wait=N]`, or `rediss://…` for TLS with the certificates that
/// the machine trusts. Adapters connect when they first need it, and reconnect when a connection breaks.
///
/// With `?wait=N` (0 to 16) a write is acknowledged once N replicas have confirmed it. If they do not within a second,
/// it fails as retryable: the master may have it, and a repeat counts once. Without `wait`, writes that only the master
/// had are lost when a replica is promoted.
///
/// ```
/// use horizon_redis::RedisConfig;
///
/// let redis = RedisConfig::new("rediss://:password@redis.example.org:6380/2?wait=1")?; // does not connect yet
/// assert_eq!(redis.address(), "redis.example.org:6380");
/// assert!(redis.waits_for_replicas());
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
    /// Parses the address.
    ///
    /// # Errors
    /// Permanent if the address is invalid. The message does not repeat it, because it may hold a password, but names
    /// an unknown parameter.
    pub fn new(url: &str) -> Result<Self> {
        let invalid = || Error::permanent(INVALID_ADDRESS);
        if !(url.starts_with("redis://") || url.starts_with("rediss://")) {
            return Err(invalid());
        }
        let mut address = redis::parse_redis_url(url).ok_or_else(invalid)?;
        let query = address.query().map(str::to_owned);
        address.set_query(None);
        let info = address
            .into_connection_info()
            .map_err(|e| invalid().with_source(e.to_string()))?;
        let replicas = Replicas::from_query(query.as_deref())?;
        let client = Client::open(configured(info)).map_err(|e| invalid().with_source(e))?;
        Ok(Self {
            client,
            panic_report: Arc::new(log_panic),
            replicas,
        })
    }

    /// Calls `report` with the task's name and the message if a background task panics that this configuration
    /// started. The process must be restarted then. The default writes it to the log.
    ///
    /// ```
    /// use horizon_redis::RedisConfig;
    ///
    /// let redis = RedisConfig::new("redis://127.0.0.1")?.on_task_panic(|task, message| {
    ///     tracing::error!(task, message, "a task panicked"); // and fail the readiness check
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

    /// Returns whether replicas must confirm writes: `?wait=N` with N above 0.
    #[must_use]
    pub fn waits_for_replicas(&self) -> bool {
        !self.replicas.is_zero()
    }

    pub(crate) fn replicas(&self) -> Replicas {
        self.replicas
    }

    /// Returns host and port.
    #[must_use]
    pub fn address(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// Returns a connection for commands, shared by its clones. It connects with the first command.
    pub(crate) fn command_connection(&self) -> Result<ConnectionManager> {
        let (shortest, longest) = RECONNECT_DELAYS;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(COMMAND_TIMEOUT))
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_number_of_retries(RECONNECT_ATTEMPTS)
            .set_min_delay(shortest)
            .set_max_delay(longest)
            .set_pipeline_buffer_size(QUEUED_COMMANDS);
        ConnectionManager::new_lazy_with_config(self.client.clone(), config)
            .map_err(|e| map("the connection to Redis cannot be set up", e))
    }

    /// Returns a connection for confirmed writes: `commands`, or a separate one if writes wait for replicas, because
    /// WAIT blocks all commands behind it.
    pub(crate) fn write_connection(&self, commands: &ConnectionManager) -> Result<ConnectionManager> {
        if self.replicas.is_zero() {
            Ok(commands.clone())
        } else {
            self.command_connection()
        }
    }

    /// Returns the settings of a connection that is not shared, whose replies may take `timeout`.
    pub(crate) fn dedicated(timeout: Duration) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(timeout))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

fn log_panic(task: &str, message: &str) {
    tracing::error!(
        task,
        message,
        "a background task of the Redis adapter panicked: restart the process"
    );
}

fn configured(info: ConnectionInfo) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(TCP_KEEPALIVE));
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(TCP_USER_TIMEOUT);
    info.set_redis_settings(settings).set_tcp_settings(tcp)
}

/// Shows the host, never the password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisConfig({})", self.client.get_connection_info().addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_user_password_database_and_tls_is_parsed() {
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
    fn an_error_does_not_repeat_an_invalid_address() {
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
    fn debug_output_does_not_show_the_password() {
        let config = RedisConfig::new("redis://ada:hunter2@localhost/1").unwrap();
        assert_eq!(format!("{config:?}"), "RedisConfig(localhost:6379)");
    }
}
