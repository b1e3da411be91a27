//! Deletes data that is past its retention, in slices, so that Redis can serve other clients in between.

use horizon_core::{DEDUPE_WINDOW, Day, EventId, Stamp, Timestamp, VISITOR_RETENTION};
use redis::RedisResult;

use super::batch::MAX_ID_SKEW;
use super::{RedisStore, comment_record, keys, salts};
use crate::connection::script::CachedScript;

/// The maximum number of entries that one command reads or deletes: about a millisecond of work.
const SLICE: usize = 1_000;

/// Deletes what is too old at `now` from all topics, and old salts.
pub(super) async fn expire(store: &RedisStore, now: Timestamp) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SSCAN");
        scan.arg(keys::TOPICS).arg(cursor).arg("COUNT").arg(SLICE);
        let (next, topics): (u64, Vec<String>) = store.redis.query(&scan).await?;
        for topic in topics {
            expire_ids(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
            expire_visitors(store, &topic, now.minus(VISITOR_RETENTION)).await?;
            expire_unlikes(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
        }
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    salts::expire(store, now.day()).await
}

/// Deletes the ids of whole days that are too old. Near the end of the window, each id expires with its event's time.
async fn expire_ids(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let days_key = keys::of_topic(topic, keys::DAYS);
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
            scan(store, &store.scripts.expire_ids, &ids, &comment_record::time(oldest)).await?;
        }
    }
    let others = keys::of_topic(topic, keys::OTHER_IDS);
    scan(store, &store.scripts.expire_ids, &others, &comment_record::time(oldest)).await
}

async fn expire_visitors(store: &RedisStore, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let script = &store.scripts.expire_visitors;
    let mut call = script.call(&[&keys::of_topic(topic, keys::VISITORS)]);
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
        &likes,
        &comment_record::stamp(first),
    )
    .await
}

/// Calls a script for all entries of a key, slice by slice.
async fn scan(store: &RedisStore, script: &CachedScript, key: &str, oldest: &[u8]) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut call = script.call(&[key]);
        call.arg(cursor).arg(SLICE).arg(oldest);
        cursor = store.redis.invoke(script, &call).await?;
        if cursor == 0 {
            return Ok(());
        }
    }
}
