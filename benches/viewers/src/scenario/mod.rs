//! What can be measured, a file each.

mod deliveries;
mod idle;
mod joins;

pub use self::{deliveries::Deliveries, idle::Idle, joins::Joins};

use crate::{bench::Bench, options::Scenario, report::Report};

/// Runs the scenario that was asked for.
///
/// # Errors
/// When there is nothing to measure: nobody could connect, nothing could be published.
pub(crate) async fn run(bench: Bench) -> anyhow::Result<Report> {
    match bench.options.scenario.clone() {
        Scenario::Deliveries(options) => deliveries::run(bench, &options).await,
        Scenario::Joins(options) => joins::run(bench, &options).await,
        Scenario::Idle(options) => idle::run(bench, &options).await,
    }
}
