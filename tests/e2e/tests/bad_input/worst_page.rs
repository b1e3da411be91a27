//! A page with the most and longest comments.

use std::net::SocketAddr;

use anyhow::ensure;
use futures::future::try_join_all;
use horizon_test_support::{CommentWriter, ServerOptions, WebServer, http};

use crate::is_alive;

/// Threads of the page, and replies of each.
const THREADS: usize = 20;
const REPLIES: usize = 40;

/// The length of each comment in characters, which is the limit.
const LENGTH: usize = 2_000;

/// Requests at the same time.
const READERS: usize = 60;

/// The largest response, in bytes. The comments alone are 1.6 MB.
const ANSWER_BYTES: usize = 1024 * 1024;

/// The most that the memory of the server may grow during the requests, and after them, in kilobytes.
const MAX_GROWTH: u64 = 128 * 1024;

#[tokio::test]
async fn sixty_requests_for_the_largest_page_get_bounded_responses_and_free_their_memory() -> anyhow::Result<()> {
    let server = WebServer::start(ServerOptions::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")).await?;
    fill(server.address()).await?;
    let before = server.resident_kilobytes()?;
    for path in [
        "/horizon/comments/hello?limit=100",
        "/blog/hello",
        "/blog/hello?reply=1",
    ] {
        let answers = try_join_all((0..READERS).map(|_| http::get(server.address(), path))).await?;
        let after = server.resident_kilobytes()?;
        let largest = answers.iter().map(|answer| answer.body.len()).max().unwrap_or_default();
        println!("{path}: at most {largest} bytes, {before} kB before, {after} kB after");
        ensure!(
            answers.iter().all(|answer| answer.status == 200),
            "{path} was not answered"
        );
        ensure!(largest <= ANSWER_BYTES, "{path} has {largest} bytes");
        ensure!(after <= before + MAX_GROWTH, "it grew from {before} kB to {after} kB");
    }
    is_alive(&server).await
}

async fn fill(address: SocketAddr) -> anyhow::Result<()> {
    let mut writer = CommentWriter::new(address);
    for thread in 0..THREADS {
        let head = writer.write(&text(thread, 0), None).await?;
        for reply in 1..=REPLIES {
            writer.write(&text(thread, reply), Some(&head)).await?;
        }
    }
    Ok(())
}

/// Returns a text that no other comment has.
fn text(thread: usize, reply: usize) -> String {
    let start = format!("{thread}.{reply} ");
    let rest = "words ".repeat(LENGTH / 6 - start.len());
    start + &rest
}
