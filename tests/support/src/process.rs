//! A program of the product as a process: started until it serves, asked to end, paused, killed, measured.

use std::{
    env,
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

use crate::{DEADLINE, wait_until};

/// What a program says on standard output once it serves, in front of its address.
const READY: &str = " is at http://";

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a program and waits until it serves. What it says on standard error goes to the end of `log`.
    ///
    /// # Errors
    /// It does not start, or does not say where it is in time; with what it logged.
    pub async fn start(command: Command, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let started = Self::start_with(command, output).await;
        started.with_context(|| format!("its log:\n{}", read_log(log)))
    }

    /// Starts a program with this standard error and waits until it serves.
    ///
    /// # Errors
    /// It does not start, or does not say where it is in time.
    pub async fn start_with(mut command: Command, standard_error: impl Into<Stdio>) -> anyhow::Result<Self> {
        let program = command.as_std().get_program().to_owned();
        let program = Path::new(&program).display();
        let command = command.stdout(Stdio::piped()).stderr(standard_error);
        let mut child = command
            .spawn()
            .with_context(|| format!("{program} cannot be started"))?;
        let said = timeout(DEADLINE, address_of(&mut child))
            .await
            .context("it did not say where it is in time")
            .flatten();
        let address = said.with_context(|| format!("{program} did not start"))?;
        Ok(Self { child, address })
    }

    /// Starts a program that does not say where it is, and waits until somebody listens at `address`. What it says goes to
    /// the end of `log`.
    ///
    /// # Errors
    /// It does not start, or does not listen in time; with what it logged.
    pub async fn start_at(mut command: Command, address: SocketAddr, log: &Path) -> anyhow::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let child = command.stdout(output.try_clone()?).stderr(output).spawn();
        let child = child.context("the program cannot be started")?;
        let listens = wait_until("it listens", async || Ok(TcpStream::connect(address).await?)).await;
        listens.with_context(|| format!("its log:\n{}", read_log(log)))?;
        Ok(Self { child, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL: it gets no chance to write anything.
    ///
    /// # Errors
    /// The system's.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the process cannot be killed")
    }

    /// SIGTERM: it is asked to end, and waited for.
    ///
    /// # Errors
    /// It has ended already, or does not end in time.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.signal("-TERM").await?;
        Ok(timeout(DEADLINE, self.child.wait())
            .await
            .context("SIGTERM does not end the process")??)
    }

    /// SIGSTOP: it keeps what it has and does nothing.
    ///
    /// # Errors
    /// It has ended.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    /// SIGCONT: it goes on as if nothing had been.
    ///
    /// # Errors
    /// It has ended.
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

    /// Its resident memory, in kilobytes (Linux).
    ///
    /// # Errors
    /// It has ended, or there is no `/proc`.
    pub fn resident_kilobytes(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Returns whether it has ended.
    ///
    /// # Errors
    /// The system's.
    pub fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Its number in the system.
    ///
    /// # Errors
    /// It has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}

/// Returns what a program logged, or nothing if its log is no file: reading a pipe would wait for the program.
#[must_use]
pub fn read_log(log: &Path) -> String {
    let bytes = if log.is_file() {
        fs::read(log).unwrap_or_default()
    } else {
        Vec::new()
    };
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One of the product's programs, in the workspace's folder and with none of our environment's settings.
///
/// It is the file that `variable` names, or lies beside this program.
///
/// # Errors
/// It is not built.
pub fn program(name: &str, variable: &str) -> anyhow::Result<Command> {
    let given = env::var_os(variable).map(PathBuf::from);
    program_at(&given.map_or_else(|| beside_this_program(name), Ok)?)
}

/// The program in this file, in the workspace's folder and with none of our environment's settings.
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
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HORIZON_")) {
        if name != "HORIZON_SITE" {
            command.env_remove(name);
        }
    }
    command.current_dir(root).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Where a program lies that was built with this one: in `target/debug` also for a test, which lies in `target/debug/deps`.
///
/// # Errors
/// This program has no path.
pub fn beside_this_program(name: &str) -> anyhow::Result<PathBuf> {
    let this = env::current_exe().context("this program has no path")?;
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
            return address
                .trim_end_matches('/')
                .parse()
                .with_context(|| format!("`{line}` names no address"));
        }
    }
    bail!("it ended without saying where it is")
}
