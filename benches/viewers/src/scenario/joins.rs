//! Everyone comes, and goes if so wanted.

use serde::Serialize;

use crate::{
    bench::Bench,
    cost::Cost,
    figures::count,
    options,
    report::{Figures, Report},
};

/// Everyone's going; the coming is in each report.
#[derive(Clone, Debug, Serialize)]
pub struct Joins {
    /// What it cost when everyone left at once, until the server had nothing more to do for them.
    pub leave: Option<Cost>,
    /// The server's milliseconds on a processor for each who left.
    pub server_cpu_ms_per_leave: Option<f64>,
    /// The server's resident memory once they had left, in KiB.
    pub rss_after_leave_kib: Option<u64>,
}

/// The server's time to notice that everyone has left and to do what it does then; EventHorizon waits three seconds
/// before it believes it.
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
