use async_trait::async_trait;

use super::{Capabilities, Discrepancy, Query, ReportError, SiteTimeZone, Table};
use crate::{Day, Result, Timestamp};

/// Reports about the past: the part of a store that keeps hours, days and sessions in addition to the totals.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Sets the time zone of the site. Call it before the first event is applied; without it, UTC is used.
    ///
    /// The zone is stored with the first dated event. Fails permanently if another zone is stored.
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()>;

    /// Returns the exact answer, or an error that says why there is no answer. Never estimates.
    async fn query(&self, query: &Query) -> Result<Table, ReportError>;

    /// Returns what the store can answer. It refuses every other query by name.
    fn capabilities(&self) -> Capabilities;

    /// Returns the state of the reports.
    async fn status(&self) -> Result<ReportStatus>;

    /// Compares the totals with the buckets and the buckets with the rows of sessions, and returns all that differs.
    async fn verify(&self) -> Result<Vec<Discrepancy>>;

    /// Erases the rows of sessions that started before `first`, except those of days that are not closed. Returns how
    /// many; with `dry_run` it erases none. Later queries that need them fail with
    /// [`ReportError::RowsExpired`].
    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64>;
}

/// The state of the reports of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportStatus {
    /// The time zone.
    pub time_zone: SiteTimeZone,
    /// The start of the first day that is not closed. `None` before the first dated event.
    pub open_since: Option<Timestamp>,
    /// The visits that came after their day was closed.
    pub late_events: u64,
    /// The first day whose session rows are kept. `None` if none were erased.
    pub first_session_day: Option<Day>,
}

impl ReportStatus {
    /// Returns the state of a site without events.
    #[must_use]
    pub const fn new(time_zone: SiteTimeZone) -> Self {
        Self {
            time_zone,
            open_since: None,
            late_events: 0,
            first_session_day: None,
        }
    }
}
