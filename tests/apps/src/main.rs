//! Runs an application of `examples/apps` and checks over HTTP that its page, numbers, likes and streams work.
//!
//! `cargo xtask apps` builds the applications and this program, and runs it for each of them.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;
use horizon_test_support::{
    PostgresServer,
    http::{self, Method},
    process::{Process, program_at, read_log},
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const FIREFOX: (&str, &str) = ("user-agent", "Mozilla/5.0 Firefox/130.0");

#[derive(Debug, Parser)]
#[command(about)]
struct AppsCli {
    /// The application's program.
    program: PathBuf,
    /// The path of one of its pages, which has the same name below `/horizon`.
    page: String,
    /// Starts a PostgreSQL server and sets `DATABASE_URL`.
    #[arg(long)]
    postgres: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = AppsCli::parse();
    let folder = TempDir::new().context("no temporary folder for the application")?;
    let log = folder.path().join("log");
    // The program gets another current folder.
    let program = std::path::absolute(&arguments.program)?;
    let mut command = program_at(&program)?;
    let database = if arguments.postgres {
        Some(PostgresServer::start(&[]).await?)
    } else {
        None
    };
    if let Some(database) = &database {
        command.env("DATABASE_URL", database.url());
    }
    let address = free_address().await?;
    command.current_dir(folder.path()).env("ADDRESS", address.to_string());
    let app = Process::start_at(command, address, &log).await?;
    let works = check(address, &arguments.page).await;
    works.with_context(|| format!("its log:\n{}", read_log(&log)))?;
    let status = app.stop().await?;
    ensure!(status.success(), "it ended with {status} after SIGTERM");
    Ok(())
}

/// Returns an address that was free a moment ago.
async fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

/// Checks the page, its numbers, a like and a stream.
async fn check(address: SocketAddr, page: &str) -> anyhow::Result<()> {
    let response = http::get(address, page).await?;
    ensure!(response.status == 200, "GET {page} has status {}", response.status);
    let is_live = response.text().contains("/horizon/client.js");
    ensure!(is_live, "the page {page} has no script: {}", response.text());

    let mut live = http::open_stream(address, &format!("/horizon/live{page}"), &[FIREFOX]).await?;
    live.read_until("event: live\ndata: {\"viewers\":1").await?;
    let stats = http::get(address, &format!("/horizon/stats{page}")).await?.text();
    ensure!(stats.starts_with("{\"viewers\":1"), "the stats are {stats}");

    let likes = format!("/horizon/likes{page}");
    let like = http::send(address, Method::PUT, &likes, &[FIREFOX], "").await?.text();
    ensure!(like == "{\"liked\":true,\"likes\":1}", "the like returned {like}");
    live.read_until("\"likes\":1").await
}
