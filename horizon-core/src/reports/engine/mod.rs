//! Computes the answer to a query from the buckets and sessions that a store reads.

mod buckets;
mod groups;
mod order;
mod sessions;
mod sums;
mod table;

#[cfg(test)]
mod tests;

use super::plan::{Plan, ReportSource};
use super::{Capabilities, FirstDay, Query, Refusal, ReportError, ReportReader, SiteTimeZone, Table};
use crate::{Day, Error};
use groups::QueryGroups;
use sums::Sums;

/// Why [`answer`] has no answer. `E` is the error of the store's driver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError<E> {
    /// The store cannot answer the query, now or later.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The query needs session rows that are erased.
    #[error("the query needs session rows that are erased before day {0}")]
    RowsExpired(FirstDay),
    /// The store could not be read.
    #[error("reading the buckets and sessions failed")]
    Reader(#[source] E),
}

impl<E> AnswerError<E> {
    /// Returns the error of the port. `map` converts the error of the driver.
    pub fn into_report_error(self, map: impl FnOnce(E) -> Error) -> ReportError {
        match self {
            Self::Refused(refusal) => refusal.into(),
            Self::RowsExpired(first) => ReportError::RowsExpired { first },
            Self::Reader(error) => map(error).into(),
        }
    }
}

/// Returns the answer to the query from the buckets and sessions of a store.
///
/// `zone` is the time zone of the site. `first_session_day` is the first day whose session rows are kept; `None` if
/// none were erased.
///
/// ```
/// use horizon_core::reports::{
///     Capabilities, Counts, DayRange, MemoryReportReader, Metric, Query, SiteTimeZone, Value, answer,
/// };
/// use horizon_core::{Day, Topic};
///
/// let day = Day::from_number(20_600);
/// let mut store = MemoryReportReader::default();
/// let mut counts = Counts::default();
/// counts.visits = 3;
/// store.days.entry((Topic::Site, day)).or_default().counts += counts;
///
/// let query = Query::new(DayRange::new(day, day)).metrics([Metric::Visits]);
/// let table = answer(&store, &query, &SiteTimeZone::utc(), &Capabilities::ALL, None)?;
/// assert_eq!(table.rows[0].metrics, [Value::Count(3)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Fails if the query breaks a rule, if the store does not have what it asks for, or if the store cannot be read.
pub fn answer<R: ReportReader>(
    reader: &R,
    query: &Query,
    zone: &SiteTimeZone,
    capabilities: &Capabilities,
    first_session_day: Option<Day>,
) -> Result<Table, AnswerError<R::Error>> {
    let plan = Plan::new(query, capabilities)?;
    if let Some(first) = first_session_day
        && plan.needs_sessions()
        && query.range.first < first
    {
        return Err(AnswerError::RowsExpired(FirstDay(first)));
    }
    let mut groups = QueryGroups::new(query, zone);
    let mut sums: Vec<Vec<Sums>> = Vec::new();
    for source in &plan.sources {
        let of_source = match source {
            ReportSource::Sessions => sessions::read(reader, query, &plan, &mut groups),
            source => buckets::read(reader, query, *source, zone, &mut groups),
        };
        sums.push(of_source.map_err(AnswerError::Reader)?);
    }
    Ok(table::table(query, &plan, &groups, &sums))
}
