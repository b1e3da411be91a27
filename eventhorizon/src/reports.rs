//! Reports: questions about the past.

use std::{num::NonZeroUsize, time::Duration};

use horizon_core::reports::{
    DayRange, Dimension, Metric, PartialTable, Query, ReportError, Reports, ReportsExt as _, SiteTimeZone, Table, Value,
};
use horizon_core::{Day, Error, Slug};
use tokio::time::timeout;

use crate::{Horizon, Problem, ProblemKind};

/// The time limit of a report: 30 seconds. The whole overview of a million sessions takes a tiny part of it.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// A page in an order of pages.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TopPage {
    /// The page. It may be one that the site no longer has.
    pub page: Slug,
    /// The value of the metric.
    pub value: Value,
}

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
        let reports = self.reports()?;
        within_time(reports.query(query)).await
    }

    /// Returns a report without the metrics that the store refuses.
    pub(crate) async fn report_known_metrics(&self, query: Query) -> Result<PartialTable, ReportError> {
        let reports = self.reports()?;
        within_time(reports.query_known_metrics(query)).await
    }

    fn reports(&self) -> Result<&dyn Reports, ReportError> {
        let reports = self.0.ports.stats.reports();
        reports.ok_or_else(|| Error::permanent("the store of this site keeps no reports").into())
    }

    /// Returns the pages with the highest values of a metric in a range of days, at most `limit`. Pages with equal
    /// values are in the order of their names.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{DayRange, Horizon, Metric, Slug};
    ///
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let month = DayRange::ending(horizon.today(), 30);
    /// for top in horizon.top(Metric::Visitors, month, 10).await? {
    ///     println!("{} {}", top.page, Metric::Visitors.format(top.value));
    /// }
    /// # horizon.close().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn top(&self, metric: Metric, range: DayRange, limit: usize) -> Result<Vec<TopPage>, ReportError> {
        let Some(limit) = NonZeroUsize::new(limit) else {
            return Ok(Vec::new());
        };
        let query = Query::new(range).metrics([metric]).dimensions([Dimension::Page]);
        let rows = self.report(&query.limit(limit)).await?.rows.into_iter();
        let pages = rows.filter_map(|row| {
            let page = Slug::new(row.dimensions.first()?).ok()?;
            Some(TopPage {
                page,
                value: *row.metrics.first()?,
            })
        });
        Ok(pages.collect())
    }

    /// Returns the first day with a pageview, a like or a comment, or `None` if there is none until today. A reader may
    /// have liked a page before its first pageview.
    pub(crate) async fn first_report_day(&self) -> Result<Option<Day>, ReportError> {
        let days = DayRange::new(Day::default(), self.today());
        let query = Query::new(days)
            .metrics([Metric::Pageviews, Metric::Likes, Metric::Comments])
            .dimensions([Dimension::Day]);
        let table = self.report(&query.limit(NonZeroUsize::MIN)).await?;
        let first = table.rows.first().and_then(|row| row.dimensions.first());
        Ok(first.and_then(|day| day.parse().ok()))
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

async fn within_time<T>(report: impl Future<Output = Result<T, ReportError>>) -> Result<T, ReportError> {
    let late = |elapsed| {
        Err(Error::unavailable("the report was not ready in time")
            .with_source(elapsed)
            .into())
    };
    timeout(REPORT_TIMEOUT, report).await.unwrap_or_else(late)
}

/// The longest range that is divided into days, in days: a quarter.
const MAX_DAYS_BY_DAY: u64 = 93;

/// Returns the period of time that divides a range into a readable number of rows.
pub(crate) fn time_step(range: DayRange) -> Dimension {
    match range.days() {
        0..=1 => Dimension::Hour,
        2..=MAX_DAYS_BY_DAY => Dimension::Day,
        _ => Dimension::Month,
    }
}

/// A refused query is an [`InvalidQuery`](ProblemKind::InvalidQuery), also one whose sessions are erased.
impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Store(error) => error.into(),
            error => Self::new(ProblemKind::InvalidQuery).detail(format!("The report has no answer: {error}.")),
        }
    }
}
