//! Starts a redis-server for a test (feature `testing`).

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, io};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// How long the server may take to start, even with a large append-only file: one minute.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How often the server is polled while it starts: every 10 ms.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A running redis-server on a free port, with its files in a temporary directory.
///
/// It writes an append-only file. With `--appendfsync always` acknowledged data survives a kill; without it, the last
/// writes may be lost.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_redis::{RedisConfig, RedisStore, testing::RedisServer};
///
/// let mut server = RedisServer::start(&["--appendfsync", "always"]).await?;
/// let store = RedisStore::connect(&RedisConfig::new(&server.url())?)?;
/// store.check_writable().await?;
/// server.kill().await?;
/// server.start_again().await?; // with its data
/// assert_eq!(server.cli(&["PING"]).await?.trim(), "PONG");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedisServer {
    child: Option<Child>,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl RedisServer {
    /// Starts a server and waits until it responds. `options` are arguments of the command, such as
    /// `["--maxmemory", "10mb"]`.
    ///
    /// # Errors
    /// It is not installed, or does not respond in time. The error says how to install it, or shows its log.
    pub async fn start(options: &[&str]) -> io::Result<Self> {
        // Another process may take the free port first; then try the next one.
        for _ in 0..3 {
            let mut server = Self {
                child: None,
                port: free_port()?,
                options: options.iter().map(|&option| option.to_owned()).collect(),
                folder: tempfile::tempdir()?,
            };
            match server.start_again().await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                done => return done.map(|()| server),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "other processes took three free ports",
        ))
    }

    /// Starts it again after [`kill`](Self::kill), with the same port and files.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub async fn start_again(&mut self) -> io::Result<()> {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--appendonly",
                "yes",
                "--save",
                "",
            ])
            .args(["--logfile", "log", "--enable-debug-command", "yes"])
            .args(&self.options)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn().map_err(missing)?;
        self.child = Some(child);
        self.wait_until_ready().await
    }

    async fn wait_until_ready(&mut self) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() {
                let kind = if self.log().contains("Address already in use") {
                    io::ErrorKind::AddrInUse
                } else {
                    io::ErrorKind::Other
                };
                return Err(io::Error::new(kind, format!("redis-server ended:\n{}", self.log())));
            }
            if self
                .cli(&["PING"])
                .await
                .is_ok_and(|answer| answer.trim().ends_with("PONG"))
            {
                return Ok(());
            }
            if start.elapsed() > START_TIMEOUT {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("redis-server does not respond:\n{}", self.log()),
                ));
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Returns its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the id of the process while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Sends SIGKILL: it cannot write anything.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// Sends SIGSTOP: it keeps its connections and does not respond, as behind a dead link.
    ///
    /// # Errors
    /// Those of the system.
    pub async fn pause(&self) -> io::Result<()> {
        self.signal("-STOP").await
    }

    /// Sends SIGCONT, after [`pause`](Self::pause).
    ///
    /// # Errors
    /// Those of the system.
    pub async fn resume(&self) -> io::Result<()> {
        self.signal("-CONT").await
    }

    async fn signal(&self, signal: &str) -> io::Result<()> {
        let id = self
            .id()
            .ok_or_else(|| io::Error::other("redis-server is not running"))?;
        let status = Command::new("kill").args([signal, &id.to_string()]).status().await?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("kill {signal} failed")))
        }
    }

    /// Runs redis-cli with these arguments and returns its output.
    ///
    /// # Errors
    /// It is not installed, or fails.
    pub async fn cli(&self, words: &[&str]) -> io::Result<String> {
        let mut command = Command::new("redis-cli");
        let password = self
            .option("--requirepass")
            .map_or_else(Vec::new, |password| vec!["--no-auth-warning", "-a", password]);
        command
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(password)
            .args(words);
        let output = command
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(missing)?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn option(&self, name: &str) -> Option<&str> {
        let index = self.options.iter().position(|option| option == name)?;
        self.options.get(index + 1).map(String::as_str)
    }

    /// Returns its log.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn missing(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    let how =
        "redis-server is missing: run `cargo xtask test`, which installs it (Debian: `apt-get install redis-server`)";
    io::Error::new(io::ErrorKind::NotFound, how)
}
