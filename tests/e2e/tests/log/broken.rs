//! A server whose standard error fails keeps working.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::OwnedFd,
};

use anyhow::ensure;
use horizon_test_support::{WebServer, http, wait_until};

use crate::{dropped, is_well, like, likes, options};

/// The capacity of a pipe on Linux, in bytes.
const PIPE_BYTES: usize = 65_536;

/// Requests between two reads of the metrics.
const REQUESTS: usize = 50;

/// Sends requests to a server with this standard error until it counts a dropped line, then stops it.
async fn serves_with(standard_error: impl Into<OwnedFd>, reason: &str) -> anyhow::Result<()> {
    let options = options().with("RUST_LOG", "debug").with_standard_error(standard_error);
    let mut server = WebServer::start(options).await?;
    let mut liked = 0;
    wait_until("dropped lines are counted", async || {
        let answer = like(&server, "hello", liked).await?;
        ensure!(answer.status == 200, "a like got {} {}", answer.status, answer.text());
        liked += 1;
        for _ in 0..REQUESTS {
            http::get(server.address(), "/healthz").await?;
        }
        let dropped = dropped(&server, reason).await?;
        ensure!(dropped > 0, "none is");
        Ok(())
    })
    .await?;
    is_well(&server).await?;
    ensure!(
        likes(&server).await? == u64::from(liked),
        "{liked} likes were acknowledged"
    );
    let status = server.stop().await?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[tokio::test]
async fn a_full_disk_under_the_log_stops_nothing() -> anyhow::Result<()> {
    serves_with(File::options().write(true).open("/dev/full")?, "write_error").await
}

#[tokio::test]
async fn the_server_survives_a_closed_log_pipe() -> anyhow::Result<()> {
    let (reader, writer) = io::pipe()?;
    drop(reader);
    serves_with(writer, "write_error").await
}

#[tokio::test]
async fn the_server_survives_a_full_log_pipe() -> anyhow::Result<()> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(&[b'\n'; PIPE_BYTES])?;
    serves_with(writer, "overflow").await?;
    drop(reader);
    Ok(())
}
