use std::path::Path;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::{ServedReports, TOKEN, printed_report, run};

/// The questions of the client with the same one to `horizon-accumulator report`. The days are `FIRST` to `LAST`, and
/// the last week starts with `WEEK`.
const QUESTIONS: [(&str, &str); 10] = [
    (
        "aggregate",
        "-m visitors,visits,pageviews,views_per_visit,bounce_rate,visit_duration --from WEEK --to LAST",
    ),
    ("custom date range", "-m visits,pageviews --from FIRST --to LAST"),
    (
        "countries",
        "-m visitors,pageviews,bounce_rate --by country --filter country!= --from WEEK --to LAST",
    ),
    (
        "medium and source",
        "-m visitors,pageviews --by medium,source --from WEEK --to LAST",
    ),
    (
        "page and country",
        "-m visitors --filter page~docs/,pricing --filter country=EE,US --from WEEK --to LAST",
    ),
    ("timeseries", "-m visitors,pageviews --by day --from WEEK --to LAST"),
    ("pages", "-m visitors,pageviews --by page --from WEEK --to LAST"),
    (
        "entry pages",
        "-m visits,bounce_rate --by entry_page --order entry_page:desc --from WEEK --to LAST",
    ),
    ("goals", "-m events --by event --from WEEK --to LAST"),
    (
        "our own metrics",
        "-m likes,comments,finished_share,median_time_on_page --by page --from WEEK --to LAST",
    ),
];

#[tokio::test]
async fn a_client_of_plausible_gets_the_numbers_of_the_reports() -> anyhow::Result<()> {
    let site = ServedReports::start().await?;
    let [week, first, last] = site.days();
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_api/client.py");
    let mut python = Command::new("python3");
    python.arg(client).arg(site.url()).args([&first, &last]);
    let answers = run(python.env("HORIZON_REPORTS_TOKEN", TOKEN), "python3").await?;
    let answers: Value = serde_json::from_str(&answers)?;
    ensure!(
        answers.as_object().map(serde_json::Map::len) == Some(QUESTIONS.len()),
        "{answers}"
    );
    for (question, arguments) in QUESTIONS {
        let arguments = arguments
            .replace("WEEK", &week)
            .replace("FIRST", &first)
            .replace("LAST", &last);
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let report = printed_report(&site.database(), &arguments).await?;
        let expected = rows(&report).with_context(|| question)?;
        ensure!(!expected.is_empty(), "{question} has no rows");
        let rows = answers[question].as_array().with_context(|| question)?;
        ensure!(are_equal(rows, &expected), "{question}: {rows:?} is not {expected:?}");
    }
    site.stop().await
}

/// Returns the rows of a printed report in the form and the units of Plausible.
fn rows(report: &Value) -> Option<Vec<Value>> {
    let names = |list: &str| {
        report[list]
            .as_array()?
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
    };
    let (dimensions, metrics) = (names("dimensions")?, names("metrics")?);
    let rows = report["rows"].as_array()?.iter().map(|row| {
        let dimensions = dimensions.iter().map(|name| row[name].clone());
        dimensions
            .chain(metrics.iter().map(|name| in_unit(name, &row[name])))
            .collect()
    });
    Some(rows.collect())
}

/// Returns whether rows have the same values. The parser of JSON rounds fractions in their last digit.
fn are_equal(rows: &[Value], expected: &[Value]) -> bool {
    let is_equal = |(value, expected): (&Value, &Value)| match (value.as_f64(), expected.as_f64()) {
        (Some(value), Some(expected)) => (value - expected).abs() <= 1e-9 * expected.abs(),
        _ => value == expected,
    };
    let cells = |row: &Value| row.as_array().cloned().unwrap_or_default();
    rows.len() == expected.len()
        && rows.iter().zip(expected).all(|(row, expected)| {
            let (row, expected) = (cells(row), cells(expected));
            row.len() == expected.len() && row.iter().zip(&expected).all(is_equal)
        })
}

fn in_unit(metric: &str, value: &Value) -> Value {
    let part = |name: &str| value[name].as_f64();
    let (Some(numerator), Some(denominator)) = (part("numerator"), part("denominator")) else {
        return value.clone();
    };
    match metric {
        _ if denominator == 0.0 => Value::Null,
        "bounce_rate" | "finished_share" => Value::from(100.0 * numerator / denominator),
        #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
        "visit_duration" => Value::from((numerator / denominator).round() as i64),
        _ => Value::from(numerator / denominator),
    }
}
