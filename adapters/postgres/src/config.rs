//! The address of a database.

mod tls_options;
mod url;

use std::{fmt, time::Duration};

use horizon_core::{Error, Result};
use tokio_postgres::config::{Host, TargetSessionAttrs};

pub(crate) use tls_options::{RootCertificates, SslMode, TlsOptions, Verification};
use url::{UrlOptions, UrlParts};

/// The schema of a URL without one.
const DEFAULT_SCHEMA: &str = "eventhorizon";

/// The maximum length of the name of a schema, in bytes. PostgreSQL truncates a longer one.
const MAX_SCHEMA: usize = 63;

/// How long the operating system may take for a connection to one host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the host of the server may leave sent bytes unacknowledged. It acknowledges them even while the server is
/// busy.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(30);

/// When to probe an idle connection, how often, and for how long: a router forgets idle connections, and a host that
/// lost its power sends nothing.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_RETRIES: u32 = 3;

/// The address of a database, such as `postgres://app:secret@localhost/app?schema=numbers`.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `schema` | `eventhorizon` | the schema with the tables |
/// | `sslmode` | `prefer` | as libpq: `disable`, `allow`, `prefer`, `require`, `verify-ca`, `verify-full` |
/// | `sslrootcert` | `system` with `verify-full` | a file with trusted certificates, or `system` |
/// | `sslcert`, `sslkey` | none | files with the certificate and key of the client |
/// | `statement_cache` | `on` | `off` for PgBouncer in transaction mode |
///
/// The options of [`tokio_postgres::Config`] work, too: `host`, `connect_timeout` (5 seconds for each host; all
/// together have 15), `application_name` (`eventhorizon`), `target_session_attrs` (`read-write` with several hosts),
/// `options`, and so on.
#[derive(Clone)]
pub struct PostgresConfig {
    /// The options of the driver, without the TLS mode.
    pub(crate) driver: tokio_postgres::Config,
    pub(crate) schema: String,
    pub(crate) tls: TlsOptions,
    /// Whether connections prepare their statements.
    pub(crate) prepares_statements: bool,
    /// Whether the first connection creates or migrates the schema.
    pub(crate) migrates: bool,
}

/// What is wrong with a URL. No message repeats a value, because it may be part of a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum UrlError {
    #[error("it does not begin with `postgres://` or `postgresql://`")]
    Scheme,
    #[error("it has no host: add one, or the folder of a socket as `?host=/var/run/postgresql`")]
    NoHost,
    #[error("the numbers of hosts, addresses and ports differ")]
    Hosts,
    #[error("the name of the database has an `@`: write `@` and `/` of the user and the password as `%40` and `%2F`")]
    At,
    #[error("the {0} is not UTF-8 with percent-encoding")]
    Encoding(&'static str),
    #[error("an option has no value: write `NAME=VALUE`")]
    NoValue,
    #[error("the option `{0}` does not exist")]
    UnknownOption(String),
    #[error("the value of the option `{option}` is invalid: {rule}")]
    Value { option: &'static str, rule: &'static str },
    #[error("{0}")]
    Driver(String),
}

impl PostgresConfig {
    /// Parses a URL.
    ///
    /// # Errors
    /// Permanent if the URL is invalid. The message names the option and repeats no value, because a value may be part
    /// of a password.
    pub fn new(url: &str) -> Result<Self> {
        let invalid = |error| Error::permanent(format!("the URL of the PostgreSQL database is invalid: {error}"));
        Self::parse(url).map_err(invalid)
    }

    fn parse(url: &str) -> Result<Self, UrlError> {
        let parts = UrlParts::split(url)?;
        let query = UrlOptions::parse(parts.query)?;
        let mut driver = parts.driver_config(&query)?;
        if driver.get_hosts().is_empty() {
            for address in driver.get_hostaddrs().to_vec() {
                driver.host(address.to_string());
            }
        }
        check_hosts(&driver)?;
        set_defaults(&mut driver, &query);
        let prepares_statements = match query.own("statement_cache") {
            None | Some("on") => true,
            Some("off") => false,
            Some(_) => {
                let rule = "it must be `on` or `off`";
                return Err(UrlError::Value {
                    option: "statement_cache",
                    rule,
                });
            }
        };
        let schema = query.own("schema").unwrap_or(DEFAULT_SCHEMA);
        check_schema(schema)?;
        Ok(Self {
            driver,
            schema: schema.into(),
            tls: TlsOptions::new(&query)?,
            prepares_statements,
            migrates: true,
        })
    }

    /// Returns the hosts with their ports, and the database.
    pub(crate) fn server(&self) -> String {
        let ports = self.driver.get_ports();
        let hosts = self.driver.get_hosts().iter().enumerate().map(|(index, host)| {
            let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(folder) => format!("{}:{port}", folder.display()),
            }
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        self.driver
            .get_dbname()
            .map_or_else(|| hosts.clone(), |database| format!("{hosts}/{database}"))
    }
}

fn check_hosts(driver: &tokio_postgres::Config) -> Result<(), UrlError> {
    let (hosts, addresses) = (driver.get_hosts().len(), driver.get_hostaddrs().len());
    if hosts == 0 {
        return Err(UrlError::NoHost);
    }
    let is_valid =
        (addresses == 0 || addresses == hosts) && (driver.get_ports().len() <= 1 || driver.get_ports().len() == hosts);
    is_valid.then_some(()).ok_or(UrlError::Hosts)
}

fn set_defaults(driver: &mut tokio_postgres::Config, query: &UrlOptions<'_>) {
    if driver.get_connect_timeout().is_none() {
        driver.connect_timeout(CONNECT_TIMEOUT);
    }
    if driver.get_application_name().is_none() {
        driver.application_name(DEFAULT_SCHEMA);
    }
    if !query.has("tcp_user_timeout") {
        driver.tcp_user_timeout(TCP_USER_TIMEOUT);
    }
    if !query.has("keepalives_idle") {
        driver.keepalives_idle(KEEPALIVE_IDLE);
    }
    if !query.has("keepalives_interval") {
        driver.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if !query.has("keepalives_retries") {
        driver.keepalives_retries(KEEPALIVE_RETRIES);
    }
    if driver.get_hosts().len() > 1 && !query.has("target_session_attrs") {
        driver.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

fn check_schema(schema: &str) -> Result<(), UrlError> {
    let rule = if schema.is_empty() {
        "it must not be empty"
    } else if schema.len() > MAX_SCHEMA {
        "it must have at most 63 bytes"
    } else if schema.contains('\0') {
        "it must not contain the character NUL"
    } else if schema.starts_with("pg_") || schema == "information_schema" {
        "schemas of this name belong to PostgreSQL"
    } else {
        return Ok(());
    };
    Err(UrlError::Value { option: "schema", rule })
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("server", &self.server())
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
