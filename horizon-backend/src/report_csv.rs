use std::borrow::Cow;

use horizon_core::{
    Error, Result,
    reports::{Table, Value},
};

/// The characters with which a spreadsheet recognizes a formula at the start of a cell.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// Returns a table as comma-separated values (RFC 4180, with line feeds), without rounding. Unknown values are empty. A
/// text that a spreadsheet would execute as a formula has an apostrophe in front: anybody can make up a referrer or a
/// campaign.
///
/// ```
/// use horizon_backend::report_csv;
/// use horizon_core::reports::{Dimension, Metric, Row, Table, Value};
///
/// let mut table = Table::default();
/// (table.dimensions, table.metrics) = (vec![Dimension::Campaign], vec![Metric::Visitors]);
/// table.rows.push(Row::new(vec!["=1+1".into()], vec![Value::Count(3)]));
/// assert_eq!(report_csv(&table)?, "campaign,visitors\n'=1+1,3\n");
/// # Ok::<(), horizon_core::Error>(())
/// ```
///
/// # Errors
/// The table cannot be encoded.
pub fn report_csv(table: &Table) -> Result<String> {
    let failed = |error| Error::permanent("a report cannot be encoded as CSV").with_source(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = table.dimensions.iter().map(|dimension| dimension.name());
    let names = names.chain(table.metrics.iter().map(|metric| metric.name()));
    writer.write_record(names).map_err(failed)?;
    for row in &table.rows {
        let dimensions = row.dimensions.iter().map(|value| without_formula(value));
        let metrics = row.metrics.iter().copied().map(exact).map(Cow::Owned);
        let fields: Vec<Cow<'_, str>> = dimensions.chain(metrics).collect();
        writer
            .write_record(fields.iter().map(|field| field.as_bytes()))
            .map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| Error::permanent("a report cannot be encoded as CSV").with_source(error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| Error::permanent("a report is not UTF-8").with_source(error))
}

fn without_formula(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA_STARTS) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

fn exact(value: Value) -> String {
    match value {
        Value::Count(count) => count.to_string(),
        value => value.to_f64().map(|number| number.to_string()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use horizon_core::reports::{Dimension, Metric, Row};

    use super::*;

    fn table(campaigns: &[&str], value: Value) -> Table {
        let mut table = Table::default();
        (table.dimensions, table.metrics) = (vec![Dimension::Campaign], vec![Metric::Likes]);
        let row = |text: &&str| Row::new(vec![(*text).into()], vec![value]);
        table.rows = campaigns.iter().map(row).collect();
        table
    }

    #[test]
    fn a_spreadsheet_executes_no_text_of_a_row() {
        let table = table(&["=1+1", "+1", "-1", "@sum", "\t=1", "a=1", ""], Value::Count(-1));
        let expected = "campaign,likes\n'=1+1,-1\n'+1,-1\n'-1,-1\n'@sum,-1\n'\t=1,-1\na=1,-1\n,-1\n";
        assert_eq!(report_csv(&table).unwrap(), expected);
    }

    #[test]
    fn a_text_stays_in_its_cell() {
        let table = table(&["a,b", "say \"hi\"", "two\nlines", "\r=1", "é"], Value::Median(None));
        let expected = "campaign,likes\n\"a,b\",\n\"say \"\"hi\"\"\",\n\"two\nlines\",\n\"'\r=1\",\né,\n";
        assert_eq!(report_csv(&table).unwrap(), expected);
    }

    #[test]
    fn shares_are_not_rounded_and_unknown_ones_are_empty() {
        let share = |numerator, denominator| Value::Ratio { numerator, denominator };
        assert_eq!(
            report_csv(&table(&["a"], share(1, 3))).unwrap(),
            "campaign,likes\na,0.3333333333333333\n"
        );
        assert_eq!(report_csv(&table(&["a"], share(0, 0))).unwrap(), "campaign,likes\na,\n");
    }
}
