//! All viewers receive the published messages.

use serde::Serialize;

use super::CONNECTIONS;
use crate::{
    account::{self, Arrived},
    bench::Bench,
    cost::Cost,
    figures::{Latencies, Quantiles, ratio},
    options,
    publish::{Pace, PublishedMessage},
    report::{Figures, Report},
};

/// The unit of the cost: a million deliveries.
const MILLION: f64 = 1e6;

/// Published messages and their deliveries.
#[derive(Clone, Debug, Serialize)]
pub struct Deliveries {
    /// Messages that the server accepted.
    pub accepted: usize,
    /// Messages that the server did not accept.
    pub not_accepted: usize,
    /// From just before a request was written until its response was read, in milliseconds.
    pub answer_ms: Option<Quantiles>,
    /// The cost of the phase, including the requests.
    pub cost: Cost,
    /// The server's CPU time per million deliveries, in seconds.
    pub server_cpu_seconds_per_million: Option<f64>,
    /// The received messages.
    #[serde(flatten)]
    pub arrived: Arrived,
}

impl Deliveries {
    /// Returns the deliveries of a phase to all reading viewers.
    pub fn new(bench: &Bench, published: &[PublishedMessage], cost: Cost) -> anyhow::Result<Self> {
        let sent = account::sent(published);
        let arrived = account::arrived(
            bench.server.kind,
            bench.pool.all().filter(|viewer| !viewer.is_stalled()),
            &sent,
        )?;
        let accepted: Vec<_> = published.iter().filter(|one| one.number().is_some()).collect();
        let per_million = |seconds: f64| seconds * MILLION * ratio(1, arrived.deliveries);
        Ok(Self {
            accepted: accepted.len(),
            not_accepted: published.len() - accepted.len(),
            answer_ms: Latencies::quantiles_of(accepted.iter().map(|one| one.answered.saturating_sub(one.sent)))?,
            server_cpu_seconds_per_million: cost.server_cpu_seconds.map(per_million),
            cost,
            arrived,
        })
    }
}

pub(super) async fn run(mut bench: Bench, options: &options::DeliveriesOptions) -> anyhow::Result<Report> {
    let publisher = bench.publisher(CONNECTIONS)?;
    let (join, memory) = bench.join().await?;
    bench.pool.begin();
    let before = bench.border()?;
    let pace = Pace {
        count: options.messages,
        rate: options.rate,
    };
    let published = bench.publish(&publisher, pace).await?;
    let cost = before.until(&bench.border()?);
    let figures = Deliveries::new(&bench, &published, cost)?;
    Ok(bench.report(join, memory, Figures::Deliveries(figures)))
}
