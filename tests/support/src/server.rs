use std::{fs, fs::File, net::SocketAddr, os::fd::OwnedFd, path::PathBuf, process::ExitStatus};

use anyhow::Context;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    Posts,
    process::{self, Process},
};

/// How a [`Server`] is started.
#[derive(Debug, Default)]
pub struct Options {
    variables: Vec<(String, String)>,
    default_posts: bool,
    standard_error: Option<File>,
}

impl Options {
    /// Sets an environment variable of the server.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Logs there instead of into a file of its own, so that [`Server::log`] is empty.
    #[must_use]
    pub fn with_standard_error(mut self, to: impl Into<OwnedFd>) -> Self {
        self.standard_error = Some(File::from(to.into()));
        self
    }

    /// Serves the posts that ship with the blog instead of two short ones.
    #[must_use]
    pub fn with_default_posts(mut self) -> Self {
        self.default_posts = true;
        self
    }
}

/// A running `horizon-web` with a database, a secret and posts of its own.
#[derive(Debug)]
pub struct Server {
    process: Option<Process>,
    address: SocketAddr,
    options: Options,
    posts: Posts,
    folder: TempDir,
}

impl Server {
    /// Starts the server on a free port and waits until it serves.
    ///
    /// # Errors
    /// It is not built, does not start, or does not say so in time.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let mut server = Self {
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            options,
            posts: Posts::two()?,
            folder: TempDir::new().context("no temporary folder for the database")?,
        };
        server.start_again().await?;
        Ok(server)
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop): same port, same database, same posts.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = program()?;
        if !self.options.default_posts {
            command.env("HORIZON_POSTS", self.posts.path());
        }
        command
            .env("HORIZON_ADDR", self.address.to_string())
            .env("HORIZON_STORE", format!("sqlite:{}", self.database().display()))
            .envs(self.options.variables.iter().map(|(name, value)| (name, value)));
        let process = match &self.options.standard_error {
            Some(to) => Process::start_with(command, to.try_clone()?).await?,
            None => Process::start(command, &self.log_path()).await?,
        };
        self.address = process.address();
        self.process = Some(process);
        Ok(())
    }

    /// SIGKILL: it gets no chance to write anything.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("the server does not run")?;
        process.kill().await
    }

    /// SIGTERM: it is asked to end, and waited for.
    ///
    /// # Errors
    /// It does not run, or does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let process = self.process.take().context("the server does not run")?;
        process.stop().await
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a page.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The posts it serves, unless they are the default ones.
    #[must_use]
    pub fn posts(&self) -> &Posts {
        &self.posts
    }

    /// The file in which it keeps its numbers, unless another store was given.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("horizon.db")
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Its resident memory, in kilobytes (Linux).
    ///
    /// # Errors
    /// It does not run, or there is no `/proc`.
    pub fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let process = self.process.as_ref().context("the server does not run")?;
        process.resident_kilobytes()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// The server's program, in the workspace's folder and with none of our environment's settings.
///
/// # Errors
/// It is not built.
pub fn program() -> anyhow::Result<Command> {
    process::program("horizon-web", "HORIZON_WEB_BIN")
}
