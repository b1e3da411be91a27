//! Opens live streams by the thousand and says what they cost the server, whichever it is.

pub mod account;
pub mod bench;
pub mod body;
pub mod clock;
pub mod cost;
pub mod figures;
pub mod fleet;
pub mod limits;
pub mod options;
pub mod people;
pub mod process;
pub mod progress;
pub mod publish;
pub mod report;
pub mod scan;
pub mod scenario;
pub mod server;
mod session;
pub mod viewer;

pub use self::{options::Options, report::Report};

/// Measures what was asked for.
///
/// # Errors
/// A sentence for the user when there is nothing to measure.
pub async fn run(options: Options) -> anyhow::Result<Report> {
    limits::make_room(options.viewers)?;
    scenario::run(bench::Bench::new(options)?).await
}
