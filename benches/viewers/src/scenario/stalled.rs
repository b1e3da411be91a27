//! Some viewers stop reading, and the others should not be affected.

use anyhow::ensure;
use serde::Serialize;

use super::{CONNECTIONS, Deliveries};
use crate::{
    bench::Bench,
    options,
    publish::Pace,
    report::{Figures, Report},
};

/// The same messages in two phases: all viewers read, then some do not.
#[derive(Clone, Debug, Serialize)]
pub struct Stalled {
    /// The phase in which all viewers read.
    pub reading: Deliveries,
    /// The phase in which some do not. Only of the others.
    pub stalled: Deliveries,
    /// The ratio of the two p99 latencies.
    pub p99_ratio: Option<f64>,
    /// The growth of the server's resident memory from the first phase to the second, in KiB per stalled viewer.
    pub growth_kib_per_stalled: Option<f64>,
}

pub(super) async fn run(mut bench: Bench, options: &options::StalledOptions) -> anyhow::Result<Report> {
    let (stalled, viewers) = (options.stalled, bench.options.viewers);
    ensure!(
        stalled < viewers,
        "{stalled} of {viewers} viewers cannot stop reading: no other viewer would be left"
    );
    let publisher = bench.publisher(CONNECTIONS)?;
    let (join, memory) = bench.join().await?;
    let pace = Pace::lasting(options.rate, options.seconds);

    bench.pool.begin();
    let start = bench.border()?;
    let published = bench.publish(&publisher, pace).await?;
    let middle = bench.border()?;
    let reading = Deliveries::new(&bench, &published, start.until(&middle))?;

    for viewer in bench.pool.seated().filter(|viewer| viewer.is_small) {
        viewer.stall();
    }
    bench.pool.begin();
    let published = bench.publish(&publisher, pace).await?;
    let end = bench.border()?;
    let stalled = Deliveries::new(&bench, &published, middle.until(&end))?;

    let p99 = |deliveries: &Deliveries| deliveries.arrived.latency_ms.map(|latency| latency.p99);
    let figures = Stalled {
        p99_ratio: p99(&stalled).zip(p99(&reading)).map(|(others, all)| others / all),
        growth_kib_per_stalled: middle.growth_kib(&end, options.stalled),
        reading,
        stalled,
    };
    Ok(bench.report(join, memory, Figures::Stalled(figures)))
}
