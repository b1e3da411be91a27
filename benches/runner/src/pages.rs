//! Pages per second of the blog, and the time from its start to the first page.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use horizon_bench_peers::CpuPlacement;
use horizon_viewers::process::usage;
use tokio::process::Command;

use crate::{
    blog::{Blog, SLUG},
    posts,
};

/// The header that requests brotli.
pub(crate) const BROTLI: &str = "Accept-Encoding: br";

/// Measurements of the start. The median is reported.
const STARTS: usize = 5;

/// The header that requests gzip.
pub(crate) const GZIP: &str = "Accept-Encoding: gzip";

/// The speed and cost of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PagesBench {
    pub(crate) per_second: f64,
    pub(crate) cpu_microseconds_per_page: f64,
    pub(crate) bytes_per_page: f64,
}

/// Requests one post over 64 connections for this duration.
pub(crate) async fn measure(
    blog: &Blog,
    load: CpuPlacement,
    time: Duration,
    header: Option<&str>,
) -> anyhow::Result<PagesBench> {
    blog.settle().await?;
    let path = format!("/blog/{SLUG}");
    blog.page(&path).await?;
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c64", &format!("-d{}s", time.as_secs())]);
    if let Some(header) = header {
        wrk.args(["-H", header]);
    }
    wrk.arg(format!("http://{}{path}", blog.address()));
    let id = [i32::try_from(blog.id()?)?];
    let cpu = || anyhow::Ok(usage(&id)?.context("the server has ended")?.cpu_seconds);
    let before = cpu()?;
    let output = load.apply(&wrk).output().await.context("`wrk` does not start")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success() && !text.contains("Non-2xx") && !text.contains("Socket errors"),
        "wrk failed:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    pages(&text, cpu()? - before)
}

/// Parses the output of wrk for a server that used this CPU time, in seconds.
fn pages(text: &str, cpu_seconds: f64) -> anyhow::Result<PagesBench> {
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.with_context(|| format!("wrk printed no {name}")).map(str::trim)
    };
    // "200000 requests in 10.00s, 1.50GB read": the bytes per second have only three digits.
    let total = text.lines().find_map(|line| line.trim().split_once(" requests in "));
    let total: f64 = total.context("wrk printed no number of requests")?.0.parse()?;
    let per_second: f64 = figure("Requests/sec:")?.parse()?;
    Ok(PagesBench {
        per_second,
        cpu_microseconds_per_page: cpu_seconds * 1e6 / total,
        bytes_per_page: bytes(figure("Transfer/sec:")?)? / per_second,
    })
}

/// Parses a size of wrk, such as `1.50MB`.
fn bytes(text: &str) -> anyhow::Result<f64> {
    let units = [("GB", 30), ("MB", 20), ("KB", 10), ("B", 0)];
    let found = units
        .iter()
        .find_map(|&(unit, power)| Some((text.strip_suffix(unit)?, power)));
    let (number, power) = found.with_context(|| format!("{text} is not a size"))?;
    Ok(number.parse::<f64>()? * f64::from(1_u32 << power))
}

/// Returns the median time from the start of the program to the first page, with 1,000 posts.
pub(crate) async fn start() -> anyhow::Result<Duration> {
    let posts = posts::write()?;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let blog = Blog::start(CpuPlacement::ANYWHERE, Some(posts.path())).await?;
        let page = blog.page("/").await?;
        times.push(started.elapsed());
        ensure!(page.text().contains("Post "), "the first page shows no post");
    }
    times.sort();
    times.get(STARTS / 2).copied().context("no start was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_wrk_is_parsed() {
        let text = "  200 requests in 10.00s, 2.50MB read\nRequests/sec:     20.00\nTransfer/sec:      0.25MB\n";
        let expected = PagesBench {
            per_second: 20.0,
            cpu_microseconds_per_page: 5_000.0,
            bytes_per_page: 13_107.2,
        };
        assert_eq!(pages(text, 1.0).unwrap(), expected);
    }
}
