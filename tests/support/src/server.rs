use std::{
    fs,
    fs::File,
    net::SocketAddr,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use anyhow::Context;
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    Posts,
    process::{self, Process},
};

/// Settings of a [`WebServer`].
#[derive(Debug, Default)]
pub struct ServerOptions {
    variables: Vec<(String, String)>,
    default_posts: bool,
    posts: Option<Posts>,
    database: Option<PathBuf>,
    standard_error: Option<File>,
}

impl ServerOptions {
    /// Sets an environment variable of the server.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets another standard error than a file; [`WebServer::log`] is empty then.
    #[must_use]
    pub fn with_standard_error(mut self, to: impl Into<OwnedFd>) -> Self {
        self.standard_error = Some(File::from(to.into()));
        self
    }

    /// Starts with a copy of this database.
    #[must_use]
    pub fn with_database(mut self, path: &Path) -> Self {
        self.database = Some(path.to_owned());
        self
    }

    /// Serves these posts instead of two short ones.
    #[must_use]
    pub fn with_posts(mut self, posts: Posts) -> Self {
        self.posts = Some(posts);
        self
    }

    /// Serves the posts in the repository instead of two short ones.
    #[must_use]
    pub fn with_default_posts(mut self) -> Self {
        self.default_posts = true;
        self
    }
}

/// A running `horizon-web` with its own database, secret and posts.
#[derive(Debug)]
pub struct WebServer {
    process: Option<Process>,
    address: SocketAddr,
    options: ServerOptions,
    posts: Posts,
    folder: TempDir,
}

impl WebServer {
    /// Starts the server on a free port and waits until it accepts requests.
    ///
    /// # Errors
    /// The program is not built, or does not start in time.
    pub async fn start(mut options: ServerOptions) -> anyhow::Result<Self> {
        let posts = options.posts.take().map_or_else(Posts::two, Ok)?;
        let mut server = Self {
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            options,
            posts,
            folder: TempDir::new().context("no temporary folder for the database")?,
        };
        if let Some(database) = &server.options.database {
            fs::copy(database, server.database()).with_context(|| format!("{}", database.display()))?;
        }
        server.start_again().await?;
        Ok(server)
    }

    /// Restarts the server after [`kill`](Self::kill) or [`stop`](Self::stop), with the same port, database and posts.
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
            .env("HORIZON_CACHE", self.cache())
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

    /// Sends SIGKILL.
    ///
    /// # Errors
    /// The server is not running.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("the server is not running")?;
        process.kill().await
    }

    /// Sends SIGTERM and waits for the end of the process.
    ///
    /// # Errors
    /// The server is not running, or does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let process = self.process.take().context("the server is not running")?;
        process.stop().await
    }

    /// Returns the address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the posts it serves, unless the options select the default posts.
    #[must_use]
    pub fn posts(&self) -> &Posts {
        &self.posts
    }

    /// Returns the path of its database, unless the options select another store.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("horizon.db")
    }

    /// Returns the folder in which it keeps variants of pictures, unless the options select another one.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Returns what it wrote to standard error.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Returns the process id.
    ///
    /// # Errors
    /// The server is not running.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.process.as_ref().context("the server is not running")?.id()
    }

    /// Returns its resident memory in kilobytes (Linux).
    ///
    /// # Errors
    /// The server is not running, or there is no `/proc`.
    pub fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let process = self.process.as_ref().context("the server is not running")?;
        process.resident_kilobytes()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// Returns a command that runs `horizon-web`; see [`process::program`].
///
/// # Errors
/// The program is not built.
pub fn program() -> anyhow::Result<Command> {
    process::program("horizon-web", "HORIZON_WEB_BIN")
}
