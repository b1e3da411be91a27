use std::path::PathBuf;

use anyhow::Context;
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;

use crate::{
    Posts,
    process::{Process, program},
};

/// A site of many processes: a redis-server, and as many nodes and accumulators as a test starts, each with
/// the address of Redis and nothing else.
#[derive(Debug)]
pub struct Nodes {
    /// Their Redis.
    pub redis: RedisServer,
    posts: Posts,
    folder: TempDir,
}

impl Nodes {
    /// Starts Redis.
    ///
    /// # Errors
    /// It is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Ok(Self {
            redis: RedisServer::start(&[]).await?,
            posts: Posts::two()?,
            folder: TempDir::new().context("no temporary folder for logs")?,
        })
    }

    /// Starts a `horizon-web` with this name.
    ///
    /// # Errors
    /// It is not built or does not start.
    pub async fn web(&self, name: &str, variables: &[(&str, &str)]) -> anyhow::Result<Process> {
        self.run("horizon-web", "HORIZON_WEB_BIN", name, variables).await
    }

    /// Starts a `horizon-accumulator` with this name.
    ///
    /// # Errors
    /// It is not built or does not start.
    pub async fn accumulator(&self, name: &str) -> anyhow::Result<Process> {
        self.run("horizon-accumulator", "HORIZON_ACCUMULATOR_BIN", name, &[])
            .await
    }

    async fn run(&self, binary: &str, place: &str, name: &str, variables: &[(&str, &str)]) -> anyhow::Result<Process> {
        let mut command = program(binary, place)?;
        command
            .env("HORIZON_BUS", self.redis.url())
            .env("HORIZON_POSTS", self.posts.path())
            .env("HORIZON_ADDR", "127.0.0.1:0")
            .env("HORIZON_NODE", name)
            .envs(variables.iter().copied());
        Process::start(command, &self.log(name)).await
    }

    /// What a process of this name wrote to standard error.
    #[must_use]
    pub fn log_of(&self, name: &str) -> String {
        std::fs::read_to_string(self.log(name)).unwrap_or_default()
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
