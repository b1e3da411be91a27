use std::{borrow::Cow, collections::BTreeMap};

use horizon_core::{
    Topic, VISIT_GAP,
    reports::{CountedEvents, Counts, NumberKind, ReportChanges, SessionRow, TopicCounts},
};
use tokio_postgres::types::ToSql;

use crate::{
    columns::{DateColumn, TimestampColumn, UuidColumn, dimension_code},
    connection::TableWrite,
    error::DatabaseError,
    sql::{SqlStatement, apply as sql},
    store::{
        encoding::encode,
        facts::{SESSIONS, SITE, StoredFacts, TopicNumbers, VISITORS},
        reports::site,
    },
};

/// Returns a number of a day as the value of a column of the type `integer`.
fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Returns the statements of the reports, in the order in which they must run.
///
/// A time out of the range of a column becomes the nearest one in it, so several keys of the batch may become one key
/// of the table.
pub(super) fn writes<'a>(
    stored: &mut StoredFacts,
    counted: &'a CountedEvents,
) -> Result<Vec<TableWrite<'a>>, DatabaseError> {
    let reports = &counted.reports;
    let hours = buckets(&mut stored.topics, &reports.hours, |hour| {
        TimestampColumn(hour).nearest()
    });
    let days = buckets(&mut stored.topics, &reports.days, |day| DateColumn(day).nearest());
    let mut writes = vec![
        counts(sql::ADD_TO_HOURS, &hours),
        counts(sql::ADD_TO_DAYS, &days),
        reading_times(sql::ADD_READING_TIMES_TO_HOURS, &hours),
        reading_times(sql::ADD_READING_TIMES_TO_DAYS, &days),
        dimensions(reports),
        event_hours(&mut stored.topics, reports),
        day_numbers(counted),
        removed_sessions(reports),
    ];
    writes.extend(sessions(stored, reports)?);
    writes.extend(visitor_states(stored, reports)?);
    writes.extend(site::write(&reports.site).filter(|_| stored.site.state != reports.site));
    Ok(writes)
}

/// The changes of the hours or days of topics, by the keys of the table.
type Buckets<P> = BTreeMap<(i32, P), TopicCounts>;

fn buckets<P: Copy, Q: Ord>(
    topics: &mut TopicNumbers,
    changes: &BTreeMap<(Topic, P), TopicCounts>,
    period: impl Fn(P) -> Q,
) -> Buckets<Q> {
    let mut buckets: Buckets<Q> = BTreeMap::new();
    for ((topic, at), change) in changes {
        let bucket = buckets.entry((topics.number(topic), period(*at)));
        bucket.or_default().merge(change);
    }
    buckets
}

fn counts<'a, P: ToSql + Sync + Send + Copy + 'a>(statement: SqlStatement, buckets: &Buckets<P>) -> TableWrite<'a> {
    let write = TableWrite::new(statement, buckets.len())
        .column(buckets.keys().map(|(topic, _)| *topic))
        .column(buckets.keys().map(|(_, period)| *period));
    counts_columns(write, buckets.values().map(|change| &change.counts))
}

/// Adds the columns of counts.
fn counts_columns<'a, 'c>(write: TableWrite<'a>, counts: impl Iterator<Item = &'c Counts>) -> TableWrite<'a> {
    let mut columns: [Vec<i64>; Counts::NAMES.len()] = Default::default();
    for counts in counts {
        for (column, count) in columns.iter_mut().zip(counts.to_array()) {
            column.push(count);
        }
    }
    columns.into_iter().fold(write, TableWrite::column)
}

/// The bins of pages, and their sums over all pages as those of the site.
fn reading_times<'a, P: ToSql + Sync + Send + Copy + Ord + 'a>(
    statement: SqlStatement,
    buckets: &Buckets<P>,
) -> TableWrite<'a> {
    let mut rows: BTreeMap<(i32, P, i16), i64> = BTreeMap::new();
    for ((topic, period), change) in buckets {
        for (bin, visits) in change.reading_times.bins() {
            for topic in [SITE, *topic] {
                let sum = rows.entry((topic, *period, bin.into())).or_default();
                *sum = sum.saturating_add(visits);
            }
        }
    }
    rows.retain(|_, visits| *visits != 0);
    TableWrite::new(statement, rows.len())
        .column(rows.keys().map(|(topic, ..)| *topic))
        .column(rows.keys().map(|(_, period, _)| *period))
        .column(rows.keys().map(|(.., bin)| *bin))
        .column(rows.values().copied())
}

fn dimensions(changes: &ReportChanges) -> TableWrite<'_> {
    let mut rows: BTreeMap<(i16, DateColumn, &str), Counts> = BTreeMap::new();
    for ((dimension, day, value), counts) in &changes.dimensions {
        let day = DateColumn(*day).nearest();
        *rows.entry((dimension_code(*dimension), day, value)).or_default() += *counts;
    }
    let write = TableWrite::new(sql::ADD_TO_DIMENSIONS, rows.len())
        .column(rows.keys().map(|(dimension, ..)| *dimension))
        .column(rows.keys().map(|(_, day, _)| *day))
        .column(rows.keys().map(|(.., value)| *value));
    counts_columns(write, rows.values())
}

