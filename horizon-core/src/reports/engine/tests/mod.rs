//! Small tables that are computed by hand.

mod buckets;
mod order;
mod reads;
mod refusals;
mod sessions;
mod times;

use std::sync::Arc;

use super::{AnswerError, answer};
use crate::reports::time_zone::HOUR_MILLIS;
use crate::reports::{
    Capabilities, Counts, DayRange, Dimension, Filter, FilterOperator, MemoryReportReader, Metric, PageRow, Query,
    SessionColumnsError, SessionId, SessionRow, SiteTimeZone, Table, Value,
};
use crate::{Day, Slug, Timestamp, Topic};

/// 2026-05-27, a Wednesday.
const DAY: Day = Day::from_number(20_600);

fn query(days: i64, metrics: &[Metric], dimensions: &[Dimension]) -> Query {
    let last = Day::from_number(DAY.number() + days - 1);
    let query = Query::new(DayRange::new(DAY, last));
    query
        .metrics(metrics.iter().copied())
        .dimensions(dimensions.iter().copied())
}

fn is(dimension: Dimension, value: &str) -> Filter {
    Filter::new(dimension, FilterOperator::Is, [value])
}

fn ask(reader: &MemoryReportReader, query: &Query) -> Result<Table, AnswerError<SessionColumnsError>> {
    answer(reader, query, &SiteTimeZone::utc(), &Capabilities::ALL, None)
}

/// Returns the rows as text: dimensions and values, separated by spaces, one row per line.
fn rows(reader: &MemoryReportReader, query: &Query) -> Vec<String> {
    texts(&ask(reader, query).unwrap())
}

fn texts(table: &Table) -> Vec<String> {
    let text = |row: &crate::reports::Row| {
        let dimensions = row.dimensions.iter().map(ToString::to_string);
        let values = row.metrics.iter().map(|value| match value {
            Value::Count(count) => count.to_string(),
            Value::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
            Value::Median(None) => "-".into(),
            Value::Median(Some(median)) => format!("{median:.1}"),
        });
        dimensions.chain(values).collect::<Vec<_>>().join(" ")
    };
    table.rows.iter().map(text).collect()
}

fn page_topic(page: &str) -> Topic {
    Slug::new(page).unwrap().into()
}

fn counts(set: impl FnOnce(&mut Counts)) -> Counts {
    let mut counts = Counts::default();
    set(&mut counts);
    counts
}

fn add_day(reader: &mut MemoryReportReader, day: i64, topic: Topic, counts: Counts) {
    let day = Day::from_number(DAY.number() + day);
    reader.days.entry((topic, day)).or_default().counts += counts;
}

/// Adds a session on a day, which starts at an hour and takes ten seconds.
fn add_session(
    reader: &mut MemoryReportReader,
    (day, hour): (i64, i64),
    visitor: Option<u32>,
    values: &[(Dimension, &str)],
    pages: &[PageRow],
) {
    let number = u32::try_from(reader.sessions.len()).unwrap();
    let day = Day::from_number(DAY.number() + day);
    let start = Timestamp::from_millis(day.number() * 24 * HOUR_MILLIS + hour * HOUR_MILLIS);
    let length = if visitor.is_some() { 10_900 } else { 0 };
    let mut row = SessionRow {
        id: SessionId { day, number },
        visitor,
        start,
        last: Timestamp::from_millis(start.as_millis() + length),
        pageviews: pages.iter().map(|page| page.pageviews).sum(),
        seconds: 100,
        is_interactive: false,
        values: Default::default(),
        pages: pages.to_vec(),
    };
    for (dimension, value) in values {
        row.values[dimension.session_index().unwrap()] = Arc::from(*value);
    }
    reader.sessions.insert(row.id, row);
}

/// Returns a page of a session, with one page visit.
fn page(name: &str, pageviews: u32, seconds: u32, finished: u32) -> PageRow {
    PageRow {
        page: Slug::new(name).unwrap(),
        starts: vec![Timestamp::from_millis(0)],
        pageviews,
        seconds,
        finished,
    }
}
