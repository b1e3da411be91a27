//! Reports: questions about the past.

use std::time::Duration;

use horizon_core::reports::{Query, ReportError, SiteTimeZone, Table};
use horizon_core::{Day, Error};
use tokio::time::timeout;

use crate::Horizon;

/// The time limit of a report: 30 seconds. The whole overview of a million sessions takes a tiny part of it.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

impl Horizon {
    /// Returns a report: metrics of a range of days, grouped by dimensions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{DayRange, Dimension, Horizon, Metric, Query, Slug};
    ///
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let week = DayRange::ending(horizon.today(), 7);
    /// let query = Query::new(week).metrics([Metric::Visitors, Metric::Pageviews]).dimensions([Dimension::Page]);
    /// for row in horizon.report(&query.limit(10.try_into()?)).await?.rows {
    ///     println!("{}: {:?}", row.dimensions[0], row.metrics);
    /// }
    /// # horizon.close().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The store keeps no reports, refuses the query by name, has erased the sessions that it needs, or does not
    /// respond within 30 seconds.
    pub async fn report(&self, query: &Query) -> Result<Table, ReportError> {
        let Some(reports) = self.0.ports.stats.reports() else {
            return Err(ReportError::Store(Error::permanent(
                "the store of this site keeps no reports",
            )));
        };
        let late = |elapsed| {
            let error = Error::unavailable("the report was not ready in time").with_source(elapsed);
            Err(ReportError::Store(error))
        };
        timeout(REPORT_TIMEOUT, reports.query(query)).await.unwrap_or_else(late)
    }

    /// Returns the time zone of the site, which [`Builder::time_zone`](crate::Builder::time_zone) sets.
    #[must_use]
    pub fn time_zone(&self) -> &SiteTimeZone {
        self.0.backend.reports_check().time_zone()
    }

    /// Returns the current day in the time zone of the site, for the range of a [`Query`].
    #[must_use]
    pub fn today(&self) -> Day {
        self.time_zone().day_of(self.0.clock.now())
    }
}
