//! Reads what the rules look up for a batch.

mod days;
mod topic_numbers;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use horizon_core::{
    BatchKeys, Event, EventCounts, EventId, Facts, ReaderId, Stamp, Timestamp, Topic, VisitorKey,
    reports::{CountedEvents, MissingFacts, ReportFacts},
};
use tokio::join;
use tokio_postgres::{Row, types::ToSql};

use super::{
    comment_row,
    encoding::decode,
    reports::{CachedZone, SiteRecord},
    totals,
};
use crate::{
    columns::{self, UuidColumn},
    connection::Transaction,
    error::DatabaseError,
    sql::{SqlStatement, apply as sql},
};
pub(super) use days::{SESSIONS, StoredDays, VISITORS};
pub(super) use topic_numbers::{SITE, TopicNumbers};

/// What is stored under the keys of a batch.
pub(super) struct StoredFacts {
    facts: Facts,
    reports: ReportFacts,
    pub(super) site: SiteRecord,
    pub(super) topics: TopicNumbers,
    pub(super) days: StoredDays,
    /// The counts of the custom events of each topic.
    pub(super) custom_events: HashMap<Topic, EventCounts>,
    /// The events of the batch that were counted.
    pub(super) event_ids: HashSet<EventId>,
    /// The visitors who have a state.
    pub(super) visitors: HashSet<(Topic, VisitorKey)>,
    /// The readers with a stored like or unlike.
    pub(super) likes: HashSet<(Topic, ReaderId)>,
    /// The first comment of the thread of each comment.
    pub(super) threads: HashMap<EventId, EventId>,
}

impl StoredFacts {
    /// Reads what is stored under the keys, in one round trip.
    pub(super) async fn read(
        transaction: &Transaction,
        zone: &CachedZone,
        keys: &BatchKeys,
        events: &[Event],
    ) -> Result<Self, DatabaseError> {
        let days = ReportFacts::days_of(events, &zone.get());
        // All queries are sent before the first reply. If one fails, those after it fail because of it.
        let (site, last_topic, totals, event_ids, states, likes, comments, verdicts, days) = join!(
            SiteRecord::read(transaction, zone),
            transaction.query_opt(sql::LAST_TOPIC, &[]),
            totals::read(transaction, &keys.topics),
            by_id(transaction, sql::EVENT_IDS, &keys.event_ids),
            visitor_states(transaction, &keys.visitors),
            likes(transaction, keys),
            by_id(transaction, sql::COMMENTS, &keys.comments),
            by_id(transaction, sql::VERDICTS, &keys.verdicts),
            StoredDays::read(transaction, days),
        );
        let (site, last_topic) = (site?, last_topic?);
        let mut stored = Self::new(site, TopicNumbers::new(last_topic.as_ref())?);
        stored.add_totals(totals?);
        stored.add_event_ids(&event_ids?)?;
        stored.add_visitor_states(&keys.visitors, &states?)?;
        stored.add_likes(keys, &likes?)?;
        stored.add_comments(&comments?)?;
        stored.add_verdicts(&verdicts?)?;
        stored.add_days(days?);
        Ok(stored)
    }

    fn new(site: SiteRecord, topics: TopicNumbers) -> Self {
        Self {
            facts: Facts::default(),
            reports: ReportFacts::new(site.state.clone()),
            site,
            topics,
            days: StoredDays::default(),
            custom_events: HashMap::new(),
            event_ids: HashSet::new(),
            visitors: HashSet::new(),
            likes: HashSet::new(),
            threads: HashMap::new(),
        }
    }

    /// Counts the events.
    pub(super) fn apply(&self, events: &[Event]) -> Result<CountedEvents, MissingFacts> {
        self.facts.apply_with_reports(&self.reports, events)
    }

    /// Reads the missing facts, in one round trip.
    pub(super) async fn read_missing(
        &mut self,
        transaction: &Transaction,
        missing: &MissingFacts,
    ) -> Result<(), DatabaseError> {
        let values: Vec<_> = missing.values.iter().collect();
        let (days, stored) = join!(
            StoredDays::read(transaction, missing.days.clone()),
            days::read_values(transaction, &values)
        );
        self.add_days(days?);
        for ((dimension, day, value), is_stored) in values.into_iter().zip(stored?) {
            self.reports
                .insert_value(*dimension, *day, Arc::clone(value), is_stored);
        }
        Ok(())
    }

