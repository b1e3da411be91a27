//! How many lines there are, and how long they are.

use anyhow::{Context, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use horizon_test_support::{WebServer, http, wait_until};

use crate::{dropped, like, options};

/// How many likes of a page that does not exist are sent.
const REFUSED: u32 = 2_000;

/// How many of them are sent at once.
const AT_ONCE: usize = 16;

/// Less than this many of them may be lines, even if sending takes minutes: 50 in 10 seconds.
const MOST_LINES: u64 = 500;

/// The most bytes of a line.
const LINE_BYTES: usize = 4_096;

fn lines_with(log: &str, text: &str) -> u64 {
    log.lines().filter(|line| line.contains(text)).count() as u64
}

#[tokio::test]
async fn a_flood_of_refused_likes_is_a_few_lines_and_a_sum() -> anyhow::Result<()> {
    let server = WebServer::start(options()).await?;
    let refused = stream::iter(0..REFUSED).map(|number| like(&server, "nowhere", number));
    refused
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |answer| {
            ensure!(answer.status == 404, "{} {}", answer.status, answer.text());
            Ok(())
        })
        .await?;
    let log = wait_until("the log says how many lines it left out", async || {
        let log = server.log();
        ensure!(log.contains("similar log lines were suppressed"), "it says\n{log}");
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
async fn what_succeeds_is_no_line_and_a_long_path_is_a_short_one() -> anyhow::Result<()> {
    let server = WebServer::start(options()).await?;
    for _ in 0..20 {
        ensure!(http::get(server.address(), "/blog/hello").await?.status == 200);
    }
    let path = format!("/{}", "x".repeat(15_000));
    ensure!(http::get(server.address(), &path).await?.status == 404);
    let log = wait_until("the long path is logged", async || {
        let log = server.log();
        ensure!(log.contains("/xxx"), "it says\n{log}");
        Ok(log)
    })
    .await?;
    ensure!(!log.contains("/blog/hello"), "{log}");
    let longest = log.lines().map(str::len).max().context("no line")?;
    ensure!(longest < LINE_BYTES, "{longest} bytes");
    ensure!(lines_with(&log, " more bytes)") == 1, "{log}");
    Ok(())
}
