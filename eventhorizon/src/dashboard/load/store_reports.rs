use horizon_core::{
    Day, Error,
    reports::{Capabilities, FirstDay, Metric, Query, Refusal, ReportError, Reports, ReportsExt as _, Table},
};

use crate::Horizon;

/// What a store answers to queries of the dashboard.
pub(super) struct StoreReports<'a> {
    reports: &'a dyn Reports,
    capabilities: Capabilities,
}

/// The answer to a query, or the reason why the store has no answer.
#[derive(Debug, Default)]
pub(super) struct ReportReply {
    pub(super) table: Option<Table>,
    pub(super) missing: MissingNumbers,
}

/// The numbers that a page does not have, and why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct MissingNumbers {
    /// The metrics that the store does not have.
    pub(super) metrics: Vec<Metric>,
    /// Why the store refuses a query as a whole.
    pub(super) refusal: Option<Refusal>,
    /// The first day whose sessions are kept, if a query needs sessions before it.
    pub(super) sessions_before: Option<Day>,
}

impl<'a> StoreReports<'a> {
    /// # Errors
    /// The store keeps no reports.
    pub(super) fn new(horizon: &'a Horizon) -> Result<Self, ReportError> {
        let none = || ReportError::Store(Error::permanent("the store of this site keeps no reports"));
        let reports = horizon.ports().stats.reports().ok_or_else(none)?;
        Ok(Self {
            reports,
            capabilities: reports.capabilities(),
        })
    }

    pub(super) const fn reports(&self) -> &'a dyn Reports {
        self.reports
    }

    /// Returns whether the store answers the query. It may have erased the sessions that it needs.
    pub(super) fn can_answer(&self, query: &Query) -> bool {
        query.needs_session_rows(&self.capabilities).is_ok()
    }

    /// Returns whether the store answers the query with the first of its metrics, which orders the rows.
    pub(super) fn can_answer_some(&self, query: &Query) -> bool {
        query
            .metrics
            .first()
            .is_some_and(|metric| self.can_answer(&with_metric(query, *metric)))
    }

    /// Returns what the store does not have to answer the query.
    pub(super) fn missing(&self, query: &Query) -> MissingNumbers {
        let mut missing = MissingNumbers::default();
        for metric in &query.metrics {
            if let Err(refusal) = with_metric(query, *metric).needs_session_rows(&self.capabilities) {
                missing.add(refusal);
            }
        }
        missing
    }

    /// Asks the store, without the metrics that it does not have.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn query(&self, mut query: Query) -> Result<ReportReply, ReportError> {
        let missing = self.missing(&query);
        let known = query.metrics.iter().copied();
        query.metrics = known
            .filter(|metric| self.can_answer(&with_metric(&query, *metric)))
            .collect();
        if query.metrics.is_empty() {
            return Ok(ReportReply { table: None, missing });
        }
        self.query_known(query, missing).await
    }

    async fn query_known(&self, query: Query, mut missing: MissingNumbers) -> Result<ReportReply, ReportError> {
        let table = match self.reports.query_known_metrics(query).await {
            Ok(answer) => {
                missing.merge(MissingNumbers {
                    metrics: answer.left_out,
                    ..MissingNumbers::default()
                });
                Some(answer.table)
            }
            Err(ReportError::RowsExpired { first: FirstDay(first) }) => {
                missing.sessions_before = Some(first);
                None
            }
            Err(ReportError::Refused(refusal)) => {
                missing.add(refusal);
                None
            }
            Err(error) => return Err(error),
        };
        Ok(ReportReply { table, missing })
    }

    /// Asks the store in two queries: one that needs the rows of sessions, and one that does not, so that its metrics
    /// outlive them. The query has no dimensions.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn query_figures(&self, query: Query) -> Result<(Vec<ReportReply>, MissingNumbers), ReportError> {
        let needs_sessions =
            |metric: &Metric| with_metric(&query, *metric).needs_session_rows(&self.capabilities) == Ok(true);
        let (of_sessions, of_buckets) = query.metrics.iter().copied().partition(needs_sessions);
        let part = async |metrics: Vec<Metric>| match metrics.is_empty() {
            true => Ok(ReportReply::default()),
            false => self.query(query.clone().metrics(metrics)).await,
        };
        let (of_buckets, of_sessions) = tokio::try_join!(part(of_buckets), part(of_sessions))?;
        let mut missing = MissingNumbers::default();
        let mut replies = vec![of_buckets, of_sessions];
        for reply in &mut replies {
            missing.merge(std::mem::take(&mut reply.missing));
        }
        Ok((replies, missing))
    }
}

impl MissingNumbers {
    /// Adds why a query is refused, unless no store answers it.
    fn add(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Metric(metric) => self.metrics.push(metric),
            Refusal::Dimension(_) | Refusal::Filter { .. } | Refusal::TwoDimensions(..) => {
                self.refusal = self.refusal.take().or(Some(refusal));
            }
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        for metric in other.metrics {
            if !self.metrics.contains(&metric) {
                self.metrics.push(metric);
            }
        }
        self.refusal = self.refusal.take().or(other.refusal);
        self.sessions_before = self.sessions_before.max(other.sessions_before);
    }
}

fn with_metric(query: &Query, metric: Metric) -> Query {
    query.clone().metrics([metric])
}
