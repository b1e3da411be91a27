//! Reports as JSON.

use horizon_core::reports::Value;
use serde_json::{Map, json};

use super::answer::Answer;

/// Returns the report as one JSON object.
///
/// # Errors
/// It cannot be encoded.
pub(super) fn report_json(answer: &Answer) -> anyhow::Result<String> {
    let table = &answer.table;
    let rows = table.rows.iter().map(|row| {
        let dimensions = table.dimensions.iter().zip(&row.dimensions);
        let dimensions = dimensions.map(|(dimension, value)| (dimension.name().to_owned(), json!(value.as_ref())));
        let metrics = table.metrics.iter().zip(&row.metrics);
        let metrics = metrics.map(|(metric, value)| (metric.name().to_owned(), json_value(*value)));
        dimensions.chain(metrics).collect::<Map<_, _>>()
    });
    let names = |names: &[horizon_core::reports::Metric]| names.iter().map(|metric| metric.name()).collect::<Vec<_>>();
    let report = json!({
        "first_day": answer.query.range.first.to_string(),
        "last_day": answer.query.range.last.to_string(),
        "time_zone": answer.status.time_zone.name(),
        "dimensions": table.dimensions.iter().map(|dimension| dimension.name()).collect::<Vec<_>>(),
        "metrics": names(&table.metrics),
        "left_out": names(&answer.left_out),
        "rows": rows.collect::<Vec<_>>(),
        "total_rows": table.total_rows,
        "has_other": table.has_other,
        "sums_daily_visitors": table.sums_daily_visitors,
    });
    Ok(serde_json::to_string(&report)? + "\n")
}

fn json_value(value: Value) -> serde_json::Value {
    match value {
        Value::Count(count) => json!(count),
        Value::Ratio { numerator, denominator } => json!({ "numerator": numerator, "denominator": denominator }),
        Value::Median(median) => json!(median),
        _ => serde_json::Value::Null,
    }
}
