use horizon_core::reports::{
    BucketLength, Counts, DayRange, DimensionBucket, DimensionBucketSelection, EventBucket, EventBucketSelection,
    PackedSessions, Period, ReportReader, SessionColumns, SessionColumnsError, TopicBucket, TopicBucketSelection,
    TopicSelection,
};
use horizon_core::{Day, Timestamp};
use rusqlite::Row;
use rusqlite::types::Type;

use super::encoding::ReadingTimeBins;
use super::packing::{LooseSessions, PART_SESSIONS, next_day, next_session_day, packed_pages, packed_sessions};
use super::tables::{dimension_code, hour_of_seconds, hour_seconds, read_times};
use crate::sql::{Db, Sql, reports};

/// The number of columns of [`Counts`].
const COUNTS: usize = Counts::NAMES.len();

/// The prefix of the names of pages among the topics.
const PAGE_PREFIX: &str = "blog:";

/// Reads the tables of the reports, within a transaction.
pub(super) struct SqlReportReader<'a>(pub(super) Db<'a>);

/// Why the reports cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Driver(#[from] rusqlite::Error),
    #[error(transparent)]
    Sessions(#[from] SessionColumnsError),
}

impl From<ReadError> for rusqlite::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Driver(driver) => driver,
            ReadError::Sessions(error) => Self::FromSqlConversionFailure(0, Type::Blob, error.into()),
        }
    }
}

impl ReportReader for SqlReportReader<'_> {
    type Error = ReadError;

    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), ReadError> {
        let are_hours = selection.length == BucketLength::Hour;
        let table = if are_hours { HOURS } else { DAYS };
        let first = if are_hours {
            Period::Hour(selection.instants.start)
        } else {
            Period::Day(selection.days.first)
        };
        let (start, last) = if are_hours {
            (
                hour_seconds(selection.instants.start),
                last_hour(selection.instants.end),
            )
        } else {
            (selection.days.first.number(), selection.days.last.number())
        };
        let are_summed = !selection.needs_period && !selection.needs_reading_times;
        for (topic, page) in self.topics(selection.topics)? {
            let params = [topic, start, last];
            if are_summed {
                self.sum(table, params, &page, first, each)?;
            } else {
                self.buckets(table, params, &page, selection.needs_reading_times, each)?;
            }
        }
        Ok(())
    }

    fn dimension_buckets(
        &self,
        selection: &DimensionBucketSelection,
        each: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), ReadError> {
        let mut statement = self.0.prepare(reports::DIMENSION_OF_DAY)?;
        let dimension = dimension_code(selection.dimension)?;
        let (mut first, last) = (selection.days.first, selection.days.last);
        while let Some(day) = next_day(self.0, reports::NEXT_DIMENSION_DAY, first, last)? {
            first = day.next();
            let mut rows = statement.query([day.number(), dimension])?;
            while let Some(row) = rows.next()? {
                let value = text(row, COUNTS)?;
                let counts = &counts(row)?;
                each(DimensionBucket { value, day, counts });
            }
        }
        Ok(())
    }

    fn event_buckets(
        &self,
        selection: &EventBucketSelection<'_>,
        each: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), ReadError> {
        let (start, last) = (
            hour_seconds(selection.instants.start),
            last_hour(selection.instants.end),
        );
        let mut statement = self.0.prepare(reports::EVENT_HOURS)?;
        for (topic, page) in self.topics(selection.topics)? {
            let mut rows = statement.query([topic, start, last])?;
            while let Some(row) = rows.next()? {
                each(EventBucket {
                    page: &page,
                    hour: hour_of_seconds(row.get(0)?),
                    name: text(row, 1)?,
                    count: row.get(2)?,
                });
            }
        }
        Ok(())
    }

    fn sessions(
        &self,
        days: DayRange,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), ReadError> {
        let mut first = days.first;
        while let Some(day) = next_session_day(self.0, first, days.last)? {
            self.sessions_of_day(day, with_pages, each)?;
            if day == days.last {
                break;
            }
            first = day.next();
        }
        Ok(())
    }
}

/// The statements of the hours or the days of topics.
#[derive(Clone, Copy)]
struct BucketQueries {
    rows: Sql,
    sum: Sql,
    period: fn(i64) -> Period,
}