    fn add_totals(&mut self, totals: Vec<totals::StoredTotal>) {
        for total in totals {
            let (topic, update) = (total.update.topic.clone(), total.update);
            self.topics.insert(topic.clone(), total.topic);
            self.custom_events.insert(topic, update.stats.events.clone());
            self.facts.insert_totals(update);
        }
    }

    fn add_event_ids(&mut self, rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            let id = event_id(row, "id")?;
            self.facts.insert_event_id(id);
            self.event_ids.insert(id);
        }
        Ok(())
    }

    fn add_visitor_states(&mut self, keys: &[(Topic, VisitorKey)], rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            if let Some((topic, visitor)) = columns::at_ordinal(keys, row)? {
                let state = decode(row.try_get("state")?)?;
                self.reports.insert_visitor_state(topic.clone(), *visitor, state);
                self.visitors.insert((topic.clone(), *visitor));
            }
        }
        Ok(())
    }

    fn add_likes(&mut self, keys: &BatchKeys, rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            if let Some((topic, reader)) = columns::at_ordinal(&keys.likes, row)? {
                let is_liked = row.try_get("is_liked")?;
                self.facts.insert_like(topic.clone(), *reader, is_liked, stamp(row)?);
                self.likes.insert((topic.clone(), *reader));
            }
        }
        Ok(())
    }

    fn add_comments(&mut self, rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            let comment = comment_row::comment(row)?;
            self.threads.insert(comment.id, comment.parent.unwrap_or(comment.id));
            self.facts.insert_comment(comment);
        }
        Ok(())
    }

    fn add_verdicts(&mut self, rows: &[Row]) -> Result<(), DatabaseError> {
        for row in rows {
            self.facts.insert_verdict(event_id(row, "comment")?, stamp(row)?);
        }
        Ok(())
    }

    fn add_days(&mut self, days: StoredDays) {
        for (day, numbers) in days.iter() {
            self.reports.insert_day(day, numbers);
        }
        self.days.extend(days);
    }
}

/// Returns the event in a column.
fn event_id(row: &Row, column: &str) -> Result<EventId, DatabaseError> {
    let UuidColumn(id) = row.try_get(column)?;
    Ok(EventId::from_u128(id))
}

/// Returns the stamp in the columns `at` and `event`.
fn stamp(row: &Row) -> Result<Stamp, DatabaseError> {
    Ok(Stamp {
        at: Timestamp::from_millis(row.try_get("at")?),
        id: event_id(row, "event")?,
    })
}

async fn by_id(transaction: &Transaction, sql: SqlStatement, ids: &[EventId]) -> Result<Vec<Row>, DatabaseError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<UuidColumn> = ids.iter().map(|id| (*id).into()).collect();
    transaction.query(sql, &[&ids]).await
}

async fn visitor_states(transaction: &Transaction, keys: &[(Topic, VisitorKey)]) -> Result<Vec<Row>, DatabaseError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let (names, topics) = topic_ordinals(keys.iter().map(|(topic, _)| topic));
    let visitors: Vec<UuidColumn> = keys.iter().map(|(_, visitor)| (*visitor).into()).collect();
    transaction
        .query(sql::VISITOR_STATES, &[&names, &visitors, &topics])
        .await
}

async fn likes(transaction: &Transaction, keys: &BatchKeys) -> Result<Vec<Row>, DatabaseError> {
    if keys.likes.is_empty() {
        return Ok(Vec::new());
    }
    let (names, topics) = topic_ordinals(keys.likes.iter().map(|(topic, _)| topic));
    let readers: Vec<UuidColumn> = keys.likes.iter().map(|(_, reader)| (*reader).into()).collect();
    let params: [&(dyn ToSql + Sync); 3] = [&names, &topics, &readers];
    transaction.query(sql::LIKES, &params).await
}

/// Returns the names of the topics, each once, and the ordinal of each key's topic in them, from 1. Equal topics are
/// next to each other.
fn topic_ordinals<'a>(topics: impl Iterator<Item = &'a Topic>) -> (Vec<String>, Vec<i32>) {
    let (mut names, mut ordinals) = (Vec::new(), Vec::new());
    let (mut last, mut ordinal) = (None, 0_i32);
    for topic in topics {
        if last != Some(topic) {
            names.push(topic.to_string());
            last = Some(topic);
            ordinal = ordinal.saturating_add(1);
        }
        ordinals.push(ordinal);
    }
    (names, ordinals)
}
