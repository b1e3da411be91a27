//! The blog's server with memory bus and SQLite store, otherwise with default settings.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, bail};
use horizon_bench_peers::CpuPlacement;
use horizon_test_support::{
    http,
    process::{Process, program, program_at},
};
use horizon_viewers::process::usage;
use tempfile::TempDir;
use tokio::{process::Command, time::sleep};

/// How long a new server has to be idle.
const IDLE: Duration = Duration::from_millis(500);

/// How often idleness is checked: for a minute.
const TRIES: usize = 120;

/// A post of the repository.
pub(crate) const SLUG: &str = "one-frame-for-ten-thousand-readers";

/// A running server with its own database.
#[derive(Debug)]
pub(crate) struct Blog {
    process: Process,
    _folder: TempDir,
}

impl Blog {
    /// Starts the server with the posts of the repository or with these, and waits until it serves.
    pub(crate) async fn start(place: CpuPlacement, posts: Option<&Path>) -> anyhow::Result<Self> {
        Self::run(program("horizon-web", "HORIZON_WEB_BIN")?, place, posts).await
    }

    /// Starts another build of the server with the posts of the repository.
    pub(crate) async fn start_build(binary: &Path, place: CpuPlacement) -> anyhow::Result<Self> {
        Self::run(program_at(binary)?, place, None).await
    }

    async fn run(mut command: Command, place: CpuPlacement, posts: Option<&Path>) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("no temporary folder for the database")?;
        let store = format!("sqlite:{}", folder.path().join("horizon.db").display());
        command
            .env("HORIZON_ADDR", "127.0.0.1:0")
            .env("HORIZON_STORE", store)
            // The load generator sends `X-Forwarded-For`, like a proxy.
            .env("HORIZON_TRUSTED_PROXIES", "127.0.0.0/8");
        if let Some(posts) = posts {
            command.env("HORIZON_POSTS", posts);
        }
        let process = Process::start(place.apply(&command), &folder.path().join("log")).await?;
        Ok(Self {
            process,
            _folder: folder,
        })
    }

    /// Waits until the server is idle. After its start it highlights the code of its posts, and that memory is not the
    /// viewers'.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        let id = [i32::try_from(self.id()?)?];
        let mut before = None;
        for _ in 0..TRIES {
            let now = usage(&id)?.map(|usage| usage.cpu_seconds);
            if before == Some(now) {
                return Ok(());
            }
            before = Some(now);
            sleep(IDLE).await;
        }
        bail!("horizon-web is still busy a minute after its start")
    }

    /// Returns the address it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// Returns the process id.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.process.id()
    }

    /// Reads a page and checks its status.
    pub(crate) async fn page(&self, path: &str) -> anyhow::Result<http::Response> {
        let answer = http::get(self.address(), path).await?;
        anyhow::ensure!(answer.status.is_success(), "{path} returns {}", answer.status);
        Ok(answer)
    }
}