fn event_hours<'a>(topics: &mut TopicNumbers, changes: &'a ReportChanges) -> TableWrite<'a> {
    let mut rows: BTreeMap<(i32, TimestampColumn, &str), i64> = BTreeMap::new();
    for ((topic, hour, name), count) in &changes.custom_events {
        let hour = TimestampColumn(*hour).nearest();
        let sum = rows.entry((topics.number(topic), hour, name)).or_default();
        *sum = sum.saturating_add(*count);
    }
    TableWrite::new(sql::ADD_TO_EVENT_HOURS, rows.len())
        .column(rows.keys().map(|(topic, ..)| *topic))
        .column(rows.keys().map(|(_, hour, _)| *hour))
        .column(rows.keys().map(|(.., name)| *name))
        .column(rows.values().copied())
}

fn day_numbers(counted: &CountedEvents) -> TableWrite<'static> {
    let mut rows: BTreeMap<(DateColumn, i16), u32> = BTreeMap::new();
    for ((day, kind), next) in &counted.numbers {
        let kind = match kind {
            NumberKind::Session => SESSIONS,
            NumberKind::Visitor => VISITORS,
        };
        let row = rows.entry((DateColumn(*day).nearest(), kind)).or_default();
        *row = (*row).max(*next);
    }
    TableWrite::new(sql::SET_DAY_NUMBERS, rows.len())
        .column(rows.keys().map(|(day, _)| *day))
        .column(rows.keys().map(|(_, kind)| *kind))
        .column(rows.values().map(|next| number(*next)))
}

fn removed_sessions(changes: &ReportChanges) -> TableWrite<'static> {
    let mut removed = changes.removed_sessions.clone();
    removed.sort_unstable();
    TableWrite::new(sql::REMOVE_SESSIONS, removed.len())
        .column(removed.iter().map(|id| DateColumn(id.day)))
        .column(removed.iter().map(|id| number(id.number)))
}

/// The sessions that are new, and those that changed, without those of days whose sessions are erased.
fn sessions(stored: &StoredFacts, changes: &ReportChanges) -> Result<[TableWrite<'static>; 2], DatabaseError> {
    let (mut new, mut changed) = (SessionRows::new(), SessionRows::new());
    let first = stored.site.first_session_day;
    let kept = |session: &&SessionRow| first.is_none_or(|first| first <= session.id.day);
    for session in changes.sessions.iter().filter(kept) {
        let is_new = stored.days.next_session(session.id.day) <= session.id.number;
        let rows = if is_new { &mut new } else { &mut changed };
        let mut session = Cow::Borrowed(session);
        let day = DateColumn(session.id.day).nearest();
        if day != DateColumn(session.id.day) {
            // The rows of a day have this day.
            session.to_mut().id.day = day.0;
        }
        let row = (session.visitor.map(number), encode(&*session)?);
        rows.insert((day, number(session.id.number)), row);
    }
    Ok([
        session_rows(sql::ADD_SESSIONS, new),
        session_rows(sql::SET_SESSIONS, changed),
    ])
}

/// The visitors' numbers and the bytes of sessions, by the keys of the table.
type SessionRows = BTreeMap<(DateColumn, i32), (Option<i32>, Vec<u8>)>;

fn session_rows(statement: SqlStatement, rows: SessionRows) -> TableWrite<'static> {
    TableWrite::new(statement, rows.len())
        .column(rows.keys().map(|(day, _)| *day))
        .column(rows.keys().map(|(_, number)| *number))
        .column(rows.values().map(|(visitor, _)| *visitor))
        .column(rows.into_values().map(|(_, session)| session))
}

/// A row of the table `visitor_states`.
struct StateRow {
    visitor: UuidColumn,
    topic: i32,
    last_day: DateColumn,
    first_day: Option<DateColumn>,
    state: Vec<u8>,
}

/// Inserts new states, updates changed ones, and erases those that became empty.
fn visitor_states(
    stored: &mut StoredFacts,
    changes: &ReportChanges,
) -> Result<[TableWrite<'static>; 3], DatabaseError> {
    let (mut new, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for (topic, visitor, state) in &changes.visitors {
        let is_stored = stored.visitors.contains(&(topic.clone(), *visitor));
        let Some(last) = state.last_seen() else {
            if is_stored {
                removed.push((UuidColumn::from(*visitor), stored.topics.number(topic)));
            }
            continue;
        };
        let rows = if is_stored { &mut changed } else { &mut new };
        rows.push(StateRow {
            visitor: (*visitor).into(),
            topic: stored.topics.number(topic),
            last_day: DateColumn(changes.site.time_zone().day_of(last.plus(VISIT_GAP))),
            first_day: state.session_days().min().map(DateColumn),
            state: encode(state)?,
        });
    }
    removed.sort_unstable();
    let remove = TableWrite::new(sql::REMOVE_VISITOR_STATES, removed.len())
        .column(removed.iter().map(|(visitor, _)| *visitor))
        .column(removed.iter().map(|(_, topic)| *topic));
    Ok([
        remove,
        state_rows(sql::ADD_VISITOR_STATES, new),
        state_rows(sql::SET_VISITOR_STATES, changed),
    ])
}

fn state_rows(statement: SqlStatement, mut rows: Vec<StateRow>) -> TableWrite<'static> {
    rows.sort_unstable_by_key(|row| (row.visitor, row.topic));
    TableWrite::new(statement, rows.len())
        .column(rows.iter().map(|row| row.visitor))
        .column(rows.iter().map(|row| row.topic))
        .column(rows.iter().map(|row| row.last_day))
        .column(rows.iter().map(|row| row.first_day))
        .column(rows.into_iter().map(|row| row.state))
}
