//! Compares the totals with the buckets.

use std::collections::HashMap;

use horizon_core::reports::{
    Counts, Dimension, Discrepancy, MemoryReportReader, SessionColumnsError, SiteTimeZone, VerifiedTopic,
};
use horizon_core::{Day, Error, Result, Topic};
use redis::{FromRedisValue, Value, from_redis_value};

use super::bucket_reader::{add_day, add_values, bucket_days, decode_days, failed, topics};
use super::reports::CAPABILITIES;
use super::{EVENT_FIELD, RedisStore, keys, update};

/// The start of the fields with undated numbers, among the totals of a topic.
const UNDATED: &str = "undated_";

/// Returns the numbers that differ. Reads each topic in one transaction, for which Redis serves nobody else: about a
/// millisecond for 100 days of a page, or for ten days of the site.
pub(super) async fn verify(store: &RedisStore) -> Result<Vec<Discrepancy>> {
    let stored = store.stored_site().await?;
    let zone = store.site_zone(stored.zone.as_deref())?;
    let mut reader = MemoryReportReader::default();
    let mut verified = Vec::new();
    for topic in topics(store).await? {
        verified.push(read_topic(store, &zone, &topic, &mut reader).await?);
    }
    let found = horizon_core::reports::verify(&reader, &zone, &CAPABILITIES, &verified, None);
    found.map_err(|error: SessionColumnsError| {
        Error::permanent("the buckets of the reports cannot be read").with_source(error)
    })
}

/// Reads the totals of a topic and all its buckets.
async fn read_topic(
    store: &RedisStore,
    zone: &SiteTimeZone,
    topic: &Topic,
    reader: &mut MemoryReportReader,
) -> Result<VerifiedTopic> {
    let mut days = bucket_days(store, &[topic])
        .await?
        .into_iter()
        .next()
        .unwrap_or_default();
    loop {
        let mut hashes = read_at_once(store, topic, &days).await?.into_iter();
        let mut next = || hashes.next().unwrap_or(Value::Nil);
        let stored = decode_days(parse(next())?);
        if stored != days {
            days = stored;
            continue;
        }
        let totals: HashMap<String, i64> = parse(next())?;
        for day in &days {
            add_day(reader, zone, topic, *day, &parse(next())?);
        }
        for (dimension, day) in values_of(topic, &days) {
            add_values(reader, dimension, day, parse(next())?);
        }
        return Ok(verified(topic, &totals));
    }
}

/// Returns the dimensions and days that belong to a topic.
fn values_of(topic: &Topic, days: &[Day]) -> impl Iterator<Item = (Dimension, Day)> {
    let days = if *topic == Topic::Site { days } else { &[] };
    let dimensions = CAPABILITIES.dimensions.iter().copied();
    let dimensions = dimensions.filter(|dimension| dimension.session_index().is_some());
    days.iter()
        .flat_map(move |day| dimensions.clone().map(move |dimension| (dimension, *day)))
}

/// Reads the days of a topic, its totals, the buckets of these days and the values of dimensions in one transaction.
async fn read_at_once(store: &RedisStore, topic: &Topic, days: &[Day]) -> Result<Vec<Value>> {
    let mut pipe = redis::pipe();
    pipe.cmd("MULTI");
    pipe.cmd("GET").arg(keys::of_topic(topic, keys::BUCKET_DAYS));
    pipe.cmd("HGETALL").arg(keys::of_topic(topic, keys::TOTAL));
    for day in days {
        pipe.cmd("HGETALL").arg(keys::buckets(topic, *day));
    }
    for (dimension, day) in values_of(topic, days) {
        pipe.cmd("HGETALL").arg(keys::values(dimension, day));
    }
    pipe.cmd("EXEC");
    let replies: Vec<Value> = store.redis.query_all(&mut pipe).await.map_err(failed)?;
    parse(replies.into_iter().next_back().unwrap_or(Value::Nil))
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
