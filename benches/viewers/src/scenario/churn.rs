//! Viewers come and go while messages are published.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{CONNECTIONS, Deliveries};
use crate::{
    bench::Bench,
    figures::{Latencies, Quantiles},
    options,
    publish::Pace,
    report::{Figures, Report},
};

/// The figures of the churn.
#[derive(Clone, Debug, Serialize)]
pub struct Churn {
    /// Viewers that left and were replaced.
    pub replaced: u32,
    /// Replaced viewers per second, as achieved.
    pub replaced_per_second: f64,
    /// The time that the connection of a new viewer took to open, in milliseconds.
    pub newcomers_connect_ms: Option<Quantiles>,
    /// Connected viewers at the end.
    pub connected_at_the_end: usize,
    /// The deliveries and their cost. A viewer that was connected for a part of the time should have the messages of
    /// that
    /// part.
    #[serde(flatten)]
    pub deliveries: Deliveries,
}

pub(super) async fn run(mut bench: Bench, options: &options::ChurnOptions) -> anyhow::Result<Report> {
    let publisher = bench.publisher(CONNECTIONS)?;
    let (join, memory) = bench.join().await?;
    let start = bench.pool.begin();
    let before = bench.border()?;
    let pace = Pace::lasting(options.messages, options.seconds);
    let clock = bench.server.clock;
    let publishing = tokio::spawn(async move { pace.run(&publisher, clock, || {}).await });
    let replacing = Pace::lasting(options.rate, options.seconds);
    let took = replace(&mut bench, replacing).await?;
    let published = publishing.await?;
    bench.wait_for_last(&published).await?;
    let cost = before.until(&bench.border()?);
    let newcomers = bench.pool.all().filter_map(|viewer| {
        let log = viewer.log();
        let connected = log.connected.filter(|_| log.asked >= start)?;
        Some(connected.saturating_sub(log.asked))
    });
    let figures = Churn {
        replaced: replacing.count,
        replaced_per_second: f64::from(replacing.count) / took.as_secs_f64(),
        newcomers_connect_ms: Latencies::quantiles_of(newcomers)?,
        connected_at_the_end: bench.pool.here(),
        deliveries: Deliveries::new(&bench, &published, cost)?,
    };
    Ok(bench.report(join, memory, Figures::Churn(figures)))
}

/// Replaces viewers at a fixed rate. Returns the duration.
async fn replace(bench: &mut Bench, pace: Pace) -> anyhow::Result<Duration> {
    let bar = bench.progress.steps("churning", usize::try_from(pace.count)?);
    let gate = bench.pool.gate();
    let start = Instant::now();
    for number in 0..pace.count {
        tokio::time::sleep_until(start + pace.due(number)).await;
        bench.pool.replace(&gate).await;
        bar.step();
    }
    bench.pool.all_settled(&gate).await;
    Ok(start.elapsed())
}
