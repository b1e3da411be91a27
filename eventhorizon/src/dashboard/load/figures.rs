use horizon_core::reports::{Metric, Query, ReportError, Value};

use super::{
    Loader,
    source::{Lacks, Reply},
};
use crate::dashboard::model::{Figure, Shown};

/// The values of a query without dimensions, by metric.
type FigureValues = Vec<(Metric, Value)>;

/// The figures, and the share of the sessions of readers without a key.
pub(super) struct LoadedFigures {
    pub(super) figures: Vec<Figure>,
    pub(super) anonymous_share: Option<Value>,
    pub(super) lacks: Lacks,
}

impl Loader<'_> {
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn figures(&self) -> Result<LoadedFigures, ReportError> {
        let metrics = self.selection.figures();
        let query = self.query(self.period.range).metrics(metrics.iter().copied());
        let with_share = query
            .clone()
            .metrics(metrics.iter().copied().chain(self.anonymous_share()));
        let previous = async || match self.previous() {
            Some(range) => {
                let query = self.query(range).metrics(metrics.iter().copied());
                self.values(query).await.map(Some)
            }
            None => Ok(None),
        };
        let of_site = async || match self.selection.of_site() {
            [] => Ok(<(FigureValues, Lacks)>::default()),
            metrics => {
                let query = Query::new(self.period.range).metrics(metrics.iter().copied());
                self.values(query).await
            }
        };
        let (current, previous, of_site) = tokio::try_join!(self.values(query), previous(), of_site())?;
        let ((values, mut lacks), (of_site, _)) = (current, of_site);
        let (previous, lacks_before) = previous.unzip();
        lacks.merge(lacks_before.unwrap_or_default());
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
            lacks,
        })
    }

    /// Returns the share if it costs nothing: sessions are read anyway.
    fn anonymous_share(&self) -> Option<Metric> {
        let figures = self.selection.figures();
        figures.contains(&Metric::Visits).then_some(Metric::AnonymousShare)
    }

    async fn values(&self, query: Query) -> Result<(FigureValues, Lacks), ReportError> {
        let (replies, lacks) = self.source.query_figures(query).await?;
        Ok((replies.iter().flat_map(values_of).collect(), lacks))
    }
}

fn values_of(reply: &Reply) -> impl Iterator<Item = (Metric, Value)> {
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
