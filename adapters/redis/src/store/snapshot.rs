//! What Redis has about the events of a batch.

use std::collections::{BTreeMap, HashMap, HashSet};

use horizon_core::reports::VisitorState;
use horizon_core::{EventId, ReaderId, Result, Timestamp, Topic, Update, VisitorKey};
use redis::{FromRedisValue, Pipeline, RedisResult, Value, from_redis_value};

use super::batch::{IdSet, TopicReads};
use super::state_record::StoredState;
use super::{NOT_APPLIED, RedisStore, keys, update};
use crate::error::map;

/// What Redis has about the events of a batch.
pub(super) struct Snapshot<'a> {
    pub(super) site: StoredSite,
    pub(super) topics: BTreeMap<&'a Topic, TopicSnapshot>,
}

/// What Redis has of the site.
#[derive(Clone, Default)]
pub(super) struct StoredSite {
    pub(super) zone: Option<String>,
    /// In milliseconds.
    pub(super) cutoff: Option<i64>,
    pub(super) late_events: u64,
}

/// What Redis has about the events of a topic.
pub(super) struct TopicSnapshot {
    /// The number of names of custom events, as a text.
    pub(super) event_names: String,
    /// The position of the last undated comment. `None` if the topic has no reports yet.
    pub(super) dated_after: Option<u64>,
    pub(super) totals: Update,
    pub(super) ids: HashSet<EventId>,
    pub(super) states: HashMap<VisitorKey, StoredState>,
    /// The records of likes.
    pub(super) likes: HashMap<ReaderId, Vec<u8>>,
    /// The records of comments.
    pub(super) comments: HashMap<EventId, Vec<u8>>,
    /// Whether the last version stored visitors that have not expired.
    has_old_visitors: bool,
}

impl StoredSite {
    /// Appends the command that reads it.
    pub(super) fn append_read(pipe: &mut Pipeline) {
        let read = pipe.cmd("HMGET").arg(keys::of_topic(Topic::Site, keys::REPORTS));
        read.arg("time_zone").arg("cutoff").arg("late_events");
    }

    /// Parses the reply.
    pub(super) fn parse(reply: Value) -> RedisResult<Self> {
        let (zone, cutoff, late_events): (_, _, Option<u64>) = from_redis_value(reply)?;
        Ok(Self {
            zone,
            cutoff,
            late_events: late_events.unwrap_or(0),
        })
    }
}

