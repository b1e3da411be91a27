//! Everyone views while messages are published.

use serde::Serialize;

use super::CONNECTIONS;
use crate::{
    account::{self, Arrived},
    bench::Bench,
    cost::Cost,
    figures::{Latencies, Quantiles, ratio},
    options,
    publish::{Pace, Publication},
    report::{Figures, Report},
};

/// Deliveries in the unit that they are priced in.
const MILLION: f64 = 1e6;

/// Messages and what became of them.
#[derive(Clone, Debug, Serialize)]
pub struct Deliveries {
    /// How many were accepted by the server.
    pub accepted: usize,
    /// How many were not.
    pub not_accepted: usize,
    /// From just before a request was written until its answer was read, in milliseconds.
    pub answer_ms: Option<Quantiles>,
    /// What the publishing cost, the requests included.
    pub cost: Cost,
    /// The server's seconds on a processor for a million deliveries.
    pub server_cpu_seconds_per_million: Option<f64>,
    /// What arrived.
    #[serde(flatten)]
    pub arrived: Arrived,
}

impl Deliveries {
    /// What became of what was published in a phase, at all viewers who read.
    ///
    /// # Errors
    /// Never: the bounds of the histograms are good.
    pub fn new(bench: &Bench, published: &[Publication], cost: Cost) -> anyhow::Result<Self> {
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
            answer_ms: Latencies::of(accepted.iter().map(|one| one.answered.saturating_sub(one.sent)))?,
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
