//! Deletes data that is past its retention, in slices, so that Redis can serve other clients in between.

use horizon_core::{DEDUPE_WINDOW, Day, Error, EventId, Result, Stamp, Timestamp, Topic, VISIT_GAP, VISITOR_RETENTION};
use redis::{RedisError, RedisResult, Value};

use super::apply::stored_site;
use super::batch::MAX_ID_SKEW;
use super::snapshot::StoredSite;
use super::{RedisStore, comment_record, keys, salts};
use crate::connection::script::CachedScript;
use crate::error::map;

/// The maximum number of entries that one command reads or deletes: about a millisecond of work.
const SLICE: usize = 1_000;

/// Deletes what is too old at `now` from all topics, and old salts.
pub(super) async fn expire(store: &RedisStore, now: Timestamp) -> Result<()> {
    let (cutoff, today) = close_days(store, now).await?;
    let expired = expire_all(store, now, cutoff, today).await;
    expired.map_err(failed)
}

fn failed(error: RedisError) -> Error {
    map("old ids, visitors and salts cannot be deleted from Redis", error)
}

/// Closes days by the clock. Returns the cutoff, and the day of the site at `now`.
///
/// The cutoff is stored before states are erased, so that a process that counts with an older one fails and reads
/// again.
async fn close_days(store: &RedisStore, now: Timestamp) -> Result<(Option<Timestamp>, Day)> {
    loop {
        let mut pipe = redis::pipe();
        StoredSite::append_read(&mut pipe);
        let reply: Vec<Value> = store.redis.query_all(&mut pipe).await.map_err(failed)?;
        let reply = reply.into_iter().next().unwrap_or(Value::Nil);
        let stored = StoredSite::parse(reply).map_err(failed)?;
        let zone = store.site_zone(stored.zone.as_deref())?;
        let today = zone.day_of(now);
        let mut site = stored_site(zone, &stored);
        site.close_by_clock(now);
        let (Some(before), Some(cutoff)) = (stored.cutoff, site.cutoff()) else {
            return Ok((None, today));
        };
        if before == cutoff.as_millis() {
            return Ok((Some(cutoff), today));
        }
        let script = &store.scripts.close_days;
        let mut call = script.call(&[&keys::of_topic(Topic::Site, keys::REPORTS)]);
        call.arg(before).arg(cutoff.as_millis());
        if store.redis.invoke(script, &call).await.map_err(failed)? {
            return Ok((Some(cutoff), today));
        }
    }
}

async fn expire_all(store: &RedisStore, now: Timestamp, cutoff: Option<Timestamp>, today: Day) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SSCAN");
        scan.arg(keys::TOPICS).arg(cursor).arg("COUNT").arg(SLICE);
        let (next, topics): (u64, Vec<String>) = store.redis.query(&scan).await?;
        for topic in topics {
            begin_reports(store, &topic).await?;
            expire_ids(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
            if let Some(cutoff) = cutoff {
                expire_states(store, &topic, cutoff.minus(VISIT_GAP)).await?;
            }
            expire_old_visitors(store, &topic, now.minus(VISITOR_RETENTION)).await?;
            expire_unlikes(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
        }
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    salts::expire(store, today).await
}

/// Makes what the last version counted undated, unless that is done.
async fn begin_reports(store: &RedisStore, topic: &str) -> RedisResult<()> {
    let script = &store.scripts.mark_undated;
    let keys = keys::of_marking(topic);
    let call = script.call(&keys.each_ref().map(String::as_str));
    match store.redis.invoke(script, &call).await {
        // There is nothing to expire in a topic without the keys of the last version.
        Err(error) if error.code() == Some("OOM") => Ok(()),
        begun => begun,
    }
}

/// Deletes the states of visitors who were last seen before `oldest`.
async fn expire_states(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let states = keys::of_topic(topic, keys::STATES);
    let script = &store.scripts.expire_states;
    scan(
        store,
        script,
        &[&states, keys::REWRITE_DUE],
        &comment_record::time(oldest),
    )
    .await
}

/// Deletes the ids of whole days that are too old. Near the end of the window, each id expires with its event's time.
async fn expire_ids(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let days_key = keys::of_topic(topic, keys::ID_DAYS);
    let whole = oldest.minus(MAX_ID_SKEW).day().number();
    let partial = oldest.plus(MAX_ID_SKEW).day().number();
    let days: Vec<i64> = store.redis.query(redis::cmd("SMEMBERS").arg(&days_key)).await?;
    for day in days {
        let ids = keys::ids(topic, Day::from_number(day));
        if day < whole {
            let mut pipe = redis::pipe();
            pipe.cmd("UNLINK").arg(&ids);
            pipe.cmd("SREM").arg(&days_key).arg(day);
            // Not a transaction: Redis rejects transactions when it is out of memory, and that is when deleting helps
            // most.
            store.redis.query_all::<i64>(&mut pipe).await?;
        } else if day <= partial {
            scan(store, &store.scripts.expire_ids, &[&ids], &comment_record::time(oldest)).await?;
        }
    }
    let others = keys::of_topic(topic, keys::OTHER_IDS);
    scan(
        store,
        &store.scripts.expire_ids,
        &[&others],
        &comment_record::time(oldest),
    )
    .await
}

/// Deletes visitors whom the last version stored.
async fn expire_old_visitors(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let script = &store.scripts.expire_visitors;
    let mut call = script.call(&[&keys::of_topic(topic, keys::OLD_VISITORS), keys::REWRITE_DUE]);
    call.arg(oldest.as_millis()).arg(SLICE);
    while store.redis.invoke::<usize>(script, &call).await? == SLICE {}
    Ok(())
}

/// Deletes unlikes once no earlier event of their readers can arrive.
async fn expire_unlikes(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let first = Stamp {
        at: oldest,
        id: EventId::from_u128(0),
    };
    let likes = keys::of_topic(topic, keys::LIKES);
    scan(
        store,
        &store.scripts.expire_unlikes,
        &[&likes],
        &comment_record::stamp(first),
    )
    .await
}

/// Calls a script for all entries of the first key, slice by slice.
async fn scan(store: &RedisStore, script: &CachedScript, keys: &[&str], oldest: &[u8]) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut call = script.call(keys);
        call.arg(cursor).arg(SLICE).arg(oldest);
        cursor = store.redis.invoke(script, &call).await?;
        if cursor == 0 {
            return Ok(());
        }
    }
}
