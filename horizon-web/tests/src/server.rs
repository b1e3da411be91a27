use std::{
    env,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{DEADLINE, Posts};

/// What the server says on standard output once it serves.
const READY: &str = "EventHorizon is at http://";

/// How a [`Server`] is started.
#[derive(Debug, Default)]
pub struct Options {
    variables: Vec<(String, String)>,
    default_posts: bool,
}

impl Options {
    /// Sets an environment variable of the server.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
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
    child: Option<Child>,
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
            child: None,
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
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut command = program()?;
        if !self.options.default_posts {
            command.env("HORIZON_POSTS", self.posts.path());
        }
        command
            .env("HORIZON_ADDR", self.address.to_string())
            .env(
                "HORIZON_STORE",
                format!("sqlite:{}", self.folder.path().join("horizon.db").display()),
            )
            .envs(self.options.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().context("horizon-web does not start")?;
        let said = timeout(DEADLINE, address_of(&mut child))
            .await
            .context("it did not say where it is in time")
            .flatten();
        self.address = said.with_context(|| format!("horizon-web did not start; its log:\n{}", self.log()))?;
        self.child = Some(child);
        Ok(())
    }

    /// SIGKILL: it gets no chance to write anything.
    ///
    /// # Errors
    /// It does not run.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        child.kill().await.context("the server cannot be killed")
    }

    /// SIGTERM: it is asked to end, and waited for.
    ///
    /// # Errors
    /// It does not run, or does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = self.child.take().context("the server does not run")?;
        let id = child.id().context("the server has ended")?.to_string();
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .context("`kill` does not start")?;
        Ok(timeout(DEADLINE, child.wait())
            .await
            .context("SIGTERM does not end the server")??)
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
        let id = self
            .child
            .as_ref()
            .and_then(Child::id)
            .context("the server does not run")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("the package lies in the workspace")?;
    let built = built_beside_this_test().map(|folder| folder.join("horizon-web"));
    let binary = env::var_os("HORIZON_WEB_BIN")
        .map(PathBuf::from)
        .or(built)
        .context("this test has no path")?;
    if !binary.is_file() {
        bail!(
            "{} is missing: run `cargo xtask test`, which builds the server first",
            binary.display()
        );
    }
    let mut command = Command::new(binary);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HORIZON_")) {
        if name != "HORIZON_SITE" {
            command.env_remove(name);
        }
    }
    command.current_dir(root).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// `target/debug` for a test in `target/debug/deps`.
fn built_beside_this_test() -> Option<PathBuf> {
    let test = env::current_exe().ok()?;
    Some(test.parent()?.parent()?.to_owned())
}

async fn address_of(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let output = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix(READY) {
            return address
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("`{line}` names no address"));
        }
    }
    bail!("it ended without saying where it is")
}
