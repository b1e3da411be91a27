//! PgBouncer, a pool of connections in front of PostgreSQL.

use std::{fs, path::Path};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::postgres::{PORT_IS_TAKEN, PORTS, PostgresServer, ServerUser, Supervisor, free_port};

/// What PgBouncer logs when it accepts connections.
const READY: &str = "process up";

/// Where Debian installs PgBouncer, which is not on the `PATH` of a user.
const PROGRAMS: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];

const MISSING: &str = "PgBouncer is missing: run `cargo xtask test`, which installs it, or install the Debian package \
                       `pgbouncer` (elsewhere: as /usr/bin/pgbouncer)";

/// A running PgBouncer on a free port, in transaction mode: each transaction gets any connection to the server. It ends
/// with the process that started it.
#[derive(Debug)]
pub struct PgBouncer {
    supervisor: Supervisor,
    port: u16,
}

impl PgBouncer {
    /// Starts PgBouncer with a pool of so many connections for each database of a server, and waits until it accepts
    /// connections.
    ///
    /// # Errors
    /// PgBouncer is not installed, or does not start in time. The error says how to install it, or contains its log.
    pub async fn start(server: &PostgresServer, pool_size: u32) -> anyhow::Result<Self> {
        for _ in 0..PORTS {
            if let Some(bouncer) = Self::start_on_free_port(server, pool_size).await? {
                return Ok(bouncer);
            }
        }
        bail!("other processes took {PORTS} free ports")
    }

    async fn start_on_free_port(server: &PostgresServer, pool_size: u32) -> anyhow::Result<Option<Self>> {
        let program = PROGRAMS
            .iter()
            .find(|path| Path::new(path).is_file())
            .context(MISSING)?;
        let user = ServerUser::find()?;
        let folder = TempDir::with_prefix("pgbouncer-").context("no temporary folder for PgBouncer")?;
        user.own(folder.path())?;
        let port = free_port()?;
        let settings = folder.path().join("pgbouncer.ini");
        fs::write(&settings, settings_text(server.port(), port, pool_size))?;
        user.own(&settings)?;
        let command = [(*program).to_owned(), settings.display().to_string()];
        // From here on, the supervisor removes the folder. SIGTERM ends PgBouncer at once.
        let supervisor = Supervisor::new(&user, folder.keep(), "TERM", &command)?;
        if supervisor.start(READY).await? {
            return Ok(Some(Self { supervisor, port }));
        }
        let log = supervisor.log();
        ensure!(log.contains(PORT_IS_TAKEN), "PgBouncer did not start; its log:\n{log}");
        Ok(None)
    }

    /// Returns the URL of a database behind it, such as the name `postgres`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns what PgBouncer logged since its last start.
    #[must_use]
    pub fn log(&self) -> String {
        self.supervisor.log()
    }

    /// Ends PgBouncer, which breaks its connections, and starts it again on its port.
    ///
    /// # Errors
    /// It does not end or start in time.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.supervisor.signal("-TERM").await?;
        self.supervisor.ended().await?;
        let is_ready = self.supervisor.start(READY).await?;
        ensure!(is_ready, "PgBouncer did not start again; its log:\n{}", self.log());
        Ok(())
    }
}

fn settings_text(server: u16, port: u16, pool_size: u32) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={server} user=postgres\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = transaction\n\
         default_pool_size = {pool_size}\n\
         max_client_conn = 1000\n\
         server_login_retry = 1\n"
    )
}
