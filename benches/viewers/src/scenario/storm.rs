//! All connections break at once, as when a server restarts.

use std::{sync::Arc, time::Duration};

use serde::Serialize;

use super::CONNECTIONS;
use crate::{
    bench::Bench,
    clock::seconds,
    cost::Cost,
    figures::{Latencies, Quantiles},
    publish::{Pace, PublishConnection, PublishKind, PublishedMessage},
    report::{Figures, Report},
    scan::Reading,
    viewer::ReceiveLog,
};

/// The longest wait until everyone has the right numbers.
const RIGHT_WAIT: Duration = Duration::from_secs(60);

/// The figures of the reconnection.
#[derive(Clone, Debug, Serialize)]
pub struct Storm {
    /// The number of reconnected viewers.
    pub reconnected: usize,
    /// The time that a connection took to open, in milliseconds.
    pub reconnect_ms: Option<Quantiles>,
    /// From the break until a viewer had the right numbers and kept them, in milliseconds: the stored likes and the
    /// connected viewers. If the server sends no numbers: until the connection was open.
    pub right_ms: Option<Quantiles>,
    /// From the break until everyone had the right numbers, in seconds. Empty if some never did.
    pub all_right_seconds: Option<f64>,
    /// Viewers that did not have the right numbers at the end.
    pub never_right: usize,
    /// The cost until every viewer had the final number of viewers.
    pub cost: Cost,
}

/// The numbers that a viewer should have.
#[derive(Clone, Copy, Debug)]
struct Right {
    kind: PublishKind,
    likes: u64,
    viewers: u64,
}

pub(super) async fn run(mut bench: Bench) -> anyhow::Result<Report> {
    let publisher = bench.publisher(CONNECTIONS)?;
    let (join, memory) = bench.join().await?;
    let likes = stored(&bench, &publisher).await?;
    bench.settle().await;
    let start = bench.pool.begin();
    let before = bench.border()?;
    let bar = bench.progress.steps("reconnecting", bench.options.viewers);
    bench.pool.reopen(|| bar.step()).await;
    drop(bar);
    let reconnected = bench.pool.here();
    let right = Right {
        kind: bench.server.kind,
        likes,
        viewers: u64::try_from(reconnected)?,
    };
    bench.pool.wait(RIGHT_WAIT, |log| right.is_shown(log.last)).await;
    bench.settle().await;
    let cost = before.until(&bench.border()?);
    let times: Vec<_> = bench.pool.seated().map(|viewer| right.since(&viewer.log())).collect();
    let since = || times.iter().flatten().map(|at| at.saturating_sub(start));
    let never_right = times.iter().filter(|at| at.is_none()).count();
    let figures = Storm {
        reconnected,
        reconnect_ms: Latencies::quantiles_of(bench.connect_times())?,
        right_ms: Latencies::quantiles_of(since())?,
        all_right_seconds: since().max().filter(|_| never_right == 0).map(seconds),
        never_right,
        cost,
    };
    Ok(bench.report(join, memory, Figures::Storm(figures)))
}

/// Adds a like, and returns the number of stored likes.
async fn stored(bench: &Bench, publisher: &Arc<PublishConnection>) -> anyhow::Result<u64> {
    let published = bench.publish(publisher, Pace { count: 1, rate: 1.0 }).await?;
    Ok(published
        .iter()
        .filter_map(PublishedMessage::number)
        .max()
        .unwrap_or_default())
}

impl Right {
    fn is_shown(self, last: Option<Reading>) -> bool {
        match self.kind {
            PublishKind::Post => true,
            PublishKind::Like => {
                last.is_some_and(|reading| (reading.value, reading.first) == (self.likes, self.viewers))
            }
        }
    }

    /// Returns since when a viewer has had the right numbers without interruption, or `None` if it does not have them.
    fn since(self, log: &ReceiveLog) -> Option<u64> {
        if !log.is_here() || !self.is_shown(log.last) {
            return None;
        }
        let right = log
            .records
            .iter()
            .rev()
            .take_while(|record| self.is_shown(Some(record.reading)));
        match self.kind {
            PublishKind::Post => log.connected,
            PublishKind::Like => right.last().map(|record| record.at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_is_right_since_its_last_wrong_message() {
        let right = Right {
            kind: PublishKind::Like,
            likes: 7,
            viewers: 3,
        };
        let mut log = ReceiveLog {
            connected: Some(1),
            ..ReceiveLog::default()
        };
        for (at, first) in [(1, 1), (2, 3), (3, 2), (4, 3), (5, 3)] {
            log.see(at, Reading { value: 7, first });
        }
        assert_eq!(right.since(&log), Some(4));
        log.see(6, Reading { value: 6, first: 3 });
        assert_eq!(right.since(&log), None);
    }
}
