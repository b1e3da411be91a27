//! Starts programs and waits until they accept connections; stops, pauses, kills and measures them.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

use crate::{DEADLINE, clock::MISSING_LIBRARY, wait_until};

/// What a program writes to standard output when it accepts connections, in front of its address.
const READY: &str = " is at http";

/// A running program. Dropping it kills the process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a program and waits until it accepts connections. Appends its standard error to `log`.
    ///
    /// # Errors
    /// The program does not start, or does not report its address in time. The error contains the log.
    pub async fn start(command: Command, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let started = Self::start_with(command, output).await;
        let started = started.with_context(|| format!("its log:\n{}", read_log(log)))?;
        ensure!(
            !read_log(log).contains(MISSING_LIBRARY),
            "libfaketime is missing: run `cargo xtask test`, which installs it (Debian: `apt-get install faketime`)"
        );
        Ok(started)
    }

    /// Starts a program with this standard error and waits until it accepts connections.
    ///
    /// # Errors
    /// The program does not start, or does not report its address in time.
    pub async fn start_with(mut command: Command, standard_error: impl Into<Stdio>) -> anyhow::Result<Self> {
        let program = command.as_std().get_program().to_owned();
        let program = Path::new(&program).display();
        let command = command.stdout(Stdio::piped()).stderr(standard_error);
        let mut child = command
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let address = timeout(DEADLINE, address_of(&mut child))
            .await
            .context("it did not report its address in time")
            .flatten();
        let address = address.with_context(|| format!("{program} did not start"))?;
        Ok(Self { child, address })
    }

    /// Starts a program that does not report its address, and waits until `address` accepts connections. Appends its
    /// output to `log`.
    ///
    /// # Errors
    /// The program does not start, ends, or does not listen in time. The error contains the log.
    pub async fn start_at(mut command: Command, address: SocketAddr, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let child = command.stdout(output.try_clone()?).stderr(output).spawn();
        let mut child = child.context("the program cannot be started")?;
        let connected = tokio::select! {
            status = child.wait() => Err(anyhow::anyhow!("it ended with {}", status?)),
            connected = wait_until("it listens", async || Ok(TcpStream::connect(address).await?)) => connected,
        };
        connected.with_context(|| format!("its log:\n{}", read_log(log)))?;
        Ok(Self { child, address })
    }

    /// Returns the address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends SIGKILL.
    ///
    /// # Errors
    /// The signal cannot be sent.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the process cannot be killed")
    }

    /// Sends SIGTERM and waits for the end of the process.
    ///
    /// # Errors
    /// The process has ended already, or does not end in time.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.signal("-TERM").await?;
        Ok(timeout(DEADLINE, self.child.wait())
            .await
            .context("SIGTERM does not end the process")??)
    }

    /// Sends SIGSTOP.
    ///
    /// # Errors
    /// The process has ended.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    /// Sends SIGCONT.
    ///
    /// # Errors
    /// The process has ended.
    pub async fn resume(&self) -> anyhow::Result<()> {
        self.signal("-CONT").await
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let id = self.id()?.to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await;
        let sent = sent.context("`kill` does not start")?;
        ensure!(sent.success(), "`kill {signal} {id}` failed");
        Ok(())
    }

    /// Returns its resident memory in kilobytes (Linux).
    ///
    /// # Errors
    /// The process has ended, or there is no `/proc`.
    pub fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Returns whether the process has ended.
    ///
    /// # Errors
    /// The status cannot be read.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Returns the process id.
    ///
    /// # Errors
    /// The process has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}

/// Returns a log, or an empty text if it is not a regular file: reading a pipe would block.
#[must_use]
pub fn read_log(log: &Path) -> String {
    let bytes = if log.is_file() {
        fs::read(log).unwrap_or_default()
    } else {
        Vec::new()
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns a command for a program of the workspace; see [`program_at`].
///
/// Its path is the value of the environment variable `variable`, or [`sibling_program`].
///
/// # Errors
/// The program is not built.
pub fn program(name: &str, variable: &str) -> anyhow::Result<Command> {
    let given = env::var_os(variable).map(PathBuf::from);
    program_at(&given.map_or_else(|| sibling_program(name), Ok)?)
}

/// Returns a command that runs `binary` in the root of the workspace, without the settings of this process.
///
/// # Errors
/// The file does not exist.
pub fn program_at(binary: &Path) -> anyhow::Result<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .context("the package lies in the workspace")?;
    if !binary.is_file() {
        bail!(
            "{} is missing: run `cargo xtask test`, which builds it first",
            binary.display()
        );
    }
    let mut command = Command::new(binary);
    let is_setting = |name: &OsString| name.to_string_lossy().starts_with("HORIZON_") || name == "RUST_LOG";
    for (name, _) in env::vars_os().filter(|(name, _)| is_setting(name) && name != "HORIZON_SITE") {
        command.env_remove(name);
    }
    // Tests like pages as many readers from one address.
    command.env("HORIZON_NETWORK_LIKES_WITHOUT_VISIT", "1000000");
    command.current_dir(root).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Returns the path of a program that was built together with this one. Tests are in the subfolder `deps`.
///
/// # Errors
/// The path of this program is unknown.
pub fn sibling_program(name: &str) -> anyhow::Result<PathBuf> {
    let this = env::current_exe().context("the path of this program is unknown")?;
    let folder = this.parent().context("this program lies in a folder")?;
    let folder = if folder.ends_with("deps") {
        folder.parent().context("`deps` lies in a folder")?
    } else {
        folder
    };
    Ok(folder.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

async fn address_of(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let output = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some((_, address)) = line.split_once(READY) {
            let address = address.split_once("://").map_or(address, |(_, address)| address);
            return address
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("`{line}` does not contain an address"));
        }
    }
    bail!("it ended without reporting its address")
}
