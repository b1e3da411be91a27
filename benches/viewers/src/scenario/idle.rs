//! All viewers stay connected and nothing is published.

use std::time::Duration;

use serde::Serialize;

use crate::{
    bench::Bench,
    cost::Cost,
    options,
    report::{Figures, Report},
};

/// The cost of idle connections.
#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    /// The cost of the phase.
    pub cost: Cost,
    /// The server's CPU time, in percent of one core.
    pub server_cpu_percent: Option<f64>,
    /// The growth of the server's resident memory, in KiB per viewer.
    pub growth_kib_per_connection: Option<f64>,
    /// Messages with numbers that viewers received.
    pub frames: u64,
    /// Bytes that viewers received, including heartbeats.
    pub bytes: u64,
    /// Connected viewers at the end.
    pub still_connected: usize,
}

pub(super) async fn run(mut bench: Bench, options: &options::IdleOptions) -> anyhow::Result<Report> {
    let (join, memory) = bench.join().await?;
    bench.pool.begin();
    let before = bench.border()?;
    let bar = bench.progress.steps("idle", usize::try_from(options.seconds)?);
    for _second in 0..options.seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bar.step();
    }
    drop(bar);
    let after = bench.border()?;
    let cost = before.until(&after);
    let logs = || bench.pool.seated().map(|viewer| viewer.log());
    let figures = Idle {
        server_cpu_percent: cost
            .server_cpu_seconds
            .map(|seconds| 100.0 * seconds / cost.wall_seconds),
        growth_kib_per_connection: before.growth_kib(&after, join.connected),
        frames: logs().map(|log| log.frames).sum(),
        bytes: logs().map(|log| log.bytes).sum(),
        still_connected: bench.pool.here(),
        cost,
    };
    Ok(bench.report(join, memory, Figures::Idle(figures)))
}
