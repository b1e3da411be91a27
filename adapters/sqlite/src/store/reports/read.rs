//! Reads the tables of the reports row by row.

use std::ops::Range;

use horizon_core::reports::{Counts, Dimension, ReadingTimes, SessionRow};
use horizon_core::{Day, Timestamp};
use rusqlite::{Result, Row, params};

use super::encoding::decode;
use super::tables::{dimension_code, hour_of_seconds, hour_seconds, read_times};
use crate::sql::{Db, Sql, reports as sql};

/// The number of columns of [`Counts`].
const COUNTS: usize = Counts::NAMES.len();

/// A row of an hour or a day of a topic.
pub(super) struct BucketRow<'a>(&'a Row<'a>);

impl BucketRow<'_> {
    pub(super) fn counts(&self) -> Result<Counts> {
        read_counts(self.0)
    }

    /// Returns the second or the day of the bucket.
    fn period(&self) -> Result<i64> {
        self.0.get(COUNTS)
    }

    pub(super) fn hour(&self) -> Result<Timestamp> {
        self.period().map(hour_of_seconds)
    }

    pub(super) fn day(&self) -> Result<Day> {
        self.period().map(Day::from_number)
    }

    pub(super) fn reading_times(&self) -> Result<ReadingTimes> {
        read_times(self.0.get_ref(COUNTS + 1)?)
    }
}

/// Reads the first columns.
fn read_counts(row: &Row<'_>) -> Result<Counts> {
    let mut numbers = [0; COUNTS];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = row.get::<_, Option<i64>>(column)?.unwrap_or(0);
    }
    Ok(Counts::from_array(numbers))
}

/// Returns the keys and names of the site and the pages.
pub(super) fn topics(db: Db<'_>) -> Result<Vec<(i64, String)>> {
    let mut topics = Vec::new();
    for sql in [sql::SITE_TOPIC, sql::PAGE_TOPICS] {
        let mut statement = db.prepare(sql)?;
        for topic in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
            topics.push(topic?);
        }
    }
    Ok(topics)
}

/// Returns the seconds at which the hours of a period start.
pub(super) const fn seconds(instants: &Range<Timestamp>) -> Range<i64> {
    hour_seconds(instants.start)..hour_seconds(instants.end)
}

/// Reads the hours of a topic.
pub(super) fn hours(
    db: Db<'_>,
    topic: i64,
    seconds: Range<i64>,
    each: &mut dyn FnMut(BucketRow<'_>) -> Result<()>,
) -> Result<()> {
    buckets(db, sql::HOURS, [topic, seconds.start, seconds.end], each)
}

/// Reads the days of a topic.
pub(super) fn days(
    db: Db<'_>,
    topic: i64,
    days: Range<i64>,
    each: &mut dyn FnMut(BucketRow<'_>) -> Result<()>,
) -> Result<()> {
    buckets(db, sql::DAYS, [topic, days.start, days.end], each)
}

fn buckets(db: Db<'_>, sql: Sql, params: [i64; 3], each: &mut dyn FnMut(BucketRow<'_>) -> Result<()>) -> Result<()> {
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        each(BucketRow(row))?;
    }
    Ok(())
}

/// Reads the days of the values of a dimension.
pub(super) fn dimension_days(
    db: Db<'_>,
    dimension: Dimension,
    days: Range<i64>,
    each: &mut dyn FnMut(Day, &str, &Counts),
) -> Result<()> {
    let mut statement = db.prepare(sql::DIMENSION_DAYS)?;
    let mut rows = statement.query([dimension_code(dimension)?, days.start, days.end])?;
    while let Some(row) = rows.next()? {
        let day = Day::from_number(row.get(COUNTS)?);
        each(day, row.get_ref(COUNTS + 1)?.as_str()?, &read_counts(row)?);
    }
    Ok(())
}

/// Reads the hours of the custom events of a topic.
pub(super) fn event_hours(
    db: Db<'_>,
    topic: i64,
    seconds: Range<i64>,
    each: &mut dyn FnMut(Timestamp, &str, i64),
) -> Result<()> {
    let mut statement = db.prepare(sql::EVENT_HOURS)?;
    let mut rows = statement.query([topic, seconds.start, seconds.end])?;
    while let Some(row) = rows.next()? {
        each(hour_of_seconds(row.get(0)?), row.get_ref(1)?.as_str()?, row.get(2)?);
    }
    Ok(())
}

/// Returns the sessions of a day that are not packed, from a number on.
pub(super) fn loose_sessions(db: Db<'_>, day: Day, first: i64) -> Result<Vec<SessionRow>> {
    let mut statement = db.prepare(sql::SESSIONS_OF_DAY)?;
    let sessions = statement.query_map(params![day.number(), first], |row| decode(row.get_ref(0)?))?;
    sessions.collect()
}
