use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::ensure;
use horizon_core::{Event, EventKind, Slug, Stamp, Timestamp, Topic};
use horizon_test_support::process::{self, Process};
use horizon_test_support::{DEADLINE, clock, http};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

/// A running `horizon-accumulator` with its own folder.
pub(crate) struct AccumulatorProcess {
    process: Process,
    log: PathBuf,
    _folder: TempDir,
}

impl AccumulatorProcess {
    /// Starts it with these settings on a free port, and waits until it accepts requests.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let process = Process::start(program(settings), &log).await.unwrap();
        Self {
            process,
            log,
            _folder: folder,
        }
    }

    /// Starts it with another standard error than a file.
    pub(crate) async fn start_with(settings: &[(&str, &str)], standard_error: impl Into<Stdio>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            process: Process::start_with(program(settings), standard_error).await.unwrap(),
            log: folder.path().join("log"),
            _folder: folder,
        }
    }

    /// Starts it with its wall clock shifted by `offset`.
    pub(crate) async fn start_with_shifted_clock(settings: &[(&str, &str)], offset: &str) -> Self {
        Self::start(&[settings, &clock::shifted_by(offset)].concat()).await
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Opens a connection to it.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.process.address()).await.unwrap()
    }

    /// Returns the status and the body of a response.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = http::get(self.process.address(), path).await.unwrap();
        (response.status.as_u16(), response.text())
    }

    /// Returns the value of a metric, or 0 if it is missing.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let (_, text) = self.get("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until `/readyz` has this status.
    pub(crate) async fn wait_for_readyz(&self, status: u16) {
        wait_until("/readyz has the expected status", async || {
            self.get("/readyz").await.0 == status
        })
        .await;
    }

    /// Waits until a line of the log contains all `parts`.
    pub(crate) async fn wait_for_line(&self, parts: &[&str]) {
        horizon_test_support::wait_for_line(|| self.log(), parts).await.unwrap();
    }

    /// Sends SIGTERM. Returns the exit status, the time to exit, and the log.
    pub(crate) async fn stop(self) -> (ExitStatus, Duration, String) {
        let started = Instant::now();
        let status = self.process.stop().await.unwrap();
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        (status, started.elapsed(), log)
    }

    /// Returns what it wrote to standard error.
    pub(crate) fn log(&self) -> String {
        process::read_log(&self.log)
    }
}

/// Runs it until it ends.
pub(crate) async fn run(settings: &[(&str, &str)]) -> Output {
    timeout(DEADLINE, program(settings).output())
        .await
        .expect("it ends in time")
        .unwrap()
}

/// Returns a command with these settings and none of this process.
pub(crate) fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = process::program_at(Path::new(env!("CARGO_BIN_EXE_horizon-accumulator"))).unwrap();
    command
        .env("HORIZON_ADDR", "127.0.0.1:0")
        .envs(settings.iter().copied());
    command
}

/// Returns the URL of a database.
pub(crate) fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// Waits until the condition is true.
pub(crate) async fn wait_until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waited = horizon_test_support::wait_until(what, async || {
        ensure!(condition().await, "it is not true");
        Ok(())
    });
    waited.await.unwrap();
}

/// Returns the page of the test events.
pub(crate) fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

/// Returns a visit without a visitor key, which is always counted.
pub(crate) fn visit(number: u64) -> Event {
    visit_at(now(), number)
}

/// Returns such a visit at another time.
pub(crate) fn visit_at(at: Timestamp, number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(at, random), page(), EventKind::visit(None))
}

pub(crate) use horizon_backend::now;
