//! Compares the totals with the buckets.

use std::collections::HashMap;

use horizon_core::reports::{
    Counts, Dimension, Discrepancy, MAX_DISCREPANCIES, MemoryReportReader, SessionColumnsError, SiteTimeZone,
    VerifiedTopic,
};
use horizon_core::{Day, Error, Result, Topic};
use redis::{FromRedisValue, Value, from_redis_value};

use super::bucket_reader::{add_day, add_values, bucket_days, failed, topics};
use super::reports::CAPABILITIES;
use super::{EVENT_FIELD, RedisStore, keys, update};

/// The start of the fields with undated numbers, among the totals of a topic.
const UNDATED: &str = "undated_";

/// The maximum number of keys that one transaction reads: 4 days of the site, or 64 of a page. Redis runs no other
/// command meanwhile. By estimate that takes a millisecond, or 20 ms if all dimensions of these days have the maximum
/// number of values.
const KEYS_PER_READ: usize = 64;

/// How often a topic is read before its discrepancies are reported: events that arrive between two transactions make
/// numbers differ that are right.
const ATTEMPTS: usize = 5;

/// Returns the numbers that differ. Reads each topic in transactions of a few days; events may arrive in between, so a
/// topic with discrepancies is read again.
pub(super) async fn verify(store: &RedisStore) -> Result<Vec<Discrepancy>> {
    let stored = store.stored_site().await?;
    let zone = store.site_zone(stored.zone.as_deref())?;
    let mut found = Vec::new();
    for topic in topics(store).await? {
        found.extend(verify_topic(store, &zone, &topic).await?);
        found.truncate(MAX_DISCREPANCIES);
    }
    Ok(found)
}

async fn verify_topic(store: &RedisStore, zone: &SiteTimeZone, topic: &Topic) -> Result<Vec<Discrepancy>> {
    let mut found = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut reader = MemoryReportReader::default();
        let topic = read_topic(store, zone, topic, &mut reader).await?;
        let compared = horizon_core::reports::verify(&reader, zone, &CAPABILITIES, &[topic], None);
        found = compared.map_err(|error: SessionColumnsError| {
            Error::permanent("the buckets of the reports cannot be read").with_source(error)
        })?;
        if found.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Reads the totals of a topic and all its buckets. The newest days, which most events change, are read last, in one
/// transaction with the totals.
async fn read_topic(
    store: &RedisStore,
    zone: &SiteTimeZone,
    topic: &Topic,
    reader: &mut MemoryReportReader,
) -> Result<VerifiedTopic> {
    let days = bucket_days(store, &[topic]).await?;
    let mut days = days.into_iter().next().unwrap_or_default();
    days.sort_unstable();
    let keys_per_day = 1 + values_of(topic, &[Day::default()]).count();
    let mut totals = HashMap::new();
    for days in days.rchunks((KEYS_PER_READ / keys_per_day).max(1)).rev() {
        totals = read_days(store, zone, topic, days, reader).await?;
    }
    if days.is_empty() {
        totals = read_days(store, zone, topic, &[], reader).await?;
    }
    Ok(verified(topic, &totals))
}

/// Reads buckets of a topic and the values of dimensions on these days, and the totals of the topic in the same
/// transaction. Returns the totals.
async fn read_days(
    store: &RedisStore,
    zone: &SiteTimeZone,
    topic: &Topic,
    days: &[Day],
    reader: &mut MemoryReportReader,
) -> Result<HashMap<String, i64>> {
    let mut pipe = redis::pipe();
    pipe.cmd("MULTI");
    pipe.cmd("HGETALL").arg(keys::of_topic(topic, keys::TOTAL));
    for day in days {
        pipe.cmd("HGETALL").arg(keys::buckets(topic, *day));
    }
    for (dimension, day) in values_of(topic, days) {
        pipe.cmd("HGETALL").arg(keys::values(dimension, day));
    }
    pipe.cmd("EXEC");
    let replies: Vec<Value> = store.redis.query_all(&mut pipe).await.map_err(failed)?;
    let hashes: Vec<Value> = parse(replies.into_iter().next_back().unwrap_or(Value::Nil))?;
    let mut hashes = hashes.into_iter();
    let mut next = || hashes.next().unwrap_or(Value::Nil);
    let totals = parse(next())?;
    for day in days {
        add_day(reader, zone, topic, *day, &parse(next())?);
    }
    for (dimension, day) in values_of(topic, days) {
        add_values(reader, dimension, day, parse(next())?);
    }
    Ok(totals)
}

/// Returns the dimensions and days that belong to a topic.
fn values_of(topic: &Topic, days: &[Day]) -> impl Iterator<Item = (Dimension, Day)> {
    let days = if *topic == Topic::Site { days } else { &[] };
    let dimensions = CAPABILITIES.dimensions.iter().copied();
    let dimensions = dimensions.filter(|dimension| dimension.session_index().is_some());
    days.iter()
        .flat_map(move |day| dimensions.clone().map(move |dimension| (dimension, *day)))
}

fn parse<T: FromRedisValue>(value: Value) -> Result<T> {
    from_redis_value(value).map_err(|e| failed(e.into()))
}

fn verified(topic: &Topic, totals: &HashMap<String, i64>) -> VerifiedTopic {
    // All that a topic without reports has is undated.
    let prefix = if totals.contains_key(keys::DATED_AFTER) {
        UNDATED
    } else {
        ""
    };
    let number = |field: &str| totals.get(&format!("{prefix}{field}")).copied().unwrap_or(0);
    let mut undated = Counts::default();
    undated.visits = number("visits");
    undated.likes = number("likes");
    undated.comments = number("comments");
    let mut topic = VerifiedTopic::dated(&update(topic, totals));
    let names: Vec<String> = topic.stats.events.iter().map(|(name, _)| name.to_owned()).collect();
    let events = names.into_iter().map(|name| {
        let count = number(&format!("{EVENT_FIELD}{name}"));
        (name, u64::try_from(count).unwrap_or(0))
    });
    topic.undated_events = events.collect();
    topic.undated = undated;
    topic
}
