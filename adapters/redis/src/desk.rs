//! The comments of all pages in one order, merged from the lists of each page.

use std::num::NonZeroUsize;

use horizon_core::{Comment, Error, Result, Slug, Visibility};

use crate::comments::{End, not_read, rows};
use crate::stats::RedisStats;
use crate::{keys, record};

/// The most lists that are asked in one round trip.
const LISTS_AT_ONCE: usize = 1_000;

/// The comments of a page in one state.
struct List {
    slug: Slug,
    state: Visibility,
}

/// A comment that is not read yet.
struct Entry<'a> {
    place: f64,
    list: &'a List,
    id: Vec<u8>,
}

/// The newest comments of all pages below `end`, newest first; with `only`, those in that state.
pub(crate) async fn read(
    store: &RedisStats,
    only: Option<Visibility>,
    end: &End,
    limit: NonZeroUsize,
) -> Result<Vec<Comment>> {
    let lists = lists(store, only).await?;
    // What is among the newest is in one of the lists whose own newest is among them.
    let tops = newest(store, &lists, end, NonZeroUsize::MIN).await?;
    let lists = tops.into_iter().take(limit.get()).map(|top| top.list);
    let entries = newest(store, lists, end, limit).await?;
    comments(store, entries.get(..limit.get()).unwrap_or(&entries), only).await
}

async fn lists(store: &RedisStats, only: Option<Visibility>) -> Result<Vec<List>> {
    let slugs: Vec<String> = store
        .redis
        .ask(redis::cmd("SMEMBERS").arg(keys::COMMENTED))
        .await
        .map_err(not_read)?;
    let all = [Visibility::Shown, Visibility::Pending, Visibility::Removed];
    let mut lists = Vec::new();
    for slug in slugs {
        let slug = Slug::new(&slug).map_err(|e| {
            Error::permanent(format!("the key {} holds what is no page", keys::COMMENTED)).with_source(e)
        })?;
        let states = all.into_iter().filter(|state| only.is_none_or(|only| only == *state));
        lists.extend(states.map(|state| List {
            slug: slug.clone(),
            state,
        }));
    }
    Ok(lists)
}

/// Up to `most` of each list, all of them newest first.
async fn newest<'a>(
    store: &RedisStats,
    lists: impl IntoIterator<Item = &'a List>,
    end: &End,
    most: NonZeroUsize,
) -> Result<Vec<Entry<'a>>> {
    let lists: Vec<&List> = lists.into_iter().collect();
    let mut entries = Vec::new();
    for some in lists.chunks(LISTS_AT_ONCE) {
        let mut pipe = redis::pipe();
        for list in some {
            pipe.cmd("ZREVRANGEBYSCORE")
                .arg(keys::of_blog(&list.slug, keys::list(list.state)));
            pipe.arg(end.on(&list.slug)).arg("-inf").arg("WITHSCORES");
            pipe.arg("LIMIT").arg(0).arg(rows(most));
        }
        let found: Vec<Vec<(Vec<u8>, f64)>> = store.redis.ask_all(&mut pipe).await.map_err(not_read)?;
        for (&list, found) in some.iter().zip(found) {
            entries.extend(found.into_iter().map(|(id, place)| Entry { place, list, id }));
        }
    }
    entries.sort_by(|a, b| b.place.total_cmp(&a.place).then_with(|| b.list.slug.cmp(&a.list.slug)));
    Ok(entries)
}

/// Reads them. Whoever was given another state meanwhile is left out if only one is asked for.
async fn comments(store: &RedisStats, entries: &[Entry<'_>], only: Option<Visibility>) -> Result<Vec<Comment>> {
    let mut pipe = redis::pipe();
    for entry in entries {
        pipe.cmd("HGET")
            .arg(keys::of_blog(&entry.list.slug, keys::COMMENTS))
            .arg(&entry.id);
    }
    let records: Vec<Option<Vec<u8>>> = store.redis.ask_all(&mut pipe).await.map_err(not_read)?;
    let mut comments = Vec::with_capacity(entries.len());
    for (entry, bytes) in entries.iter().zip(records) {
        let Some(bytes) = bytes else { continue };
        let comment = record::decode(&entry.list.slug, record::id(&entry.id)?, &bytes)?.comment;
        if only.is_none_or(|only| only == comment.visibility) {
            comments.push(comment);
        }
    }
    Ok(comments)
}
