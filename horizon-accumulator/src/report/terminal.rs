//! Reports for terminals.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, presets};
use horizon_core::clean_text;
use horizon_core::reports::{Dimension, Metric, OTHER_VALUE, Value};
use terminal_size::{Width, terminal_size};

use super::{
    answer::Answer,
    trend::{MAX_WIDTH, Trends, sparkline},
};

/// The number of characters between two columns.
const GAP: u16 = 2;

/// The minimum number of characters of a course. In less space it is left out.
const MIN_COURSE: usize = 7;

/// The number of characters of a course for which long names are shortened.
const GOOD_COURSE: usize = 10;

/// The number of characters to which names are shortened for a course.
const MIN_NAME: usize = 14;

/// Returns the number of characters in a line of the terminal. `None` if standard output is not a terminal.
pub(super) fn width() -> Option<u16> {
    terminal_size().map(|(Width(width), _)| width)
}

/// Returns a table in lines of at most `width` characters, and notes on what its numbers mean.
pub(super) fn write(answer: &Answer, trends: &Trends, width: Option<u16>) -> String {
    let range = answer.query.range;
    let zone = answer.status.time_zone.name();
    let mut text = match range.first == range.last {
        true => format!("{} ({zone})\n\n", range.first),
        false => format!("{} to {} ({zone})\n\n", range.first, range.last),
    };
    match answer.table.dimensions.is_empty() {
        true => text.push_str(&write_list(answer, trends)),
        false => text.push_str(&write_table(answer, trends, width)),
    }
    let notes = notes(answer);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

/// Returns the metrics of a report without dimensions, one in each line.
fn write_list(answer: &Answer, trends: &Trends) -> String {
    let mut table = new_table(None);
    let values = answer
        .table
        .rows
        .first()
        .map(|row| row.metrics.as_slice())
        .unwrap_or_default();
    let mut trends = trends.rows.iter();
    for (metric, value) in answer.table.metrics.iter().zip(values) {
        let trend = trends
            .next()
            .map(|values| sparkline(values, MAX_WIDTH))
            .unwrap_or_default();
        table.add_row([title(metric.name()), metric.format(*value), trend]);
    }
    align(&mut table, 1..2);
    lines(&table)
}

fn write_table(answer: &Answer, trends: &Trends, width: Option<u16>) -> String {
    let report = &answer.table;
    let names = report.dimensions.iter().map(|dimension| title(dimension.name()));
    let mut rows = vec![
        names
            .chain(report.metrics.iter().map(|metric| column_title(*metric)))
            .collect::<Vec<_>>(),
    ];
    rows.extend(report.rows.iter().map(|row| {
        let names = report.dimensions.iter().zip(&row.dimensions);
        let names = names.map(|(dimension, value)| format_name(answer, *dimension, value));
        let numbers = report.metrics.iter().zip(&row.metrics);
        names
            .chain(numbers.map(|(metric, value)| metric.format(*value)))
            .collect()
    }));
    let dimensions = report.dimensions.len();
    let courses = courses(answer, trends, course_width(&rows, dimensions, width));
    for (row, course) in rows.iter_mut().zip(courses) {
        row.push(course);
    }
    let mut table = new_table(width);
    let mut rows = rows.into_iter();
    table.set_header(line(rows.next().unwrap_or_default()));
    for row in rows {
        table.add_row(line(row));
    }
    align(&mut table, dimensions..dimensions + report.metrics.len());
    lines(&table)
}

/// Returns how many characters there are for courses after these columns, the first of which are names. 0 if they are
/// too few.
fn course_width(rows: &[Vec<String>], names: usize, width: Option<u16>) -> usize {
    let Some(width) = width else { return MAX_WIDTH };
    let column = |position: usize| {
        let cells = rows.iter().filter_map(|row| row.get(position));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0) + usize::from(GAP)
    };
    let columns = rows.first().map_or(0, Vec::len);
    let room = usize::from(width).saturating_sub((names..columns).map(column).sum());
    match room.saturating_sub((0..names).map(column).sum()) {
        left @ MIN_COURSE.. => left.min(MAX_WIDTH),
        _ if room >= GOOD_COURSE + names * (MIN_NAME + usize::from(GAP)) => GOOD_COURSE,
        _ => 0,
    }
}

/// Returns the last cells of the rows, including that of the header: sparklines, or bars of the rows of times.
fn courses(answer: &Answer, trends: &Trends, width: usize) -> Vec<String> {
    if width == 0 {
        return Vec::new();
    }
    let courses: Vec<String> = match answer.table.dimensions.as_slice() {
        [dimension] if dimension.is_time() => bars(answer, width),
        _ => trends.rows.iter().map(|values| sparkline(values, width)).collect(),
    };
    match courses.is_empty() {
        true => Vec::new(),
        false => std::iter::once(String::new()).chain(courses).collect(),
    }
}

