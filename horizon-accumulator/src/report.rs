//! The command `report`.

mod answer;
mod arguments;
mod filter;
mod json;
mod order;
mod preset;
mod range;
mod terminal;
mod trend;

use std::io::Write as _;

use anyhow::Context as _;
use horizon_backend::{StoreHandle, StoreUrl, now, report_csv};
use horizon_core::reports::Reports;

pub(crate) use arguments::ReportArguments;

use answer::Answer;
use arguments::Format;

/// A store that is open for reading.
pub(crate) struct ReportStore(StoreHandle);

impl ReportStore {
    /// Opens an existing store. Changes nothing, and takes no lock.
    ///
    /// # Errors
    /// The store is missing, has another version, or cannot be used.
    pub(crate) fn open(url: &StoreUrl) -> anyhow::Result<Self> {
        let store = StoreHandle::open_read_only(url).context("HORIZON_STORE cannot be used")?;
        Ok(Self(store))
    }

    /// # Errors
    /// The store keeps no reports.
    pub(crate) fn reports(&self) -> anyhow::Result<&dyn Reports> {
        reports_of(&self.0)
    }
}

/// # Errors
/// The store keeps no reports.
pub(crate) fn reports_of(store: &StoreHandle) -> anyhow::Result<&dyn Reports> {
    store.stats.reports().context("the store keeps no reports")
}

/// Prints a report.
///
/// # Errors
/// The store cannot be read, it refuses the query, or the output cannot be written.
pub(crate) async fn run(url: &StoreUrl, arguments: &ReportArguments) -> anyhow::Result<()> {
    let store = ReportStore::open(url)?;
    let (text, note) = report(store.reports()?, arguments).await?;
    let mut output = std::io::stdout().lock();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.context("the report cannot be written")?;
    match note {
        Some(note) => writeln!(std::io::stderr(), "horizon-accumulator: {note}").context("the note cannot be written"),
        None => Ok(()),
    }
}

/// Returns the text of a report, and a note that the text does not contain.
async fn report(reports: &dyn Reports, arguments: &ReportArguments) -> anyhow::Result<(String, Option<String>)> {
    let status = reports.status().await?;
    let query = arguments.query(status.time_zone.day_of(now()));
    let answer = Answer::read(reports, query, arguments.has_own_metrics(), status).await?;
    match arguments.format() {
        Format::Table => {
            let trends = answer.trends(reports).await;
            Ok((terminal::write(&answer, &trends, terminal::width()), None))
        }
        Format::Csv => Ok((report_csv(&answer.table)?, terminal::left_out_note(&answer))),
        Format::Json => Ok((json::report_json(&answer)?, None)),
    }
}

#[cfg(test)]
mod tests;
