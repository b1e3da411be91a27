use std::borrow::Cow;

use horizon_core::reports::{Table, Value};

/// The characters with which a spreadsheet recognizes a formula at the start of a cell.
const FORMULA_STARTS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The characters because of which a field is quoted (RFC 4180 §2).
const QUOTED: [char; 4] = ['"', ',', '\r', '\n'];

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
/// assert_eq!(report_csv(&table), "campaign,visitors\n'=1+1,3\n");
/// ```
#[must_use]
pub fn report_csv(table: &Table) -> String {
    let mut csv = String::new();
    let names = table.dimensions.iter().map(|dimension| dimension.name());
    let names = names.chain(table.metrics.iter().map(|metric| metric.name()));
    add_record(&mut csv, names.map(Cow::Borrowed));
    for row in &table.rows {
        let dimensions = row.dimensions.iter().map(|value| without_formula(value));
        let metrics = row.metrics.iter().copied().map(exact);
        add_record(&mut csv, dimensions.chain(metrics.map(Cow::Owned)));
    }
    csv
}

/// Adds a line with these fields.
fn add_record<'a>(csv: &mut String, fields: impl Iterator<Item = Cow<'a, str>>) {
    for (position, field) in fields.enumerate() {
        if position > 0 {
            csv.push(',');
        }
        if field.contains(QUOTED) {
            csv.push('"');
            csv.push_str(&field.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(&field);
        }
    }
    csv.push('\n');
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
        assert_eq!(report_csv(&table), expected);
    }

    #[test]
    fn a_text_stays_in_its_cell() {
        let table = table(&["a,b", "say \"hi\"", "two\nlines", "\r=1", "é"], Value::Median(None));
        let expected = "campaign,likes\n\"a,b\",\n\"say \"\"hi\"\"\",\n\"two\nlines\",\n\"'\r=1\",\né,\n";
        assert_eq!(report_csv(&table), expected);
    }

    #[test]
    fn shares_are_not_rounded_and_unknown_ones_are_empty() {
        let share = |numerator, denominator| Value::Ratio { numerator, denominator };
        assert_eq!(
            report_csv(&table(&["a"], share(1, 3))),
            "campaign,likes\na,0.3333333333333333\n"
        );
        assert_eq!(report_csv(&table(&["a"], share(0, 0))), "campaign,likes\na,\n");
    }
}
