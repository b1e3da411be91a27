//! All viewers connect, and with `--leave` disconnect.

use serde::Serialize;

use crate::{
    bench::Bench,
    cost::Cost,
    figures::count,
    options,
    report::{Figures, Report},
};

/// The cost of disconnecting. Each report contains the joins.
#[derive(Clone, Debug, Serialize)]
pub struct Joins {
    /// The cost from disconnecting all viewers at once until the server was idle.
    pub leave: Option<Cost>,
    /// The server's CPU time per viewer, in milliseconds.
    pub server_cpu_ms_per_leave: Option<f64>,
    /// The server's resident memory afterwards, in KiB.
    pub rss_after_leave_kib: Option<u64>,
}

/// The time for the server to handle the disconnections. EventHorizon waits three seconds before a viewer leaves.
const LEAVING: std::time::Duration = std::time::Duration::from_secs(6);

pub(super) async fn run(mut bench: Bench, options: &options::JoinsOptions) -> anyhow::Result<Report> {
    let (join, memory) = bench.join().await?;
    let mut figures = Joins {
        leave: None,
        server_cpu_ms_per_leave: None,
        rss_after_leave_kib: None,
    };
    if options.leave {
        let before = bench.border()?;
        bench.pool.close().await;
        let _bar = bench.progress.time("leaving");
        tokio::time::sleep(LEAVING).await;
        let after = bench.border()?;
        let cost = before.until(&after);
        let per_leave = |seconds: f64| seconds * 1_000.0 / count(join.connected);
        figures = Joins {
            leave: Some(cost),
            server_cpu_ms_per_leave: cost.server_cpu_seconds.map(per_leave),
            rss_after_leave_kib: after.rss_kib(),
        };
    }
    Ok(bench.report(join, memory, Figures::Joins(figures)))
}
