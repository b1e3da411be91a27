use horizon_core::reports::{Metric, Query, ReportError, ReportStatus, Reports, ReportsExt as _, Table};

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
        query: Query,
        is_strict: bool,
        status: ReportStatus,
    ) -> Result<Self, ReportError> {
        let (query, table, left_out) = if is_strict {
            let table = reports.query(&query).await?;
            (query, table, Vec::new())
        } else {
            let answer = reports.query_known_metrics(query).await?;
            (answer.query, answer.table, answer.left_out)
        };
        Ok(Self {
            query,
            table,
            status,
            left_out,
        })
    }
}
