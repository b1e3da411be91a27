use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use horizon_test_support::process::{self, Process};
use tokio::process::Command;

use crate::{alarms::MutantProxy, mutant::FaultMutant};

/// The role of a [`NodeProcess`].
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

/// A process of the cluster: a program of the product, or a mutant of it.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    name: String,
    role: Role,
    /// The defect of the program, if it is a mutant.
    mutant: Option<FaultMutant>,
    variables: Vec<(&'static str, String)>,
    address: SocketAddr,
    process: Option<Process>,
    /// The proxy that clients connect to, if there is one.
    proxy: Option<MutantProxy>,
    log: PathBuf,
    /// How often it was started with a new name.
    renames: u32,
}

impl NodeProcess {
    /// Starts a process on a free port, with a log in `folder`.
    pub(crate) async fn start(
        role: Role,
        number: usize,
        mutant: Option<FaultMutant>,
        variables: Vec<(&'static str, String)>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{}-{number}.log", role.word()));
        Self::start_with_log(role, number, mutant, variables, log).await
    }

    /// Starts a process on a free port. `log` may be a pipe or a device.
    pub(crate) async fn start_with_log(
        role: Role,
        number: usize,
        mutant: Option<FaultMutant>,
        variables: Vec<(&'static str, String)>,
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let mut node = Self {
            log,
            name: format!("{}-{number}", role.word()),
            role,
            mutant,
            variables,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            process: None,
            proxy: None,
            renames: 0,
        };
        node.start_again().await?;
        Ok(node)
    }

    /// Restarts the process with the same port and name.
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

    /// Restarts the process with the same port and a new name, as if on a new machine.
    pub(crate) async fn start_with_new_name(&mut self) -> anyhow::Result<()> {
        self.renames += 1;
        self.start_again().await
    }

    fn command(&self) -> anyhow::Result<Command> {
        let Some(mutant) = self.mutant else {
            return self.role.program();
        };
        let mut command = process::program("horizon-faults", "HORIZON_FAULTS_BIN")?;
        command.args([self.role.word(), "--mutant", &mutant.name()]);
        Ok(command)
    }

    /// Sends SIGKILL.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the process is not running")?.kill().await
    }

    /// Sends SIGTERM and waits for the end of the process.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.process
            .take()
            .context("the process is not running")?
            .stop()
            .await
            .map(drop)
    }

    /// Returns the running process.
    pub(crate) fn process(&self) -> anyhow::Result<&Process> {
        self.process
            .as_ref()
            .with_context(|| format!("{} is not running", self.name))
    }

    /// Returns whether the process has ended by itself.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        let name = &self.name;
        let process = self.process.as_mut();
        process.with_context(|| format!("{name} is not running"))?.has_ended()
    }

    /// Returns the node name in the registry.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.renames)
    }

    /// Returns the name that stays the same after each restart.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address for clients.
    pub(crate) fn address(&self) -> SocketAddr {
        self.proxy.as_ref().map_or(self.address, MutantProxy::address)
    }

    /// Starts a proxy with this mutant, which [`address`](Self::address) returns from then on.
    pub(crate) async fn start_proxy(&mut self, mutant: FaultMutant) -> anyhow::Result<()> {
        self.proxy = Some(MutantProxy::start(self.address, mutant).await?);
        Ok(())
    }

    /// Returns whether it is an unmodified program.
    pub(crate) fn is_unmodified(&self) -> bool {
        self.mutant.is_none()
    }

    /// Returns the log, or an empty text if it is not a regular file.
    pub(crate) fn log(&self) -> String {
        process::read_log(&self.log)
    }
}
