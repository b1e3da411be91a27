//! A process of the blog's server.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use horizon_benches::cpu_seconds_of;
use horizon_test_support::process::program;
use tempfile::TempDir;

/// How long a server must use no CPU time before it counts as idle.
const IDLE: Duration = Duration::from_secs(3);

/// CPU time within [`IDLE`] that periodic tasks may use, in seconds.
const IDLE_CPU_SECONDS: f64 = 0.02;

/// The delay between two attempts to connect: 0.2 ms.
const RETRY: Duration = Duration::from_micros(200);

/// The longest wait for a response or for idleness.
const DEADLINE: Duration = Duration::from_secs(120);

/// A running server with a database of its own.
pub(crate) struct ContentServer {
    process: Child,
    address: SocketAddr,
    started: Instant,
    _folder: TempDir,
}

/// The memory of a process, in kB.
pub(crate) struct ProcessMemory {
    pub(crate) rss: u64,
    pub(crate) pss: u64,
    pub(crate) highest_rss: u64,
}

impl ContentServer {
    /// Starts the process. It may not accept connections yet.
    pub(crate) fn start(posts: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let store = format!("sqlite:{}", folder.path().join("horizon.db").display());
        let mut command = program("horizon-web", "HORIZON_WEB_BIN").unwrap().into_std();
        command
            .env("HORIZON_ADDR", address.to_string())
            .env("HORIZON_POSTS", posts)
            .env("HORIZON_STORE", store)
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap());
        let started = Instant::now();
        Self {
            process: command.spawn().unwrap(),
            address,
            started,
            _folder: folder,
        }
    }

    /// Returns the time since the start.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns a complete response, once the server accepts connections.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => break stream,
                Err(error) => assert!(self.age() < DEADLINE, "the server does not listen: {error}"),
            }
            sleep(RETRY);
        };
        let response = exchange(&mut stream, path).unwrap();
        assert!(response.starts_with("HTTP/1.1 200"), "{path}: {response:.100}");
        let (_, body) = response.split_once("\r\n\r\n").unwrap();
        body.to_owned()
    }

    /// Waits until the server is idle and returns how long it was busy.
    pub(crate) fn settle(&self) -> Duration {
        let start = Instant::now();
        let mut before = self.cpu_seconds();
        loop {
            sleep(IDLE);
            let now = self.cpu_seconds();
            if now - before <= IDLE_CPU_SECONDS {
                return start.elapsed() - IDLE;
            }
            assert!(start.elapsed() < DEADLINE, "the server does not become idle");
            before = now;
        }
    }

    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds_of(self.process.id()).unwrap()
    }

    pub(crate) fn memory(&self) -> ProcessMemory {
        let id = self.process.id();
        let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        ProcessMemory {
            rss: field(&rollup, "Rss:"),
            pss: field(&rollup, "Pss:"),
            highest_rss: field(&status, "VmHWM:"),
        }
    }
}

impl Drop for ContentServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the value of a line such as `Rss:   1234 kB`.
fn field(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    value.trim().trim_end_matches(" kB").parse().unwrap()
}

fn exchange(stream: &mut TcpStream, path: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(DEADLINE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    Ok(String::from_utf8_lossy(&response).into_owned())
}
