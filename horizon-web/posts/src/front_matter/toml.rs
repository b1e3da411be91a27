//! Parses TOML.

use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

use super::{
    FileIssue,
    format::FrontMatterFormat,
    tree::{FieldValue, FrontMatterField, LocatedValue, ParsedFields},
};

/// Parses a table that starts on `first_line` of the file.
pub(super) fn parse(toml: &str, first_line: usize) -> ParsedFields {
    let lines = LineIndex::new(toml, first_line);
    let table = DeTable::parse(toml).map_err(|error| syntax_issue(&error, &lines))?;
    Ok(fields(table.get_ref(), &lines))
}

fn syntax_issue(error: &Error, lines: &LineIndex) -> FileIssue {
    let line = error.span().map_or(1, |span| lines.line(span.start));
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    FrontMatterFormat::Toml.syntax_issue(line, &message)
}

/// The line of each byte of a text.
struct LineIndex {
    first_line: usize,
    /// The offsets of the line ends.
    ends: Vec<usize>,
}

impl LineIndex {
    fn new(text: &str, first_line: usize) -> Self {
        Self {
            first_line,
            ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        }
    }

    /// Returns the line in the file.
    fn line(&self, offset: usize) -> usize {
        self.first_line + self.ends.partition_point(|end| *end < offset)
    }
}

fn fields(table: &DeTable<'_>, lines: &LineIndex) -> Vec<FrontMatterField> {
    let field = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| FrontMatterField {
        name: AsRef::<str>::as_ref(name.get_ref()).trim().to_owned(),
        line: lines.line(name.span().start),
        value: located(value, lines),
    };
    let mut fields: Vec<FrontMatterField> = table.iter().map(field).collect();
    // The table is in the order of its keys.
    fields.sort_by_key(|field| field.line);
    fields
}

/// The nesting of a value is bounded by the parser.
fn located(value: &Spanned<DeValue<'_>>, lines: &LineIndex) -> LocatedValue {
    let line = lines.line(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => FieldValue::text(text),
        DeValue::Integer(number) => FieldValue::text(number.as_str()),
        DeValue::Float(number) => FieldValue::text(number.as_str()),
        DeValue::Boolean(flag) => FieldValue::Text(flag.to_string()),
        DeValue::Datetime(date) => FieldValue::Text(date.to_string()),
        DeValue::Array(items) => FieldValue::List(items.iter().map(|item| located(item, lines)).collect()),
        DeValue::Table(table) => FieldValue::Mapping(fields(table, lines)),
    };
    LocatedValue { line, value }
}
