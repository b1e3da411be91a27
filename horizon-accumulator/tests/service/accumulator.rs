use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use horizon_core::{Event, EventKind, Slug, Stamp, Timestamp, Topic};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// How long a test waits on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How often a condition is checked.
const POLL: Duration = Duration::from_millis(50);

/// The line on standard output once the accumulator serves.
const READY: &str = "The accumulator is at http://";

/// The library of libfaketime on Debian. The dynamic loader replaces `$LIB`.
const FAKETIME_LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// A running `horizon-accumulator` with its own folder.
pub(crate) struct Accumulator {
    child: Child,
    address: String,
    log: PathBuf,
    _folder: TempDir,
}

impl Accumulator {
    /// Starts it with these settings on a free port, and waits until it serves.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = File::create(folder.path().join("log")).unwrap();
        Self::start_in(folder, settings, output).await
    }

    /// The same with this standard error.
    pub(crate) async fn start_with(settings: &[(&str, &str)], standard_error: impl Into<Stdio>) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings, standard_error).await
    }

    async fn start_in(folder: TempDir, settings: &[(&str, &str)], standard_error: impl Into<Stdio>) -> Self {
        let log = folder.path().join("log");
        let mut child = program(settings)
            .stdout(Stdio::piped())
            .stderr(standard_error)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap();
        let address = line.as_deref().and_then(|line| line.strip_prefix(READY));
        assert!(
            address.is_some(),
            "it did not start:\n{}",
            fs::read_to_string(&log).unwrap_or_default()
        );
        Self {
            child,
            address: address.unwrap().to_owned(),
            log,
            _folder: folder,
        }
    }

    /// Returns the process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// The same with its system clock off by `FAKETIME`, such as `+2h`. Its monotonic clock is right.
    pub(crate) async fn start_in_fake_time(settings: &[(&str, &str)]) -> Self {
        let fake = [("LD_PRELOAD", FAKETIME_LIBRARY), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        let started = Self::start(&[settings, &fake].concat()).await;
        let log = started.log();
        assert!(
            !log.contains("cannot be preloaded"),
            "libfaketime is missing: run `cargo xtask test`, which installs it (Debian: `apt-get install faketime`)"
        );
        started
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Returns the status and the body.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(DEADLINE, stream.read_to_string(&mut answer))
            .await
            .unwrap()
            .unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).expect("a status");
        (status.parse().unwrap(), body.to_owned())
    }

    /// Returns the value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let (_, text) = self.get("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }

    /// Waits until `/readyz` returns this status.
    pub(crate) async fn wait_for_readyz(&self, status: u16) {
        wait_until("/readyz returns the status", async || {
            self.get("/readyz").await.0 == status
        })
        .await;
    }

    /// Sends a signal.
    pub(crate) async fn signal(&self, signal: &str) {
        let id = self.pid().to_string();
        Command::new("kill").args([signal, &id]).status().await.unwrap();
    }

    /// Sends SIGTERM. Returns the exit status, how long the shutdown took, and the log.
    pub(crate) async fn stop(mut self) -> (ExitStatus, Duration, String) {
        let asked = Instant::now();
        self.signal("-TERM").await;
        let status = timeout(DEADLINE, self.child.wait()).await.expect("it ends").unwrap();
        (status, asked.elapsed(), self.log())
    }

    /// Returns its standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Runs the program to its end.
pub(crate) async fn run(settings: &[(&str, &str)]) -> Output {
    timeout(DEADLINE, program(settings).output())
        .await
        .expect("it ends")
        .unwrap()
}

/// Returns the program with these settings instead of those of the environment.
pub(crate) fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_horizon-accumulator"));
    for name in [
        "HORIZON_BUS",
        "HORIZON_PIPE",
        "HORIZON_STORE",
        "HORIZON_NODE",
        "HORIZON_REDIS_MAY_LOSE_DATA",
        "RUST_LOG",
    ] {
        command.env_remove(name);
    }
    command
        .env("HORIZON_ADDR", "127.0.0.1:0")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Returns the URL of a database.
pub(crate) fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// Polls until `probe` returns true.
pub(crate) async fn wait_until(what: &str, mut probe: impl AsyncFnMut() -> bool) {
    let give_up = Instant::now() + DEADLINE;
    while !probe().await {
        assert!(Instant::now() < give_up, "waited {DEADLINE:?} until {what}");
        sleep(POLL).await;
    }
}

/// Returns the page of all events.
pub(crate) fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

/// Returns a visit without a visitor key, so that each counts.
pub(crate) fn visit(number: u64) -> Event {
    visit_at(now(), number)
}

/// The same at this time.
pub(crate) fn visit_at(at: Timestamp, number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(at, random), page(), EventKind::Visit { visitor: None })
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}
