//! Compares two builds of the blog: CPU and bytes of a join, a delivery and a page.

use std::{fmt::Write, path::Path};

use horizon_bench_peers::CpuPlacement;

use crate::{
    blog::Blog,
    measure::BenchSetup,
    pages::{self, BROTLI, GZIP},
    print_progress,
    subject::BenchedServer,
    text::{grouped, short},
};

/// Measurements per build.
const ROUNDS: usize = 5;

/// The published messages. 5 a second is about half of what one core can deliver to 10,000 viewers.
const MESSAGES: [&str; 4] = ["--messages", "50", "--rate", "5"];

/// The figures that [`round`] returns, in order.
const FIGURES: [&str; 10] = [
    "join, µs of CPU",
    "delivery, µs of CPU",
    "delivery, bytes",
    "memory of a viewer, KiB",
    "page, µs of CPU",
    "page, bytes",
    "page with brotli, µs of CPU",
    "page with brotli, bytes",
    "page with gzip, µs of CPU",
    "page with gzip, bytes",
];

/// Measures this build and the other one in turn. Returns a table in Markdown.
pub(crate) async fn measure(setup: &BenchSetup, other: &Path) -> anyhow::Result<String> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for number in 1..=ROUNDS {
        print_progress(&format!("── round {number} of {ROUNDS}"));
        ours.push(round(setup, None).await?);
        theirs.push(round(setup, Some(other)).await?);
    }
    let mut table = format!(
        "{} viewers, each build measured {ROUNDS} times in turn: the median, and all.\n\n\
         | figure | this build | {} | this / other |\n|---|--:|--:|--:|\n",
        grouped(setup.size.viewers),
        other.display()
    );
    for (place, figure) in FIGURES.iter().enumerate() {
        let [(our, ours), (their, theirs)] = [&ours, &theirs].map(|rounds| median(rounds, place));
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {figure} | {ours} | {theirs} | {} |", short(our / their));
    }
    Ok(table)
}

/// Measures a build once: this one without a path. Starts a server for viewers, then one for pages.
async fn round(setup: &BenchSetup, build: Option<&Path>) -> anyhow::Result<Vec<f64>> {
    let subject = BenchedServer::blog(start(setup.server, build).await?).await?;
    let scenario = [&["deliveries"][..], &MESSAGES].concat();
    let report = setup
        .load
        .play(&subject, "compare", setup.size.viewers, &scenario)
        .await?;
    drop(subject);
    let mut figures = vec![
        report.figure("/join/server_cpu_ms_per_join")? * 1_000.0,
        report.figure("/deliveries/server_cpu_seconds_per_million")?,
        report.figure("/deliveries/bytes_per_delivery")?,
        report.figure("/memory/kib_per_connection")?,
    ];
    let blog = start(setup.server, build).await?;
    for header in [None, Some(BROTLI), Some(GZIP)] {
        let pages = pages::measure(&blog, setup.load.place, setup.size.pages, header).await?;
        figures.extend([pages.cpu_microseconds_per_page, pages.bytes_per_page]);
    }
    Ok(figures)
}

async fn start(place: CpuPlacement, build: Option<&Path>) -> anyhow::Result<Blog> {
    match build {
        Some(build) => Blog::start_build(build, place).await,
        None => Blog::start(place, None).await,
    }
}

/// Returns the median of a figure, and a text with the median and all rounds.
fn median(rounds: &[Vec<f64>], place: usize) -> (f64, String) {
    let mut figures: Vec<f64> = rounds.iter().filter_map(|round| round.get(place).copied()).collect();
    figures.sort_by(f64::total_cmp);
    let median = figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN);
    let all: Vec<String> = figures.iter().copied().map(short).collect();
    (median, format!("{} ({})", short(median), all.join(" · ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_printed_with_all_rounds() {
        let rounds = [[1.0, 3.0], [9.0, 1.0], [2.0, 2.0]].map(Vec::from);
        assert_eq!(median(&rounds, 0), (2.0, "2.00 (1.00 · 2.00 · 9.00)".into()));
    }
}
