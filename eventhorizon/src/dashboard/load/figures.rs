use horizon_core::reports::{Metric, Query, ReportError, Value};

use super::{
    DashboardLoader,
    store_reports::{MissingNumbers, ReportReply},
};
use crate::dashboard::model::{Figure, Shown};

/// The values of a query without dimensions, by metric.
type FigureValues = Vec<(Metric, Value)>;

/// The figures, and the share of the sessions of readers without a key.
pub(super) struct LoadedFigures {
    pub(super) figures: Vec<Figure>,
    pub(super) anonymous_share: Option<Value>,
    pub(super) missing: MissingNumbers,
}

impl DashboardLoader<'_> {
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn figures(&self) -> Result<LoadedFigures, ReportError> {
        let metrics = self.scope.figures();
        let with_share = metrics.iter().copied().chain(self.anonymous_share());
        let query = self.query(self.period.range).metrics(with_share);
        let previous = async || match self.previous() {
            Some(range) => {
                let query = self.query(range).metrics(metrics.iter().copied());
                self.values(query).await.map(Some)
            }
            None => Ok(None),
        };
        let of_site = async || match self.scope.of_site() {
            [] => Ok(<(FigureValues, MissingNumbers)>::default()),
            metrics => {
                let query = Query::new(self.period.range).metrics(metrics.iter().copied());
                self.values(query).await
            }
        };
        let (current, previous, of_site) = tokio::try_join!(self.values(query), previous(), of_site())?;
        let ((values, mut missing), (of_site, _)) = (current, of_site);
        let (previous, missing_before) = previous.unzip();
        missing.merge(missing_before.unwrap_or_default());
        let figure = |(metric, value): &(Metric, Value)| Figure {
            metric: *metric,
            value: Shown::Value(*value),
            previous: previous.as_ref().and_then(|values| value_of(values, *metric)),
            of_site: value_of(&of_site, *metric),
        };
        let shown = values.iter().filter(|(metric, _)| metrics.contains(metric));
        let mut figures: Vec<Figure> = shown.map(figure).collect();
        figures.sort_by_key(|figure| metrics.iter().position(|metric| *metric == figure.metric));
        let share = values.iter().find(|(metric, _)| *metric == Metric::AnonymousShare);
        Ok(LoadedFigures {
            figures,
            anonymous_share: share.map(|(_, value)| *value),
            missing,
        })
    }

    /// Returns the share if it costs nothing: sessions are read anyway.
    fn anonymous_share(&self) -> Option<Metric> {
        let figures = self.scope.figures();
        figures.contains(&Metric::Visits).then_some(Metric::AnonymousShare)
    }

    async fn values(&self, query: Query) -> Result<(FigureValues, MissingNumbers), ReportError> {
        let (replies, missing) = self.store.query_figures(query).await?;
        Ok((replies.iter().flat_map(values_of).collect(), missing))
    }
}

fn values_of(reply: &ReportReply) -> impl Iterator<Item = (Metric, Value)> {
    let tables = reply.table.iter();
    tables.flat_map(|table| {
        let values = table.rows.first().map(|row| row.metrics.as_slice()).unwrap_or_default();
        table.metrics.iter().copied().zip(values.iter().copied())
    })
}

fn value_of(values: &[(Metric, Value)], metric: Metric) -> Option<Shown> {
    let found = values.iter().find(|(other, _)| *other == metric);
    found.map(|(_, value)| Shown::Value(*value))
}
