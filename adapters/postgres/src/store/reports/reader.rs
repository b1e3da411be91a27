use std::{convert::Infallible, future::poll_fn, pin::pin, time::Duration};

use futures_core::Stream as _;
use horizon_core::reports::{
    BucketLength, Counts, DayRange, DimensionBucket, DimensionBucketSelection, EventBucket, EventBucketSelection,
    Period, ReportReader, SessionColumns, SessionColumnsError, TopicBucket, TopicBucketSelection, TopicSelection,
};
use horizon_core::{Slug, Timestamp, Topic};
use tokio::{runtime::Handle, sync::mpsc, time::timeout};
use tokio_postgres::{Row, types::ToSql};

use super::packing::{UnpackedSessions, pack};
use crate::{
    columns::{DateColumn, TimestampColumn, dimension_code, invalid},
    connection::{Params, Transaction},
    error::DatabaseError,
    sql::{SqlStatement, reports as sql},
    store::facts::SITE,
};

/// The number of columns of [`Counts`].
const COUNTS: usize = Counts::NAMES.len();

/// The prefix of the names of pages among the topics.
const PAGE_PREFIX: &str = "blog:";

/// The first number of a page.
const FIRST_PAGE: i32 = SITE + 1;

/// Reads the tables of the reports in a transaction, from a thread that may block.
pub(super) struct PostgresReportReader {
    transaction: Transaction,
    runtime: Handle,
    /// Closed when the caller no longer waits, so that the thread ends.
    caller: mpsc::Sender<Infallible>,
    /// How long to wait for the next row.
    limit: Duration,
}

/// A statement with parameters, and how to read the period of its rows.
struct BucketQuery<'a> {
    sql: SqlStatement,
    params: Params<'a>,
    read_period: ReadPeriod,
    /// The period of rows that are sums over several periods.
    period: Period,
}

/// Reads the period in a column.
type ReadPeriod = fn(&Row, usize) -> Result<Option<Period>, DatabaseError>;

/// The statements of the hours or the days of topics.
struct TopicStatements {
    rows: SqlStatement,
    sums: SqlStatement,
    bins: SqlStatement,
    bins_of_topic: SqlStatement,
    read_period: ReadPeriod,
}

const HOURS: TopicStatements = TopicStatements {
    rows: sql::HOURS,
    sums: sql::HOUR_SUMS,
    bins: sql::HOUR_BINS,
    bins_of_topic: sql::HOUR_BINS_OF_TOPIC,
    read_period: hour,
};

const DAYS: TopicStatements = TopicStatements {
    rows: sql::DAYS,
    sums: sql::DAY_SUMS,
    bins: sql::DAY_BINS,
    bins_of_topic: sql::DAY_BINS_OF_TOPIC,
    read_period: day,
};

impl From<SessionColumnsError> for DatabaseError {
    fn from(error: SessionColumnsError) -> Self {
        invalid("sessions", error)
    }
}

impl PostgresReportReader {
    /// Returns a reader whose reads end with an error once the caller drops its end of the channel.
    pub(super) const fn new(
        transaction: Transaction,
        runtime: Handle,
        caller: mpsc::Sender<Infallible>,
        limit: Duration,
    ) -> Self {
        Self {
            transaction,
            runtime,
            caller,
            limit,
        }
    }

    /// Ends the transaction, so that its connection can be used again. Ignores a failure, because the answer is
    /// complete.
    pub(super) fn finish(&self) {
        let _ = self.block_on(Transaction::commit);
    }

    /// Blocks until `work` ends.
    pub(super) fn block_on<T>(
        &self,
        work: impl AsyncFnOnce(&Transaction) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        self.runtime.block_on(self.wait(work(&self.transaction)))
    }

    /// Passes each row of a statement to `each` as it arrives.
    pub(super) fn rows(
        &self,
        sql: SqlStatement,
        params: Params<'_>,
        mut each: impl FnMut(&Row) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        self.runtime.block_on(async {
            let mut rows = pin!(self.wait(self.transaction.stream(sql, params)).await?);
            loop {
                let next = poll_fn(|context| rows.as_mut().poll_next(context));
                match self.wait(async { Ok(next.await.transpose()?) }).await? {
                    Some(row) => each(&row)?,
                    None => return Ok(()),
                }
            }
        })
    }

    /// Waits for `work` at most as long as the limit, and only while the caller waits.
    async fn wait<T>(&self, work: impl Future<Output = Result<T, DatabaseError>>) -> Result<T, DatabaseError> {
        tokio::select! {
            biased;
            () = self.caller.closed() => Err(DatabaseError::Closed),
            done = timeout(self.limit, work) => done.unwrap_or(Err(DatabaseError::Timeout(self.limit))),
        }
    }

