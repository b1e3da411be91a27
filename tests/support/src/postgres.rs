//! A PostgreSQL server for tests.

mod database;
mod options;
mod programs;
mod supervisor;

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

pub use database::TestDatabase;
pub use options::PostgresOptions;
pub(crate) use programs::{ServerUser, free_port};
pub(crate) use supervisor::Supervisor;

/// What PostgreSQL logs when it accepts connections; a standby adds that they are read-only.
const READY: &str = "database system is ready to accept ";

/// What a server logs if another process has its port.
pub(crate) const PORT_IS_TAKEN: &str = "Address already in use";

/// How often to try another free port.
pub(crate) const PORTS: usize = 3;

/// A PostgreSQL server on a free port, with its files in a temporary folder. It ends with the process that started it,
/// also if it is kept in a `static`.
///
/// The user `postgres` needs no password. Unless the options say otherwise, nothing is flushed to the disk.
#[derive(Debug)]
pub struct PostgresServer {
    supervisor: Supervisor,
    port: u16,
    /// How many databases were created.
    databases: AtomicU32,
}

impl PostgresServer {
    /// Starts a server and waits until it accepts connections. `arguments` are those of the program `postgres`, such
    /// as `["-c", "max_connections=10"]`.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start in time. The error says how to install it, or contains its log.
    pub async fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let options = PostgresOptions {
            arguments,
            ..PostgresOptions::default()
        };
        Self::start_with(&options).await
    }

    /// Starts a server with these options and waits until it accepts connections.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_with(options: &PostgresOptions<'_>) -> anyhow::Result<Self> {
        for _ in 0..PORTS {
            if let Some(server) = Self::start_on_free_port(options).await? {
                return Ok(server);
            }
        }
        bail!("other processes took {PORTS} free ports")
    }

    /// Returns `None` if another process took the port first.
    async fn start_on_free_port(options: &PostgresOptions<'_>) -> anyhow::Result<Option<Self>> {
        let (programs, user) = (programs::programs()?, ServerUser::find()?);
        let folder = TempDir::with_prefix("postgres-").context("no temporary folder for PostgreSQL")?;
        user.own(folder.path())?;
        programs::init_database(&programs, &user, folder.path()).await?;
        let port = free_port()?;
        let mut command = vec![
            programs.join("postgres").display().to_string(),
            "-D".into(),
            folder.path().join("data").display().to_string(),
            "-p".into(),
            port.to_string(),
        ];
        command.extend(options.prepare(&user, folder.path())?);
        // From here on, the supervisor removes the folder.
        let supervisor = Supervisor::new(&user, folder.keep(), "QUIT", &command)?;
        if supervisor.start(READY).await? {
            return Ok(Some(Self {
                supervisor,
                port,
                databases: AtomicU32::new(0),
            }));
        }
        let log = supervisor.log();
        ensure!(log.contains(PORT_IS_TAKEN), "PostgreSQL did not start; its log:\n{log}");
        Ok(None)
    }

    /// Returns the URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.database().url().to_owned()
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the id of the first process of the server, which starts the others.
    ///
    /// # Errors
    /// The server does not run.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.supervisor.id()
    }

    /// Returns the database `postgres`.
    #[must_use]
    pub fn database(&self) -> TestDatabase {
        TestDatabase::new(self.port, "postgres")
    }

    /// Creates an empty database.
    ///
    /// # Errors
    /// The server does not run.
    pub async fn create_database(&self) -> anyhow::Result<TestDatabase> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.database().execute(&format!("CREATE DATABASE {name}")).await?;
        Ok(TestDatabase::new(self.port, &name))
    }

    /// Returns what the server logged since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.supervisor.log()
    }

    /// Sends SIGKILL to all processes of the server at once, and waits until they have ended.
    ///
    /// # Errors
    /// The server does not run.
    pub async fn kill(&self) -> anyhow::Result<()> {
        self.supervisor.kill().await
    }

    /// Ends the server as an operator does: it breaks the connections and flushes its files.
    ///
    /// # Errors
    /// The server does not run, or does not end in time.
    pub async fn stop(&self) -> anyhow::Result<()> {
        self.supervisor.signal("-INT").await?;
        self.supervisor.ended().await
    }

    /// Starts the server again with its files and on its port, and waits until it accepts connections. If it still
    /// runs, stops it first.
    ///
    /// # Errors
    /// It does not start in time. The error contains its log.
    pub async fn restart(&self) -> anyhow::Result<()> {
        if self.supervisor.is_running() {
            self.stop().await?;
        }
        let is_ready = self.supervisor.start(READY).await?;
        ensure!(is_ready, "PostgreSQL did not start again; its log:\n{}", self.log());
        Ok(())
    }

    /// Starts the server again as a standby, which accepts no writes until `SELECT pg_promote()`.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub async fn restart_as_standby(&self) -> anyhow::Result<()> {
        self.stop().await?;
        fs::write(self.supervisor.folder().join("data/standby.signal"), "")?;
        self.restart().await
    }

    /// Sends SIGSTOP to all processes of the server.
    ///
    /// # Errors
    /// The server does not run.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.supervisor.pause().await.map(drop)
    }

    /// Sends SIGCONT to all processes of the server.
    ///
    /// # Errors
    /// The server does not run.
    pub async fn resume(&self) -> anyhow::Result<()> {
        self.supervisor.resume().await
    }
}
