use async_trait::async_trait;

use super::{Metric, OrderBy, Query, Refusal, ReportError, Reports, Table};

/// Conveniences over any [`Reports`].
#[async_trait]
pub trait ReportsExt: Reports {
    /// Returns the answer without the metrics that the store refuses.
    ///
    /// ```
    /// # async fn doc(reports: &dyn horizon_core::reports::Reports, query: horizon_core::reports::Query)
    /// # -> Result<(), horizon_core::reports::ReportError> {
    /// use horizon_core::reports::ReportsExt;
    ///
    /// let answer = reports.query_known_metrics(query).await?;
    /// println!("{} rows, without {:?}", answer.table.rows.len(), answer.left_out);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The store refuses the query for another reason, refuses every metric or one that orders the rows, or cannot be
    /// read.
    async fn query_known_metrics(&self, mut query: Query) -> Result<PartialTable, ReportError> {
        let mut left_out = Vec::new();
        loop {
            let refusal = match self.query(&query).await {
                Ok(table) => return Ok(PartialTable { query, table, left_out }),
                Err(ReportError::Refused(refusal)) => refusal,
                Err(error) => return Err(error),
            };
            let refused = refusal.metric().filter(|metric| can_leave_out(&query, *metric));
            let Some(metric) = refused else {
                return Err(refusal.into());
            };
            query.metrics.retain(|other| *other != metric);
            left_out.push(metric);
        }
    }
}

impl<R: Reports + ?Sized> ReportsExt for R {}

/// An answer without the metrics that the store refused.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PartialTable {
    /// The query without the metrics that were left out.
    pub query: Query,
    /// Its answer.
    pub table: Table,
    /// The metrics that were left out.
    pub left_out: Vec<Metric>,
}

impl Refusal {
    /// Returns the metric because of which the query is refused, if there is one.
    #[must_use]
    pub const fn metric(&self) -> Option<Metric> {
        match self {
            Self::Metric(metric) | Self::Grouping { metric, .. } | Self::Filtering { metric, .. } => Some(*metric),
            _ => None,
        }
    }
}

fn can_leave_out(query: &Query, metric: Metric) -> bool {
    let orders = query.order.iter().any(|(by, _)| *by == OrderBy::Metric(metric));
    query.metrics.contains(&metric) && query.metrics.len() > 1 && !orders
}
