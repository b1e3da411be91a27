use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use horizon_web_tests::process::{self, Process};
use tokio::process::Command;

use crate::defect::Defect;

/// What a [`Node`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Web,
    Accumulator,
}

impl Role {
    fn word(self) -> &'static str {
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
        let name = format!("{}-{number}", role.word());
        let mut node = Self {
            log: folder.join(format!("{name}.log")),
            name,
            role,
            defect,
            variables,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            process: None,
            lives: 0,
        };
        node.start_again().await?;
        Ok(node)
    }

    /// Starts it again after it has ended: same port, same name.
    pub(crate) async fn start_again(&mut self) -> anyhow::Result<()> {
        let mut command = self.command()?;
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("HORIZON_ADDR", self.address.to_string())
            .env("HORIZON_NODE", self.full_name())
            .env("RUST_LOG", "warn");
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

    /// The name that the others know it by at the moment.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.lives)
    }

    /// The name that it keeps.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens, whether it runs or not.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it is the product's own program.
    pub(crate) fn is_genuine(&self) -> bool {
        self.defect.is_none()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}