    /// Returns the range of the numbers of the selected topics, or `None` if the page has no number.
    fn topics(&self, selection: TopicSelection<'_>) -> Result<Option<(i32, i32)>, DatabaseError> {
        match selection {
            TopicSelection::Site => Ok(Some((SITE, SITE))),
            TopicSelection::Pages => Ok(Some((FIRST_PAGE, i32::MAX))),
            TopicSelection::All => Ok(Some((SITE, i32::MAX))),
            TopicSelection::Page(page) => {
                // PostgreSQL cannot store some texts that are not valid names of pages.
                let Ok(slug) = Slug::new(page) else { return Ok(None) };
                let name = Topic::Page(slug).to_string();
                let found = self.block_on(async |tx| tx.query_opt(sql::TOPIC, &[&name]).await)?;
                let topic: Option<i32> = found.map(|row| row.try_get(0)).transpose()?;
                Ok(topic.map(|topic| (topic, topic)))
            }
        }
    }

    /// Passes the buckets of a query.
    fn buckets(&self, query: &BucketQuery<'_>, each: &mut dyn FnMut(TopicBucket<'_>)) -> Result<(), DatabaseError> {
        self.rows(query.sql, query.params, |row| {
            each(TopicBucket {
                page: page(row, COUNTS)?,
                period: (query.read_period)(row, COUNTS + 1)?.unwrap_or(query.period),
                counts: &counts(row)?,
                reading_times: &[],
            });
            Ok(())
        })
    }

    /// Passes each bin of the reading times as a bucket of its own.
    fn bins(&self, query: &BucketQuery<'_>, each: &mut dyn FnMut(TopicBucket<'_>)) -> Result<(), DatabaseError> {
        let counts = Counts::default();
        self.rows(query.sql, query.params, |row| {
            let bin: i16 = row.try_get(0)?;
            let bin = u8::try_from(bin).map_err(|error| invalid("bin", error))?;
            each(TopicBucket {
                page: page(row, 2)?,
                period: (query.read_period)(row, 3)?.unwrap_or(query.period),
                counts: &counts,
                reading_times: &[(bin, row.try_get(1)?)],
            });
            Ok(())
        })
    }

    fn loose_sessions(
        &self,
        days: DayRange,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), DatabaseError> {
        let mut pass = |part: Vec<_>| {
            let packed = pack(part)?;
            let pages = with_pages.then_some(&*packed.pages);
            each(&SessionColumns::new(&packed.sessions, pages)?);
            Ok(())
        };
        let mut loose = UnpackedSessions::default();
        let days = [DateColumn(days.first), DateColumn(days.last)];
        self.rows(sql::LOOSE_SESSIONS, &params_of(&days), |row| {
            loose.add(row)?.map_or(Ok(()), &mut pass)
        })?;
        loose.finish().map_or(Ok(()), pass)
    }
}

impl ReportReader for PostgresReportReader {
    type Error = DatabaseError;

