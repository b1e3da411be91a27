//! The content and size of the log, and a server whose log cannot be written.

mod bounds;
mod broken;
mod full_disk;

use anyhow::{Context, ensure};
use horizon_test_support::{
    ServerOptions, WebServer,
    http::{self, Method, Response},
};

/// Options of a server that trusts `X-Forwarded-For`, so that no rate limit applies.
fn options() -> ServerOptions {
    ServerOptions::default().with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32")
}

/// Likes a page as the reader with this number.
async fn like(server: &WebServer, page: &str, number: u32) -> anyhow::Result<Response> {
    let id = format!("{number:032x}");
    let network = format!("10.{}.{}.1", number / 256, number % 256);
    let headers = [("idempotency-key", &*id), ("x-forwarded-for", &*network)];
    http::send(
        server.address(),
        Method::PUT,
        &format!("/horizon/likes/{page}"),
        &headers,
        "",
    )
    .await
}

/// Returns the number of likes of the page.
async fn likes(server: &WebServer) -> anyhow::Result<u64> {
    let stats = http::get(server.address(), "/horizon/stats/hello").await?.json()?;
    stats
        .get("likes")
        .and_then(serde_json::Value::as_u64)
        .context("no likes")
}

/// Returns the number of log lines that were dropped for this reason.
async fn dropped(server: &WebServer, reason: &str) -> anyhow::Result<u64> {
    let metrics = http::get(server.address(), "/metrics").await?.text();
    let name = format!("horizon_log_lines_dropped_total{{reason=\"{reason}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&*name));
    Ok(line.context("no such metric")?.parse()?)
}

async fn is_well(server: &WebServer) -> anyhow::Result<()> {
    for path in ["/healthz", "/readyz", "/", "/blog/hello"] {
        let answer = http::get(server.address(), path).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.text());
    }
    Ok(())
}
