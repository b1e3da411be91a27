use std::path::PathBuf;

use anyhow::Context;
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;

use crate::{
    Posts,
    process::{Process, program},
};

/// A Redis server, and the web nodes and accumulators that a test connects to it.
#[derive(Debug)]
pub struct TestCluster {
    /// The Redis server.
    pub redis: RedisServer,
    posts: Posts,
    folder: TempDir,
}

impl TestCluster {
    /// Starts Redis.
    ///
    /// # Errors
    /// Redis is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Ok(Self {
            redis: RedisServer::start(&[]).await?,
            posts: Posts::two()?,
            folder: TempDir::new().context("no temporary folder for logs")?,
        })
    }

    /// Starts a `horizon-web` with this node name.
    ///
    /// # Errors
    /// The program is not built or does not start.
    pub async fn web(&self, name: &str, variables: &[(&str, &str)]) -> anyhow::Result<Process> {
        self.run("horizon-web", "HORIZON_WEB_BIN", name, variables).await
    }

    /// Starts a `horizon-accumulator` with this node name.
    ///
    /// # Errors
    /// The program is not built or does not start.
    pub async fn accumulator(&self, name: &str) -> anyhow::Result<Process> {
        self.accumulator_with(name, &[]).await
    }

    /// Starts a `horizon-accumulator` with this node name and these variables.
    ///
    /// # Errors
    /// The program is not built or does not start.
    pub async fn accumulator_with(&self, name: &str, variables: &[(&str, &str)]) -> anyhow::Result<Process> {
        self.run("horizon-accumulator", "HORIZON_ACCUMULATOR_BIN", name, variables)
            .await
    }

    async fn run(
        &self,
        binary: &str,
        variable: &str,
        name: &str,
        variables: &[(&str, &str)],
    ) -> anyhow::Result<Process> {
        let mut command = program(binary, variable)?;
        command
            .env("HORIZON_BUS", self.redis.url())
            .env("HORIZON_POSTS", self.posts.path())
            .env("HORIZON_ADDR", "127.0.0.1:0")
            .env("HORIZON_NODE", name)
            .envs(variables.iter().copied());
        Process::start(command, &self.log(name)).await
    }

    /// Returns what the process with this name wrote to standard error.
    #[must_use]
    pub fn log_of(&self, name: &str) -> String {
        std::fs::read_to_string(self.log(name)).unwrap_or_default()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
