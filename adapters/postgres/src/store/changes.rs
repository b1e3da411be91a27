//! What a batch writes: one statement for each table.

mod reports;

use std::collections::{BTreeMap, BTreeSet};

use horizon_core::{Badge, Changes, Comment, Event, EventId, LikeChange, Update, reports::CountedEvents};

use super::{comment_row::visibility_code, facts::StoredFacts};
use crate::{
    columns::{UuidColumn, signed},
    connection::TableWrite,
    error::DatabaseError,
    sql::{SqlStatement, apply as sql},
};

/// Returns the statements of a batch after [`event_ids`], in the order in which they must run.
pub(super) fn writes<'a>(
    stored: &mut StoredFacts,
    counted: &'a CountedEvents,
) -> Result<Vec<TableWrite<'a>>, DatabaseError> {
    let changes = &counted.changes;
    let [new_likes, changed_likes] = likes(stored, &changes.likes);
    let mut writes = vec![
        custom_events(stored, &changes.totals),
        new_likes,
        changed_likes,
        comments(&changes.comments),
        visibilities(changes),
        verdicts(changes),
        threads(stored, changes),
    ];
    writes.extend(reports::writes(stored, counted)?);
    // The topics come first, because other rows refer to them.
    writes.insert(0, totals(stored, &changes.totals));
    Ok(writes)
}

/// Returns the statement that stores the ids of new events, with the time of the event if the id does not contain it.
pub(super) fn event_ids(stored: &StoredFacts, events: &[Event]) -> TableWrite<'static> {
    let mut ids = BTreeMap::new();
    for event in events.iter().filter(|event| !stored.event_ids.contains(&event.id)) {
        ids.entry(event.id).or_insert(event.at);
    }
    TableWrite::new(sql::ADD_EVENT_IDS, ids.len())
        .column(ids.keys().map(|id| UuidColumn::from(*id)))
        .column(
            ids.iter()
                .map(|(id, at)| (id.timestamp() != Some(*at)).then_some(at.as_millis())),
        )
}

/// The totals that changed, and the topics that are new.
fn totals(stored: &mut StoredFacts, changed: &[Update]) -> TableWrite<'static> {
    let mut totals: Vec<_> = changed
        .iter()
        .map(|total| (stored.topics.number(&total.topic), total.clone()))
        .collect();
    for topic in stored.topics.take_new() {
        if changed.binary_search_by(|total| total.topic.cmp(&topic)).is_err() {
            totals.push((stored.topics.number(&topic), Update::empty(topic)));
        }
    }
    totals.sort_unstable_by_key(|(number, _)| *number);
    let counts = |count: fn(&Update) -> u64| totals.iter().map(move |(_, total)| signed(count(total)));
    TableWrite::new(sql::SET_TOTALS, totals.len())
        .column(totals.iter().map(|(number, _)| *number))
        .column(totals.iter().map(|(_, total)| total.topic.to_string()))
        .column(counts(|total| total.stats.visits))
        .column(counts(|total| total.stats.likes))
        .column(counts(|total| total.stats.comments))
        .column(counts(|total| total.stats.comments_revision))
        .column(counts(|total| total.revision))
}

/// The counts that changed.
fn custom_events<'a>(stored: &mut StoredFacts, totals: &'a [Update]) -> TableWrite<'a> {
    let mut rows = Vec::new();
    for total in totals {
        let earlier = stored.custom_events.get(&total.topic);
        let events = total.stats.events.iter();
        let changed = events.filter(|(name, count)| earlier.map_or(0, |earlier| earlier.get(name)) != *count);
        let topic = &mut stored.topics;
        rows.extend(changed.map(|(name, count)| (topic.number(&total.topic), name, signed(count))));
    }
    rows.sort_unstable();
    TableWrite::new(sql::SET_CUSTOM_EVENTS, rows.len())
        .column(rows.iter().map(|(topic, ..)| *topic))
        .column(rows.iter().map(|(_, name, _)| *name))
        .column(rows.iter().map(|(.., count)| *count))
}

/// The likes that are new, and those that changed.
fn likes(stored: &mut StoredFacts, likes: &[LikeChange]) -> [TableWrite<'static>; 2] {
    let topics = &mut stored.topics;
    let rows = likes.iter().map(|like| (topics.number(&like.topic), like));
    let (changed, new) = rows.partition(|(_, like)| stored.likes.contains(&(like.topic.clone(), like.reader)));
    [like_rows(sql::ADD_LIKES, new), like_rows(sql::SET_LIKES, changed)]
}

fn like_rows(statement: SqlStatement, mut rows: Vec<(i32, &LikeChange)>) -> TableWrite<'static> {
    rows.sort_unstable_by_key(|(topic, like)| (*topic, like.reader));
    TableWrite::new(statement, rows.len())
        .column(rows.iter().map(|(topic, _)| *topic))
        .column(rows.iter().map(|(_, like)| UuidColumn::from(like.reader)))
        .column(rows.iter().map(|(_, like)| like.is_liked))
        .column(rows.iter().map(|(_, like)| like.stamp.at.as_millis()))
        .column(rows.iter().map(|(_, like)| UuidColumn::from(like.stamp.id)))
}

fn comments(comments: &[Comment]) -> TableWrite<'_> {
    TableWrite::new(sql::ADD_COMMENTS, comments.len())
        .column(comments.iter().map(|comment| UuidColumn::from(comment.id)))
        .column(comments.iter().map(|comment| comment.slug.as_str()))
        .column(comments.iter().map(|comment| comment.parent.map(UuidColumn::from)))
        .column(comments.iter().map(|comment| UuidColumn::from(comment.reader)))
        .column(comments.iter().map(|comment| comment.author.as_str()))
        .column(comments.iter().map(|comment| comment.badge.as_ref().map(Badge::as_str)))
        .column(comments.iter().map(|comment| comment.body.as_str()))
        .column(comments.iter().map(|comment| comment.at.as_millis()))
        .column(comments.iter().map(|comment| visibility_code(comment.visibility)))
}

/// The visibilities of the comments. New comments are included, although their rows already have theirs.
fn visibilities(changes: &Changes) -> TableWrite<'static> {
    let verdicts = &changes.verdicts;
    TableWrite::new(sql::SET_VISIBILITIES, verdicts.len())
        .column(verdicts.iter().map(|verdict| UuidColumn::from(verdict.comment)))
        .column(verdicts.iter().map(|verdict| visibility_code(verdict.visibility)))
}

fn verdicts(changes: &Changes) -> TableWrite<'static> {
    let verdicts = &changes.verdicts;
    TableWrite::new(sql::SET_VERDICTS, verdicts.len())
        .column(verdicts.iter().map(|verdict| UuidColumn::from(verdict.comment)))
        .column(verdicts.iter().map(|verdict| verdict.stamp.at.as_millis()))
        .column(verdicts.iter().map(|verdict| UuidColumn::from(verdict.stamp.id)))
}

/// The threads whose comments are new or have another visibility.
fn threads(stored: &StoredFacts, changes: &Changes) -> TableWrite<'static> {
    let new = changes.comments.iter();
    let new = new.map(|comment| comment.parent.unwrap_or(comment.id));
    let verdicts = changes.verdicts.iter();
    let changed = verdicts.filter_map(|verdict| stored.threads.get(&verdict.comment).copied());
    let heads: BTreeSet<EventId> = new.chain(changed).collect();
    TableWrite::new(sql::SET_THREADS_SHOWN, heads.len()).column(heads.into_iter().map(UuidColumn::from))
}
