//! Compares the totals with the buckets.

use std::collections::HashMap;

use horizon_core::reports::{Counts, Dimension, Discrepancy, MemoryReportReader, SiteTimeZone};
use horizon_core::{Day, Result, Topic};
use redis::{FromRedisValue, Value, from_redis_value};

use super::bucket_reader::{add_day, bucket_days, failed, topics};
use super::ledger::NOT_STORED;
use super::{EVENT_FIELD, RedisStore, bucket_record, keys};

/// Returns all numbers that differ. Reads each topic in one transaction.
pub(super) async fn verify(store: &RedisStore) -> Result<Vec<Discrepancy>> {
    let stored = store.stored_site().await?;
    let zone = store.site_zone(stored.zone.as_deref())?;
    let mut found = Vec::new();
    for topic in topics(store).await? {
        verify_topic(store, &zone, &topic, &mut found).await?;
    }
    verify_dimensions(store, &mut found).await?;
    Ok(found)
}

async fn days_of(store: &RedisStore, topic: &Topic) -> Result<Vec<Day>> {
    Ok(bucket_days(store, &[topic]).await?.into_iter().next().unwrap_or_default())
}

async fn verify_topic(
    store: &RedisStore,
    zone: &SiteTimeZone,
    topic: &Topic,
    found: &mut Vec<Discrepancy>,
) -> Result<()> {
    let days = days_of(store, topic).await?;
    let mut keys = vec![keys::of_topic(topic, keys::TOTAL)];
    keys.extend(days.iter().map(|day| keys::buckets(topic, *day)));
    let mut hashes = read_at_once(store, &keys).await?.into_iter();
    let totals: HashMap<String, i64> = parse(hashes.next().unwrap_or(Value::Nil))?;
    let mut reader = MemoryReportReader::default();
    for (day, fields) in days.into_iter().zip(hashes) {
        add_day(&mut reader, zone, topic, day, &parse(fields)?);
    }
    // All that a topic without reports has is undated.
    if totals.contains_key(keys::DATED_AFTER) {
        compare_totals(topic, &totals, &reader, found);
    }
    compare_days(zone, topic, &reader, found);
    Ok(())
}

/// Compares the totals with what is undated and the hours.
fn compare_totals(
    topic: &Topic,
    totals: &HashMap<String, i64>,
    reader: &MemoryReportReader,
    found: &mut Vec<Discrepancy>,
) {
    let mut hours = Counts::default();
    for bucket in reader.hours.values() {
        hours += bucket.counts;
    }
    let number = |field: &str| totals.get(field).copied().unwrap_or(0);
    let mut compare = |field: &str, hours: i64| {
        let parts = number(&format!("undated_{field}")).saturating_add(hours);
        found.extend(Discrepancy::between(|| format!("{field} of {topic}"), parts, number(field)));
    };
    compare("visits", hours.visits);
    compare("likes", hours.likes);
    compare("comments", hours.comments);
    let mut events: HashMap<&str, i64> = HashMap::new();
    for name in totals.keys().filter_map(|field| field.strip_prefix(EVENT_FIELD)) {
        events.insert(name, 0);
    }
    for ((_, _, name), count) in &reader.custom_events {
        *events.entry(name).or_default() += count;
    }
    for (name, count) in events {
        compare(&format!("{EVENT_FIELD}{name}"), count);
    }
}

/// Compares the days with their hours, without the visitors, who may come in several hours.
fn compare_days(zone: &SiteTimeZone, topic: &Topic, reader: &MemoryReportReader, found: &mut Vec<Discrepancy>) {
    let mut days: HashMap<Day, (Counts, Counts)> = HashMap::new();
    for ((_, hour), bucket) in &reader.hours {
        days.entry(zone.day_of(*hour)).or_default().0 += bucket.counts;
    }
    for ((_, day), bucket) in &reader.days {
        days.entry(*day).or_default().1 += bucket.counts;
    }
    for (day, (hours, total)) in days {
        let numbers = Counts::NAMES.into_iter().zip(hours.to_array().into_iter().zip(total.to_array()));
        for (name, (hours, total)) in numbers.filter(|(name, _)| *name != "visitors") {
            let what = || format!("{name} of {topic} on day {}", day.number());
            found.extend(Discrepancy::between(what, hours, total));
        }
    }
}

/// Compares the sessions of each day of the site with those of the values of each dimension.
async fn verify_dimensions(store: &RedisStore, found: &mut Vec<Discrepancy>) -> Result<()> {
    for day in days_of(store, &Topic::Site).await? {
        let dimensions = Dimension::OF_SESSIONS.into_iter().filter(|dimension| *dimension != NOT_STORED);
        let mut keys = vec![keys::buckets(Topic::Site, day)];
        keys.extend(dimensions.clone().map(|dimension| keys::values(dimension, day)));
        let mut hashes = read_at_once(store, &keys).await?.into_iter();
        let site: HashMap<String, String> = parse(hashes.next().unwrap_or(Value::Nil))?;
        let site = bucket_record::decode(site.get(bucket_record::DAY).map_or("", String::as_str));
        for (dimension, values) in dimensions.zip(hashes) {
            let values: HashMap<String, String> = parse(values)?;
            let mut sum = Counts::default();
            for numbers in values.values() {
                sum += bucket_record::decode(numbers);
            }
            let pairs = [
                ("visits", sum.visits, site.visits),
                ("keyed_visits", sum.keyed_visits, site.keyed_visits),
            ];
            for (name, values, total) in pairs {
                let what = || format!("{name} by {dimension} on day {}", day.number());
                found.extend(Discrepancy::between(what, values, total));
            }
        }
    }
    Ok(())
}

/// Reads hashes in one transaction.
async fn read_at_once(store: &RedisStore, keys: &[String]) -> Result<Vec<Value>> {
    let mut pipe = redis::pipe();
    pipe.cmd("MULTI");
    for key in keys {
        pipe.cmd("HGETALL").arg(key);
    }
    pipe.cmd("EXEC");
    let replies: Vec<Value> = store.redis.query_all(&mut pipe).await.map_err(failed)?;
    parse(replies.into_iter().next_back().unwrap_or(Value::Nil))
}

fn parse<T: FromRedisValue>(value: Value) -> Result<T> {
    from_redis_value(value).map_err(|e| failed(e.into()))
}
