//! Thousands of messages per second.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use super::Deliveries;
use crate::{
    account::{self, Sent},
    bench::Bench,
    clock::{micros, seconds},
    figures::{Latencies, Quantiles, count, ratio},
    options,
    publish::{Pace, PublishOutcome, PublishedMessage},
    report::{Figures, Report},
    viewer::{Record, Viewer},
};

/// The window in which the frames of a viewer are counted.
const WINDOW: std::time::Duration = std::time::Duration::from_secs(1);

/// The figures of a burst.
#[derive(Clone, Debug, Serialize)]
pub struct Burst {
    /// The published messages and the server's responses.
    pub offered: Offered,
    /// Frames per viewer and second.
    pub frames_per_viewer_per_second: FramesPerSecond,
    /// From just before a message was sent until the last viewer had it or a newer one, in milliseconds.
    pub to_everyone_ms: Option<Quantiles>,
    /// Messages that some viewer never received, nor a newer one.
    pub never_at_everyone: usize,
    /// The deliveries and their cost.
    #[serde(flatten)]
    pub deliveries: Deliveries,
}

/// The published messages and the server's responses.
#[derive(Clone, Debug, Serialize)]
pub struct Offered {
    /// Messages of the schedule.
    pub messages: usize,
    /// Not sent, because too many requests were without a response.
    pub unsent: usize,
    /// Without a response: the connection broke or the wait ended.
    pub broken: usize,
    /// Responses with an error status, by status.
    pub refused: BTreeMap<u16, usize>,
    /// Accepted messages per second, from the first one sent to the last response.
    pub accepted_per_second: f64,
}

/// Frames per viewer and second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FramesPerSecond {
    /// The maximum over all viewers and all seconds.
    pub most: usize,
    /// The mean over all viewers and the whole phase.
    pub mean: f64,
}

pub(super) async fn run(mut bench: Bench, options: &options::BurstOptions) -> anyhow::Result<Report> {
    let publisher = bench.publisher(options.connections.into())?;
    let (join, memory) = bench.join().await?;
    bench.pool.begin();
    let before = bench.border()?;
    let published = bench
        .publish(&publisher, Pace::lasting(options.rate, options.seconds))
        .await?;
    let cost = before.until(&bench.border()?);
    let viewers: Vec<_> = bench.pool.seated().filter(|viewer| viewer.log().is_here()).collect();
    let (to_everyone_ms, never_at_everyone) = to_everyone(&published, &viewers)?;
    let deliveries = Deliveries::new(&bench, &published, cost)?;
    let figures = Burst {
        offered: Offered::new(&published),
        frames_per_viewer_per_second: FramesPerSecond {
            most: viewers
                .iter()
                .map(|viewer| most_in_window(&viewer.log().records))
                .max()
                .unwrap_or_default(),
            mean: ratio(deliveries.arrived.frames, 1) / count(viewers.len().max(1)) / cost.wall_seconds,
        },
        to_everyone_ms,
        never_at_everyone,
        deliveries,
    };
    Ok(bench.report(join, memory, Figures::Burst(figures)))
}

impl Offered {
    fn new(published: &[PublishedMessage]) -> Self {
        let mut refused = BTreeMap::new();
        let (mut unsent, mut broken, mut accepted) = (0, 0, 0);
        for publication in published {
            match publication.outcome {
                PublishOutcome::Accepted(_) => accepted += 1,
                PublishOutcome::Unsent => unsent += 1,
                PublishOutcome::Broken => broken += 1,
                PublishOutcome::Refused(status) => *refused.entry(status).or_insert(0) += 1,
            }
        }
        let first = published.iter().map(|one| one.sent).min().unwrap_or_default();
        let last = published.iter().map(|one| one.answered).max().unwrap_or_default();
        Self {
            messages: published.len(),
            unsent,
            broken,
            refused,
            accepted_per_second: count(accepted) / seconds((last - first).max(1)),
        }
    }
}

/// Returns the time of each message to the last of these viewers, and the number of messages that never reached all.
fn to_everyone(published: &[PublishedMessage], viewers: &[&Arc<Viewer>]) -> anyhow::Result<(Option<Quantiles>, usize)> {
    let sent = account::sent(published);
    let mut complete = vec![0; sent.len()];
    for viewer in viewers {
        reach(&mut complete, &sent, &viewer.log().records);
    }
    let mut latencies = Latencies::new()?;
    let mut never = 0;
    for publication in published {
        let Some(number) = publication.number() else {
            continue;
        };
        let index = sent.partition_point(|sent| sent.number < number);
        match complete.get(index) {
            Some(&at) if at < u64::MAX => latencies.add(at.saturating_sub(publication.sent)),
            _ => never += 1,
        }
    }
    Ok((latencies.quantiles(), never))
}

/// Moves the time of each number to when the viewer with these records received it, if that is later.
fn reach(complete: &mut [u64], sent: &[Sent], records: &[Record]) {
    let mut reached = 0;
    for record in records {
        let upto = sent.partition_point(|sent| sent.number <= record.reading.value);
        for at in complete.get_mut(reached..upto).unwrap_or_default() {
            *at = record.at.max(*at);
        }
        reached = reached.max(upto);
    }
    complete.get_mut(reached..).unwrap_or_default().fill(u64::MAX);
}

/// Returns the most records within any window.
fn most_in_window(records: &[Record]) -> usize {
    let mut first = records.iter().enumerate().peekable();
    let mut most = 0;
    for (last, record) in records.iter().enumerate() {
        while first
            .next_if(|(_, first)| record.at - first.at >= micros(WINDOW))
            .is_some()
        {}
        let start = first.peek().map_or(last, |(start, _)| *start);
        most = most.max(last + 1 - start);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Reading;

    fn records(all: &[(u64, u64)]) -> Vec<Record> {
        let record = |&(at, value): &(u64, u64)| Record {
            at,
            reading: Reading { value, first: 1 },
        };
        all.iter().map(record).collect()
    }

    #[test]
    fn a_number_is_complete_when_the_last_viewer_has_it_or_a_later_one() {
        let sent = [1, 2, 3].map(|number| Sent { number, at: 0 });
        let mut complete = [0; 3];
        reach(&mut complete, &sent, &records(&[(10, 1), (20, 3)]));
        reach(&mut complete, &sent, &records(&[(5, 0), (15, 2)]));
        assert_eq!(complete, [15, 20, u64::MAX]);
    }

    #[test]
    fn the_window_with_most_records_is_found_at_any_time() {
        let all = records(&[
            (0, 1),
            (900_000, 2),
            (950_000, 3),
            (1_000_000, 4),
            (1_899_999, 5),
            (1_900_000, 6),
        ]);
        assert_eq!(most_in_window(&all), 4);
        assert_eq!(most_in_window(&[]), 0);
    }
}
