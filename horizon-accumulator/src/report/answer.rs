use horizon_core::reports::{Metric, OrderBy, Query, Refusal, ReportError, ReportStatus, Reports, Table};

/// A report of a store.
pub(super) struct Answer {
    /// What was asked, without the metrics that the store does not have.
    pub(super) query: Query,
    pub(super) table: Table,
    pub(super) status: ReportStatus,
    /// The metrics that were left out.
    pub(super) left_out: Vec<Metric>,
}

impl Answer {
    /// Asks the store. Unless `is_strict`, metrics that it refuses are left out.
    ///
    /// # Errors
    /// The store refuses the query or cannot be read.
    pub(super) async fn read(
        reports: &dyn Reports,
        mut query: Query,
        is_strict: bool,
        status: ReportStatus,
    ) -> Result<Self, ReportError> {
        let mut left_out = Vec::new();
        loop {
            let refusal = match reports.query(&query).await {
                Ok(table) => {
                    return Ok(Self {
                        query,
                        table,
                        status,
                        left_out,
                    });
                }
                Err(ReportError::Refused(refusal)) if !is_strict => refusal,
                Err(error) => return Err(error),
            };
            let refused = refused_metric(&refusal).filter(|metric| can_leave_out(&query, *metric));
            let Some(metric) = refused else {
                return Err(refusal.into());
            };
            query.metrics.retain(|other| *other != metric);
            left_out.push(metric);
        }
    }
}

/// Returns the metric because of which a query was refused.
fn refused_metric(refusal: &Refusal) -> Option<Metric> {
    match refusal {
        Refusal::Metric(metric) | Refusal::Grouping { metric, .. } | Refusal::Filtering { metric, .. } => Some(*metric),
        _ => None,
    }
}

fn can_leave_out(query: &Query, metric: Metric) -> bool {
    let orders = query.order.iter().any(|(by, _)| *by == OrderBy::Metric(metric));
    query.metrics.contains(&metric) && query.metrics.len() > 1 && !orders
}
