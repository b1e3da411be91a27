//! The scenarios, one per file.

mod burst;
mod churn;
mod deliveries;
mod idle;
mod joins;
mod stalled;
mod storm;

pub use self::{
    burst::{Burst, FramesPerSecond, Offered},
    churn::Churn,
    deliveries::Deliveries,
    idle::Idle,
    joins::Joins,
    stalled::Stalled,
    storm::Storm,
};

use crate::{bench::Bench, options::Scenario, report::Report};

/// Connections that publish at a low rate.
const CONNECTIONS: usize = 16;

/// Runs the selected scenario.
///
/// # Errors
/// No viewer could connect, or nothing could be published.
pub(crate) async fn run(bench: Bench) -> anyhow::Result<Report> {
    match bench.options.scenario.clone() {
        Scenario::Deliveries(options) => deliveries::run(bench, &options).await,
        Scenario::Joins(options) => joins::run(bench, &options).await,
        Scenario::Idle(options) => idle::run(bench, &options).await,
        Scenario::Burst(options) => burst::run(bench, &options).await,
        Scenario::Stalled(options) => stalled::run(bench, &options).await,
        Scenario::Storm => storm::run(bench).await,
        Scenario::Churn(options) => churn::run(bench, &options).await,
    }
}