const HOURS: BucketQueries = BucketQueries {
    rows: reports::HOURS,
    sum: reports::SUM_OF_HOURS,
    period: |seconds| Period::Hour(hour_of_seconds(seconds)),
};

const DAYS: BucketQueries = BucketQueries {
    rows: reports::DAYS,
    sum: reports::SUM_OF_DAYS,
    period: |day| Period::Day(Day::from_number(day)),
};

impl SqlReportReader<'_> {
    /// Returns the keys of the topics and their pages; the empty text for the site.
    fn topics(&self, selection: TopicSelection<'_>) -> rusqlite::Result<Vec<(i64, String)>> {
        let select = |statement, name: Option<String>| {
            let mut statement = self.0.prepare(statement)?;
            let read = |row: &Row<'_>| {
                let page = text(row, 1)?.strip_prefix(PAGE_PREFIX).unwrap_or_default();
                Ok((row.get(0)?, page.to_owned()))
            };
            let topics = match name {
                Some(name) => statement.query_map([name], read)?,
                None => statement.query_map([], read)?,
            };
            topics.collect::<rusqlite::Result<Vec<_>>>()
        };
        match selection {
            TopicSelection::Site => select(reports::SITE_TOPIC, None),
            TopicSelection::Page(page) => select(reports::PAGE_TOPIC, Some(format!("{PAGE_PREFIX}{page}"))),
            TopicSelection::Pages => select(reports::PAGE_TOPICS, None),
            TopicSelection::All => {
                let mut topics = select(reports::SITE_TOPIC, None)?;
                topics.extend(select(reports::PAGE_TOPICS, None)?);
                Ok(topics)
            }
        }
    }

    fn sessions_of_day(
        &self,
        day: Day,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), ReadError> {
        let mut statement = self.0.prepare(reports::PACKED_PARTS)?;
        let mut parts = statement.query([day.number()])?;
        while let Some(part) = parts.next()? {
            let pages = with_pages.then(|| packed_pages(part)).transpose()?;
            each(&SessionColumns::new(packed_sessions(part)?, pages)?);
        }
        let mut statement = self.0.prepare(reports::LOOSE_SESSIONS)?;
        let mut loose = LooseSessions::new(statement.query([day.number()])?);
        loop {
            let part = loose.next_part(PART_SESSIONS)?;
            if part.is_empty() {
                return Ok(());
            }
            let packed = PackedSessions::new(day, part)?;
            let pages = with_pages.then_some(&*packed.pages);
            each(&SessionColumns::new(&packed.sessions, pages)?);
        }
    }

    /// Passes the sum of the buckets of a topic.
    fn sum(
        &self,
        table: BucketQueries,
        params: [i64; 3],
        page: &str,
        period: Period,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> rusqlite::Result<()> {
        let counts = self.0.prepare(table.sum)?.query_row(params, counts)?;
        if !counts.is_zero() {
            each(TopicBucket {
                page,
                period,
                counts: &counts,
                reading_times: &[],
            });
        }
        Ok(())
    }

    /// Passes each bucket of a topic.
    fn buckets(
        &self,
        table: BucketQueries,
        params: [i64; 3],
        page: &str,
        with_reading_times: bool,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> rusqlite::Result<()> {
        let mut statement = self.0.prepare(table.rows)?;
        let mut rows = statement.query(params)?;
        let mut bins = ReadingTimeBins::default();
        while let Some(row) = rows.next()? {
            if with_reading_times {
                bins = read_times(row.get_ref(COUNTS + 1)?)?;
            }
            each(TopicBucket {
                page,
                period: (table.period)(row.get(COUNTS)?),
                counts: &counts(row)?,
                reading_times: &bins.0,
            });
        }
        Ok(())
    }
}

/// Reads the first columns. Sums of no rows are 0.
fn counts(row: &Row<'_>) -> rusqlite::Result<Counts> {
    let mut numbers = [0; COUNTS];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = row.get::<_, Option<i64>>(column)?.unwrap_or(0);
    }
    Ok(Counts::from_array(numbers))
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// Returns the second at which the last hour before `end` may start.
const fn last_hour(end: Timestamp) -> i64 {
    hour_seconds(Timestamp::from_millis(end.as_millis().saturating_sub(1)))
}
