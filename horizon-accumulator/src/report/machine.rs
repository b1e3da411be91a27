//! Reports for programs.

use anyhow::Context as _;
use horizon_core::reports::{Table, Value};
use serde_json::{Map, json};

use super::answer::Answer;

/// The characters with which a spreadsheet recognizes a formula at the start of a cell.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Returns the table as comma-separated values, without rounding. A text that a spreadsheet would execute as a formula
/// has an apostrophe in front: anybody can make up a referrer or a campaign.
///
/// # Errors
/// A row cannot be encoded.
pub(super) fn csv(table: &Table) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = table.dimensions.iter().map(|dimension| dimension.name());
    writer.write_record(names.chain(table.metrics.iter().map(|metric| metric.name())))?;
    for row in &table.rows {
        let dimensions = row.dimensions.iter().map(|value| without_formula(value));
        writer.write_record(dimensions.chain(row.metrics.iter().copied().map(exact)))?;
    }
    let bytes = writer.into_inner().context("the report cannot be encoded")?;
    Ok(String::from_utf8(bytes)?)
}

fn without_formula(text: &str) -> String {
    let apostrophe = if text.starts_with(FORMULA_STARTS) { "'" } else { "" };
    format!("{apostrophe}{text}")
}

fn exact(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        value => value.to_f64().map(|number| number.to_string()).unwrap_or_default(),
    }
}

/// Returns the report as one JSON object.
///
/// # Errors
/// It cannot be encoded.
pub(super) fn json(answer: &Answer) -> anyhow::Result<String> {
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

#[cfg(test)]
mod tests {
    use horizon_core::reports::{Dimension, Metric, Row};

    use super::*;

    #[test]
    fn a_spreadsheet_executes_no_text_of_a_row() {
        let mut table = Table::default();
        table.dimensions.push(Dimension::Campaign);
        table.metrics.push(Metric::Likes);
        let campaigns = ["=1+1", "+1", "-1", "@sum", "\t=1", "a=1", ""];
        let row = |text: &&str| Row::new(vec![(*text).into()], vec![Value::Count(-1)]);
        table.rows = campaigns.iter().map(row).collect();
        let expected = "campaign,likes\n'=1+1,-1\n'+1,-1\n'-1,-1\n'@sum,-1\n'\t=1,-1\na=1,-1\n,-1\n";
        assert_eq!(csv(&table).unwrap(), expected);
    }
}
