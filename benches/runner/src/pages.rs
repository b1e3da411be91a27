//! How many pages a second the blog answers, and how soon after its start the first.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use horizon_peers::Place;
use tokio::process::Command;

use crate::{
    blog::{Blog, SLUG},
    posts,
};

/// The header with which a browser asks for brotli.
pub(crate) const BROTLI: &str = "Accept-Encoding: br";

/// How often the start is measured. The middle one is told.
const STARTS: usize = 5;

/// Pages a second of one post, asked for over 64 connections for so long.
pub(crate) async fn rate(server: Place, load: Place, time: Duration, header: Option<&str>) -> anyhow::Result<f64> {
    let blog = Blog::start(server, None).await?;
    blog.settle().await?;
    let path = format!("/blog/{SLUG}");
    blog.page(&path).await?;
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c64", &format!("-d{}s", time.as_secs())]);
    if let Some(header) = header {
        wrk.args(["-H", header]);
    }
    wrk.arg(format!("http://{}{path}", blog.address()));
    let output = load.put(&wrk).output().await.context("`wrk` does not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success() && !text.contains("Non-2xx") && !text.contains("Socket errors"),
        "wrk says:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    requests_per_second(&text)
}

fn requests_per_second(text: &str) -> anyhow::Result<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(line.context("wrk says no Requests/sec")?.trim().parse()?)
}

/// From the start of the program to the first page of a blog of many posts: the middle of some starts.
pub(crate) async fn start() -> anyhow::Result<Duration> {
    let posts = posts::write()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let blog = Blog::start(Place::ANYWHERE, Some(posts.path())).await?;
        let page = blog.page("/").await?;
        times.push(started.elapsed());
        ensure!(page.text().contains("Post "), "the first page shows no post");
    }
    times.sort();
    times.get(STARTS / 2).copied().context("nothing was started")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read() {
        let text = "Running 10s test\n  1 threads\nRequests/sec:  20123.45\nTransfer/sec: 1MB\n";
        assert!((requests_per_second(text).unwrap() - 20_123.45).abs() < f64::EPSILON);
    }
}
