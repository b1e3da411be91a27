//! A redis-server of a test's own (feature `testing`).

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, io};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// How long the server may take to start, also when it has a large log to read.
const START_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before asking again whether it is there.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// A running redis-server on a free port, with its files in a folder that goes with it.
///
/// It writes an append-only file. With `--appendfsync always` what it answered is there again after a kill; without,
/// it may answer while a write still waits for the disk.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_redis::{RedisConfig, RedisStats, testing::RedisServer};
///
/// let mut server = RedisServer::start(&["--appendfsync", "always"]).await?;
/// let store = RedisStats::connect(&RedisConfig::new(&server.url())?)?;
/// store.check_writable().await?;
/// server.kill().await?;
/// server.start_again().await?; // with what it had
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
    /// Starts it and waits until it answers. `options` go to the command line, as `--maxmemory 10mb`.
    ///
    /// # Errors
    /// It is not installed, or does not answer in time; the error says how to get it, or what it wrote.
    pub async fn start(options: &[&str]) -> io::Result<Self> {
        // Another process may take the port before the server does; the server says so, and the next one is tried.
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
            "no free port was free for long enough",
        ))
    }

    /// Starts it again after [`kill`](Self::kill): same port, same files.
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
        self.wait_until_it_answers().await
    }

    async fn wait_until_it_answers(&mut self) -> io::Result<()> {
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
            if start.elapsed() > START_WAIT {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("redis-server does not answer:\n{}", self.log()),
                ));
            }
            sleep(ASK_EVERY).await;
        }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process' number, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// SIGKILL: it gets no chance to write anything.
    ///
    /// # Errors
    /// The system's.
    pub async fn kill(&mut self) -> io::Result<()> {
        match self.child.take() {
            Some(mut child) => child.kill().await,
            None => Ok(()),
        }
    }

    /// SIGSTOP: it keeps its connections and answers nothing.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = horizon_redis::testing::RedisServer::start(&[]).await?;
    /// server.pause().await?; // calls hang now, as behind a dead link
    /// server.resume().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The system's.
    pub async fn pause(&self) -> io::Result<()> {
        self.signal("-STOP").await
    }

    /// SIGCONT: it goes on.
    ///
    /// # Errors
    /// The system's.
    pub async fn resume(&self) -> io::Result<()> {
        self.signal("-CONT").await
    }

    async fn signal(&self, signal: &str) -> io::Result<()> {
        let id = self.id().ok_or_else(|| io::Error::other("redis-server does not run"))?;
        let status = Command::new("kill").args([signal, &id.to_string()]).status().await?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("kill {signal} failed")))
        }
    }

    /// What redis-cli says to these words.
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
        let place = self.options.iter().position(|option| option == name)?;
        self.options.get(place + 1).map(String::as_str)
    }

    /// What it wrote to its log.
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
