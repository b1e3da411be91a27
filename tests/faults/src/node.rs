use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use horizon_test_support::process::{self, Process};
use tokio::process::Command;

use crate::{alarms::Front, defect::Defect};

/// What a [`Node`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Web,
    Accumulator,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Accumulator => "accumulator",
        }
    }

    fn program(self) -> anyhow::Result<Command> {
        match self {
            Self::Web => process::program("horizon-web", "HORIZON_WEB_BIN"),
            Self::Accumulator => process::program("horizon-accumulator", "HORIZON_ACCUMULATOR_BIN"),
        }
    }
}

/// One process of the stage: a program of the product, or the stand-in for it.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    role: Role,
    /// What is wrong with the stand-in, if there is one.
    defect: Option<Defect>,
    variables: Vec<(&'static str, String)>,
    address: SocketAddr,
    process: Option<Process>,
    /// What clients reach in place of the process, if something stands before it.
    front: Option<Front>,
    log: PathBuf,
    /// How many names it has had.
    lives: u32,
}

impl Node {
    /// Starts it on a free port; its log lies in `folder`.
    pub(crate) async fn start(
        role: Role,
        number: usize,
        defect: Option<Defect>,
        variables: Vec<(&'static str, String)>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{}-{number}.log", role.word()));
        Self::start_with_log(role, number, defect, variables, log).await
    }

    /// Starts it on a free port; its log goes to `log`, which may be a pipe or a device.
    pub(crate) async fn start_with_log(
        role: Role,
        number: usize,
        defect: Option<Defect>,
        variables: Vec<(&'static str, String)>,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut node = Self {
            log,
            name: format!("{}-{number}", role.word()),
            role,
            defect,
            variables,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            process: None,
            front: None,
            lives: 0,
        };
        node.start_again().await?;
        Ok(node)
    }

    /// Starts it again after it has ended: same port, same name.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = self.command()?;
        command
            .env("HORIZON_ADDR", self.address.to_string())
            .env("HORIZON_NODE", self.full_name())
            .env("RUST_LOG", "warn")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        let process = Process::start(command, &self.log).await?;
        self.address = process.address();
        self.process = Some(process);
        Ok(())
    }

    /// Starts it again under a name that it never had, as a machine that replaces a dead one would.
    pub(crate) async fn start_anew(&mut self) -> anyhow::Result<()> {
        self.lives += 1;
        self.start_again().await
    }

    fn command(&self) -> anyhow::Result<Command> {
        let Some(defect) = self.defect else {
            return self.role.program();
        };
        let mut command = process::program("horizon-faults", "HORIZON_FAULTS_BIN")?;
        command.args([self.role.word(), "--defect", &defect.name()]);
        Ok(command)
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the node does not run")?.kill().await
    }

    /// SIGTERM, and waits for the end.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.process
            .take()
            .context("the node does not run")?
            .stop()
            .await
            .map(drop)
    }

    /// The process that runs.
    pub(crate) fn process(&self) -> anyhow::Result<&Process> {
        self.process
            .as_ref()
            .with_context(|| format!("{} does not run", self.name))
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        let name = &self.name;
        let process = self.process.as_mut();
        process.with_context(|| format!("{name} does not run"))?.has_ended()
    }

    /// The name that the others know it by at the moment.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.lives)
    }

    /// The name that it keeps.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where clients reach it, whether it runs or not.
    pub(crate) fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.address, Front::address)
    }

    /// Puts a front with this defect before the process. Clients that ask for [`address`](Self::address) talk to it.
    pub(crate) async fn put_behind(&mut self, defect: Defect) -> anyhow::Result<()> {
        self.front = Some(Front::start(self.address, defect).await?);
        Ok(())
    }

    /// Whether it is the product's own program.
    pub(crate) fn is_genuine(&self) -> bool {
        self.defect.is_none()
    }

    /// What it logged, if the log is a file.
    pub(crate) fn log(&self) -> String {
        process::read_log(&self.log)
    }
}