/// Reads what Redis has about the events. Returns `None` if it changed meanwhile.
pub(super) async fn read<'a>(
    store: &RedisStore,
    reads: &BTreeMap<&'a Topic, TopicReads>,
) -> Result<Option<Snapshot<'a>>> {
    let mut pipe = redis::pipe();
    StoredSite::append_read(&mut pipe);
    for (topic, reads) in reads {
        append_reads(&mut pipe, topic, reads);
    }
    let failed = |e| map(NOT_APPLIED, e);
    let replies = store.redis.query_all::<Value>(&mut pipe).await.map_err(failed)?;
    let mut replies = replies.into_iter();
    let site = StoredSite::parse(replies.next().unwrap_or(Value::Nil)).map_err(failed)?;
    let mut topics = BTreeMap::new();
    for (topic, reads) in reads {
        topics.insert(*topic, parse(topic, reads, &mut replies)?);
    }
    match add_old(store, reads, &mut topics).await {
        Ok(()) => Ok(Some(Snapshot { site, topics })),
        // Another process has just begun reports on the topic.
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn append_reads(pipe: &mut Pipeline, topic: &Topic, reads: &TopicReads) {
    let key = |part| keys::of_topic(topic, part);
    pipe.cmd("HGETALL").arg(key(keys::TOTAL));
    for (set, ids) in &reads.ids {
        read_fields(pipe, set.key(topic), ids.iter().map(|id| id.as_u128()));
    }
    if !reads.visitors.is_empty() {
        let visitors = reads.visitors.iter().map(|visitor| visitor.as_u128());
        read_fields(pipe, key(keys::STATES), visitors);
        pipe.cmd("EXISTS").arg(key(keys::OLD_VISITORS));
    }
    if !reads.readers.is_empty() {
        let readers = reads.readers.iter().map(|reader| reader.as_u128());
        read_fields(pipe, key(keys::LIKES), readers);
    }
    if !reads.comments.is_empty() {
        read_fields(pipe, key(keys::COMMENTS), reads.comments.iter().map(|id| id.as_u128()));
    }
}

fn read_fields(pipe: &mut Pipeline, key: String, fields: impl Iterator<Item = u128>) {
    let read = pipe.cmd("HMGET").arg(key);
    for field in fields {
        read.arg(&field.to_be_bytes());
    }
}

/// Parses the replies to the commands of [`append_reads`].
fn parse(topic: &Topic, reads: &TopicReads, replies: &mut impl Iterator<Item = Value>) -> Result<TopicSnapshot> {
    let totals: HashMap<String, i64> = next(replies)?;
    let mut snapshot = TopicSnapshot {
        event_names: totals.get("event_names").map(i64::to_string).unwrap_or_default(),
        dated_after: totals.get(keys::DATED_AFTER).map(|position| position.unsigned_abs()),
        totals: update(topic, &totals),
        ids: HashSet::new(),
        states: HashMap::new(),
        likes: HashMap::new(),
        comments: HashMap::new(),
        has_old_visitors: false,
    };
    for ids in reads.ids.values() {
        let stored: Vec<Option<Vec<u8>>> = next(replies)?;
        snapshot.ids.extend(found(ids, stored).map(|(id, _)| *id));
    }
    if !reads.visitors.is_empty() {
        let stored: Vec<Option<Vec<u8>>> = next(replies)?;
        for (visitor, record) in found(&reads.visitors, stored) {
            snapshot.states.insert(*visitor, StoredState::decode(&record)?);
        }
        snapshot.has_old_visitors = next(replies)?;
    }
    if !reads.readers.is_empty() {
        let likes = next(replies)?;
        snapshot.likes = found(&reads.readers, likes)
            .map(|(reader, like)| (*reader, like))
            .collect();
    }
    if !reads.comments.is_empty() {
        let comments = next(replies)?;
        snapshot.comments = found(&reads.comments, comments)
            .map(|(id, record)| (*id, record))
            .collect();
    }
    Ok(snapshot)
}

fn next<T: FromRedisValue>(replies: &mut impl Iterator<Item = Value>) -> Result<T> {
    from_redis_value(replies.next().unwrap_or(Value::Nil)).map_err(|e| map(NOT_APPLIED, e.into()))
}

/// Returns the keys with a value.
fn found<'a, K>(
    keys: impl IntoIterator<Item = &'a K>,
    values: Vec<Option<Vec<u8>>>,
) -> impl Iterator<Item = (&'a K, Vec<u8>)>
where
    K: 'a,
{
    keys.into_iter()
        .zip(values)
        .filter_map(|(key, value)| Some((key, value?)))
}

/// Reads what the last version stored under other keys: ids without a time, and when visitors were last seen.
async fn add_old(
    store: &RedisStore,
    reads: &BTreeMap<&Topic, TopicReads>,
    topics: &mut BTreeMap<&Topic, TopicSnapshot>,
) -> RedisResult<()> {
    for (topic, snapshot) in topics {
        let Some(reads) = reads.get(*topic) else { continue };
        if let (None, Some(ids)) = (snapshot.dated_after, reads.ids.get(&IdSet::Other)) {
            let mut pipe = redis::pipe();
            let bytes = ids.iter().map(|id| id.as_u128());
            read_fields(&mut pipe, keys::of_topic(topic, keys::OLD_OTHER_IDS), bytes);
            let stored: Vec<Vec<Option<Vec<u8>>>> = store.redis.query_all(&mut pipe).await?;
            let stored = stored.into_iter().next().unwrap_or_default();
            snapshot.ids.extend(found(ids, stored).map(|(id, _)| *id));
        }
        if snapshot.has_old_visitors {
            add_old_visitors(store, topic, reads, snapshot).await?;
        }
    }
    Ok(())
}

async fn add_old_visitors(
    store: &RedisStore,
    topic: &Topic,
    reads: &TopicReads,
    snapshot: &mut TopicSnapshot,
) -> RedisResult<()> {
    let key = keys::of_topic(topic, keys::OLD_VISITORS);
    let visitors: Vec<VisitorKey> = reads.visitors.iter().copied().collect();
    let mut pipe = redis::pipe();
    for visitor in &visitors {
        pipe.cmd("ZSCORE").arg(&key).arg(&visitor.as_u128().to_be_bytes());
    }
    let last_seen: Vec<Option<i64>> = store.redis.query_all(&mut pipe).await?;
    for (visitor, at) in visitors.into_iter().zip(last_seen) {
        let Some(at) = at else { continue };
        snapshot.states.entry(visitor).or_insert_with(|| StoredState {
            version: Vec::new(),
            is_old: true,
            state: VisitorState::undated(Timestamp::from_millis(at)),
        });
    }
    Ok(())
}