/// Returns a row of one line.
fn line(cells: Vec<String>) -> Row {
    let mut row = Row::from(cells);
    row.max_height(1);
    row
}

fn new_table(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_truncation_indicator("…");
    match width {
        Some(width) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// Aligns these columns to the right. Only other columns are shortened where the terminal is narrow.
fn align(table: &mut Table, numbers: std::ops::Range<usize>) {
    let last = table.column_count().saturating_sub(1);
    for (position, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if position == last { 0 } else { GAP }));
        if position >= numbers.start {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if numbers.contains(&position) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Returns the lines of a table without spaces at their ends.
fn lines(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// Returns a bar for each row: the first metric relative to its greatest value.
fn bars(answer: &Answer, width: usize) -> Vec<String> {
    let first = |row: &horizon_core::reports::Row| row.metrics.first().and_then(|value| value.to_f64());
    let values: Vec<f64> = answer.table.rows.iter().map(|row| first(row).unwrap_or(0.0)).collect();
    let greatest = values.iter().copied().fold(0.0, f64::max);
    values.into_iter().map(|value| bar(value, greatest, width)).collect()
}

fn bar(value: f64, greatest: f64, width: usize) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the length is from 0 to `width`, which is small"
    )]
    let length = if value > 0.0 {
        (value / greatest * width as f64).ceil() as usize
    } else {
        0
    };
    "█".repeat(length.min(width))
}

/// Returns the short title of a metric's column.
fn column_title(metric: Metric) -> String {
    let short = match metric {
        Metric::ViewsPerVisit => "views/visit",
        Metric::BounceRate => "bounced",
        Metric::VisitDuration => "duration",
        Metric::AnonymousShare => "anonymous",
        Metric::Seconds => "time",
        Metric::TimeOnPage => "mean time",
        Metric::MedianTimeOnPage => "median time",
        Metric::FinishedShare => "finished",
        metric => return title(metric.name()),
    };
    short.to_owned()
}

/// Returns the name of a column for people, such as `bounce rate`.
/// Returns which numbers the report lacks, if there are any.
pub(super) fn left_out_note(answer: &Answer) -> Option<String> {
    let names: Vec<_> = answer.left_out.iter().copied().map(Metric::name).map(title).collect();
    let names = names.join(", ");
    (!names.is_empty()).then(|| format!("This store cannot show these numbers here: {names}."))
}

fn title(name: &str) -> String {
    name.replace('_', " ")
}

fn format_name(answer: &Answer, dimension: Dimension, value: &str) -> String {
    if dimension == Dimension::Hour {
        return local_hour(answer, value).unwrap_or_else(|| value.to_owned());
    }
    match clean_text(value).trim() {
        "" => "–".to_owned(),
        name => name.to_owned(),
    }
}

/// Returns the start of an hour on the clocks of the site, without the date if the report is of one day.
fn local_hour(answer: &Answer, hour: &str) -> Option<String> {
    let hour = hour
        .parse::<jiff::Timestamp>()
        .ok()?
        .in_tz(answer.status.time_zone.name())
        .ok()?;
    let is_one_day = answer.query.range.first == answer.query.range.last;
    let format = if is_one_day { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    Some(hour.strftime(format).to_string())
}

/// Returns what a reader of the numbers should know.
fn notes(answer: &Answer) -> Vec<String> {
    let (table, range) = (&answer.table, answer.query.range);
    let mut notes = Vec::new();
    if table.rows.is_empty() {
        notes.push("Nothing was counted in this range.".to_owned());
    }
    let (shown, all) = (table.rows.len(), table.total_rows);
    if shown < all {
        let all = Metric::Pageviews.format(Value::Count(i64::try_from(all).unwrap_or(i64::MAX)));
        notes.push(format!("The first {shown} of {all} rows; `--limit` shows more."));
    }
    if table.sums_daily_visitors {
        notes.push(
            "Visitors are the sum of the days: nobody is recognised on another day, so a reader of two days counts \
             twice."
                .to_owned(),
        );
    }
    if table.has_other {
        notes.push(format!(
            "{OTHER_VALUE} is the sum of the values beyond the first 1,000 of a dimension on a day."
        ));
    }
    if let Some(first) = answer.status.first_session_day.filter(|first| *first > range.first) {
        notes.push(format!(
            "The sessions before {first} are erased: filters work from that day on."
        ));
    }
    notes.extend(left_out_note(answer));
    notes
}