    fn topic_buckets(
        &self,
        selection: &TopicBucketSelection<'_>,
        each: &mut dyn FnMut(TopicBucket<'_>),
    ) -> Result<(), DatabaseError> {
        let Some((first, last)) = self.topics(selection.topics)? else {
            return Ok(());
        };
        let hours = instants(&selection.instants);
        let days = [DateColumn(selection.days.first), DateColumn(selection.days.last)];
        let (statements, [from, to], period) = match selection.length {
            BucketLength::Hour => (HOURS, params_of(&hours), Period::Hour(selection.instants.start)),
            BucketLength::Day => (DAYS, params_of(&days), Period::Day(selection.days.first)),
        };
        let of_rows: Params<'_> = &[&first, &last, from, to];
        let of_sums: Params<'_> = &[&first, &last, from, to, &selection.needs_page, &selection.needs_period];
        let query = |sql, params| BucketQuery {
            sql,
            params,
            read_period: statements.read_period,
            period,
        };
        if selection.needs_page && selection.needs_period {
            self.buckets(&query(statements.rows, of_rows), each)?;
        } else {
            self.buckets(&query(statements.sums, of_sums), each)?;
        }
        if selection.needs_reading_times {
            let of_topic = |topic| -> [&(dyn ToSql + Sync); 4] { [topic, from, to, &selection.needs_period] };
            // The rows of the site have the sums of all pages.
            if selection.topics == TopicSelection::Pages && !selection.needs_page {
                self.bins(&query(statements.bins_of_topic, &of_topic(&SITE)), each)?;
            } else if first == last {
                self.bins(&query(statements.bins_of_topic, &of_topic(&first)), each)?;
            } else {
                self.bins(&query(statements.bins, of_sums), each)?;
            }
        }
        Ok(())
    }

    fn dimension_buckets(
        &self,
        selection: &DimensionBucketSelection,
        each: &mut dyn FnMut(DimensionBucket<'_>),
    ) -> Result<(), DatabaseError> {
        let code = dimension_code(selection.dimension);
        let (first, last) = (DateColumn(selection.days.first), DateColumn(selection.days.last));
        let sql = if selection.needs_day {
            sql::DIMENSION
        } else {
            sql::DIMENSION_SUMS
        };
        self.rows(sql, &[&code, &first, &last], |row| {
            let day = if selection.needs_day {
                row.try_get::<_, DateColumn>(COUNTS + 1)?.0
            } else {
                selection.days.first
            };
            each(DimensionBucket {
                value: row.try_get(COUNTS)?,
                day,
                counts: &counts(row)?,
            });
            Ok(())
        })
    }

    fn event_buckets(
        &self,
        selection: &EventBucketSelection<'_>,
        each: &mut dyn FnMut(EventBucket<'_>),
    ) -> Result<(), DatabaseError> {
        let Some((first, last)) = self.topics(selection.topics)? else {
            return Ok(());
        };
        let [from, to] = instants(&selection.instants);
        let (of_page, of_hour, of_name) = (selection.needs_page, selection.needs_hour, selection.needs_name);
        let params: Params<'_> = &[&first, &last, &from, &to, &of_page, &of_hour, &of_name];
        self.rows(sql::EVENTS, params, |row| {
            let hour: Option<TimestampColumn> = row.try_get(3)?;
            each(EventBucket {
                page: page(row, 2)?,
                hour: hour.map_or(selection.instants.start, |TimestampColumn(hour)| hour),
                name: row.try_get::<_, Option<&str>>(1)?.unwrap_or_default(),
                count: row.try_get(0)?,
            });
            Ok(())
        })
    }

    fn sessions(
        &self,
        days: DayRange,
        with_pages: bool,
        each: &mut dyn FnMut(&SessionColumns<'_>),
    ) -> Result<(), DatabaseError> {
        let sql = if with_pages {
            sql::PACKED_SESSIONS_WITH_PAGES
        } else {
            sql::PACKED_SESSIONS
        };
        let packed_days = [DateColumn(days.first), DateColumn(days.last)];
        self.rows(sql, &params_of(&packed_days), |part| {
            let pages = with_pages.then(|| part.try_get(1)).transpose()?;
            each(&SessionColumns::new(part.try_get(0)?, pages)?);
            Ok(())
        })?;
        self.loose_sessions(days, with_pages, each)
    }
}

/// Returns the first and the last instant at which a selected hour may start.
const fn instants(instants: &std::ops::Range<Timestamp>) -> [TimestampColumn; 2] {
    let last = Timestamp::from_millis(instants.end.as_millis().saturating_sub(1));
    [TimestampColumn(instants.start), TimestampColumn(last)]
}

fn params_of<T: ToSql + Sync>(range: &[T; 2]) -> [&(dyn ToSql + Sync); 2] {
    let [first, last] = range;
    [first, last]
}

/// Reads the page of a topic: empty for the site, and for sums over several topics.
fn page(row: &Row, column: usize) -> Result<&str, DatabaseError> {
    let name: Option<&str> = row.try_get(column)?;
    Ok(name.and_then(|name| name.strip_prefix(PAGE_PREFIX)).unwrap_or_default())
}

fn hour(row: &Row, column: usize) -> Result<Option<Period>, DatabaseError> {
    let hour: Option<TimestampColumn> = row.try_get(column)?;
    Ok(hour.map(|TimestampColumn(hour)| Period::Hour(hour)))
}

fn day(row: &Row, column: usize) -> Result<Option<Period>, DatabaseError> {
    let day: Option<DateColumn> = row.try_get(column)?;
    Ok(day.map(|DateColumn(day)| Period::Day(day)))
}

/// Reads the first columns.
fn counts(row: &Row) -> Result<Counts, DatabaseError> {
    let mut numbers = [0; COUNTS];
    for (column, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get(column)?;
    }
    Ok(Counts::from_array(numbers))
}
