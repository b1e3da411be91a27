//! Erases what is too old, in slices, so that Redis answers others in between.

use horizon_core::{DEDUPE_WINDOW, Day, EventId, Stamp, Timestamp, VISITOR_MEMORY};
use redis::RedisResult;

use crate::batch::APART;
use crate::script::Kept;
use crate::stats::RedisStats;
use crate::{keys, record, salts};

/// The most entries that one command looks at or erases, about a millisecond's worth.
const SLICE: usize = 1_000;

/// Erases what `now` makes too old on every page, and old salts.
pub(crate) async fn forget(store: &RedisStats, now: Timestamp) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let mut scan = redis::cmd("SSCAN");
        scan.arg(keys::TOPICS).arg(cursor).arg("COUNT").arg(SLICE);
        let (next, topics): (u64, Vec<String>) = store.redis.ask(&scan).await?;
        for topic in topics {
            forget_ids(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
            forget_visitors(store, &topic, now.minus(VISITOR_MEMORY)).await?;
            forget_unlikes(store, &topic, now.minus(DEDUPE_WINDOW)).await?;
        }
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    salts::forget(store, now.day()).await
}

/// Days whose ids are all too old go at once; near the end of the window each id goes by its event's time.
async fn forget_ids(store: &RedisStats, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let days_key = keys::page(topic, keys::DAYS);
    let (whole, part) = (oldest.minus(APART).day().number(), oldest.plus(APART).day().number());
    let days: Vec<i64> = store.redis.ask(redis::cmd("SMEMBERS").arg(&days_key)).await?;
    for day in days {
        let ids = keys::ids(topic, Day::from_number(day));
        if day < whole {
            let mut pipe = redis::pipe();
            pipe.cmd("UNLINK").arg(&ids);
            pipe.cmd("SREM").arg(&days_key).arg(day);
            // No transaction, because Redis takes none when its memory is full, which is when forgetting helps most.
            store.redis.ask_all::<i64>(&mut pipe).await?;
        } else if day <= part {
            sweep(store, &store.scripts.forget_ids, &ids, &record::time(oldest)).await?;
        }
    }
    let others = keys::page(topic, keys::OTHER_IDS);
    sweep(store, &store.scripts.forget_ids, &others, &record::time(oldest)).await
}

async fn forget_visitors(store: &RedisStats, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let script = &store.scripts.forget_visitors;
    let mut call = script.call(&[&keys::page(topic, keys::VISITORS)]);
    call.arg(oldest.as_millis()).arg(SLICE);
    while store.redis.invoke::<usize>(script, &call).await? == SLICE {}
    Ok(())
}

/// A reader who likes nothing is nobody to remember, once nothing earlier of theirs can come any more.
async fn forget_unlikes(store: &RedisStats, topic: &str, oldest: Timestamp) -> RedisResult<()> {
    let first = Stamp {
        at: oldest,
        id: EventId::from_u128(0),
    };
    let likes = keys::page(topic, keys::LIKES);
    sweep(store, &store.scripts.forget_unlikes, &likes, &record::stamp(first)).await
}

/// Runs a script over everything under a key, slice by slice.
async fn sweep(store: &RedisStats, script: &Kept, key: &str, oldest: &[u8]) -> RedisResult<()> {
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
