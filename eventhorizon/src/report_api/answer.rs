use std::{borrow::Cow, collections::BTreeMap};

use horizon_core::reports::{Row, SiteTimeZone, Table};
use serde::Serialize;
use serde_json::Value;

use super::{
    body::{DirectionName, IncludedParts, RowSelection},
    request::QueryRequest,
    values,
    warnings::{self, MetricWarning},
};

/// The answer to a query.
#[derive(Serialize)]
pub(crate) struct QueryAnswer {
    results: Vec<AnswerRow>,
    meta: AnswerMeta,
    query: ExecutedQuery,
}

#[derive(Serialize)]
struct AnswerRow {
    dimensions: Vec<String>,
    metrics: Vec<Value>,
}

#[derive(Serialize)]
struct AnswerMeta {
    /// The zone of days, hours and time labels.
    time_zone: String,
    #[serde(flatten)]
    imports: Option<ImportsWarning>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metric_warnings: BTreeMap<&'static str, MetricWarning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_rows: Option<usize>,
    /// Whether some values count as "(other)".
    has_other: bool,
}

/// That there are no imported numbers, if the query asks for them.
#[derive(Serialize)]
struct ImportsWarning {
    imports_included: bool,
    imports_skip_reason: &'static str,
    imports_warning: &'static str,
}

const NO_IMPORTS: ImportsWarning = ImportsWarning {
    imports_included: false,
    imports_skip_reason: "no_imported_data",
    imports_warning: "This site has no imported numbers.",
};

/// The query as it was executed.
#[derive(Serialize)]
struct ExecutedQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    site_id: Option<String>,
    metrics: Vec<&'static str>,
    date_range: [String; 2],
    filters: Vec<Value>,
    dimensions: Vec<&'static str>,
    order_by: Vec<(&'static str, DirectionName)>,
    include: IncludedParts,
    pagination: RowSelection,
}

impl QueryAnswer {
    /// Returns the answer to a request, from the table of its query.
    pub(super) fn new(
        request: QueryRequest,
        table: &Table,
        time_labels: Option<Vec<String>>,
        zone: &SiteTimeZone,
    ) -> Self {
        let row = |row: &Row| AnswerRow::new(row, &request, zone);
        let results = table.rows.iter().map(row).collect();
        let meta = AnswerMeta {
            time_zone: zone.name().to_owned(),
            imports: request.include.imports.then_some(NO_IMPORTS),
            metric_warnings: warnings::of_metrics(table),
            time_labels,
            total_rows: request.include.total_rows.then_some(table.total_rows),
            has_other: table.has_other,
        };
        Self {
            results,
            meta,
            query: ExecutedQuery::new(request),
        }
    }
}

impl AnswerRow {
    fn new(row: &Row, request: &QueryRequest, zone: &SiteTimeZone) -> Self {
        let dimensions = request.dimensions.iter().zip(&row.dimensions);
        let metrics = request.query().metrics.iter().zip(&row.metrics);
        Self {
            dimensions: dimensions
                .map(|(named, value)| named.text(value, zone))
                .map(Cow::into_owned)
                .collect(),
            metrics: metrics
                .map(|(metric, value)| values::to_json(*metric, *value))
                .collect(),
        }
    }
}

impl ExecutedQuery {
    fn new(request: QueryRequest) -> Self {
        let query = request.query();
        Self {
            metrics: query.metrics.iter().map(|metric| metric.name()).collect(),
            date_range: [query.range.first.to_string(), query.range.last.to_string()],
            dimensions: request.dimensions.iter().map(|named| named.name).collect(),
            site_id: request.site_id,
            filters: request.filters,
            order_by: request.order,
            include: request.include,
            pagination: request.pagination,
        }
    }
}
