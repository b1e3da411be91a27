//! The number and length of log lines.

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use horizon_test_support::{WebServer, http, wait_until};

use crate::{dropped, like, options};

/// Likes of a page that does not exist.
const REFUSED: u32 = 2_000;

/// Likes that are sent at the same time.
const AT_ONCE: usize = 16;

/// The maximum number of log lines for them, even if sending takes minutes: 50 in 10 seconds.
const MOST_LINES: u64 = 500;

/// The longest line, in bytes.
const LINE_BYTES: usize = 4_096;

fn lines_with(log: &str, text: &str) -> u64 {
    log.lines().filter(|line| line.contains(text)).count() as u64
}

#[tokio::test]
async fn thousands_of_rejected_likes_are_logged_as_a_few_lines_and_a_sum() -> anyhow::Result<()> {
    let server = WebServer::start(options()).await?;
    let refused = stream::iter(0..REFUSED).map(|number| like(&server, "nowhere", number));
    refused
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |answer| {
            ensure!(answer.status == 404, "{} {}", answer.status, answer.text());
            Ok(())
        })
        .await?;
    let log = wait_until("the log has the number of suppressed lines", async || {
        let log = server.log();
        ensure!(log.contains("similar log lines were suppressed"), "the log is\n{log}");
        Ok(log)
    })
    .await?;
    let lines = lines_with(&log, "request rejected");
    ensure!(lines < MOST_LINES, "{lines} lines");
    let dropped = dropped(&server, "rate_limit").await?;
    ensure!(
        lines + dropped == u64::from(REFUSED),
        "{lines} lines and {dropped} dropped"
    );
    Ok(())
}

#[tokio::test]
async fn successful_requests_are_not_logged_and_long_paths_are_cut() -> anyhow::Result<()> {
    let server = WebServer::start(options()).await?;
    for _ in 0..20 {
        ensure!(http::get(server.address(), "/blog/hello").await?.status == 200);
    }
    let path = format!("/{}", "x".repeat(15_000));
    ensure!(http::get(server.address(), &path).await?.status == 404);
    let log = wait_until("the long path is logged", async || {
        let log = server.log();
        ensure!(log.contains("/xxx"), "the log is\n{log}");
        Ok(log)
    })
    .await?;
    ensure!(!log.contains("/blog/hello"), "{log}");
    let longest = log.lines().map(str::len).max().context("no line")?;
    ensure!(longest < LINE_BYTES, "{longest} bytes");
    ensure!(lines_with(&log, " more bytes)") == 1, "{log}");
    Ok(())
}
