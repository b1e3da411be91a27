//! The newest comments of all pages, merged from the lists of each page.

use std::num::NonZeroUsize;

use horizon_core::{Comment, Error, Result, Slug, Visibility};

use super::comments::{ReadStart, limit_argument, read_error};
use super::{RedisStore, comment_record, keys};

/// The maximum number of lists in one round trip.
const LISTS_PER_READ: usize = 1_000;

/// The comments of a page in one state.
struct CommentList {
    slug: Slug,
    state: Visibility,
}

/// A comment whose record is not read yet.
struct ListEntry<'a> {
    position: f64,
    list: &'a CommentList,
    id: Vec<u8>,
}

/// Returns the newest comments of all pages from `start`, newest first; with `only`, those in that state.
pub(super) async fn read(
    store: &RedisStore,
    only: Option<Visibility>,
    start: &ReadStart,
    limit: NonZeroUsize,
) -> Result<Vec<Comment>> {
    let lists = lists(store, only).await?;
    // The result is in the lists whose newest comments are the newest of all.
    let newest_of_each = newest(store, &lists, start, NonZeroUsize::MIN).await?;
    let lists = newest_of_each.into_iter().take(limit.get()).map(|entry| entry.list);
    let entries = newest(store, lists, start, limit).await?;
    comments(store, entries.get(..limit.get()).unwrap_or(&entries), only).await
}

async fn lists(store: &RedisStore, only: Option<Visibility>) -> Result<Vec<CommentList>> {
    let members = redis::cmd("SMEMBERS").arg(keys::COMMENTED).clone();
    let slugs: Vec<String> = store.redis.query(&members).await.map_err(read_error)?;
    let all = [Visibility::Shown, Visibility::Pending, Visibility::Removed];
    let mut lists = Vec::new();
    for slug in slugs {
        let slug = Slug::new(&slug).map_err(|e| {
            let message = format!("the key {} in Redis holds an invalid slug", keys::COMMENTED);
            Error::permanent(message).with_source(e)
        })?;
        let states = all.into_iter().filter(|state| only.is_none_or(|only| only == *state));
        lists.extend(states.map(|state| CommentList {
            slug: slug.clone(),
            state,
        }));
    }
    Ok(lists)
}

/// Returns up to `limit` comments of each list, all of them newest first.
async fn newest<'a>(
    store: &RedisStore,
    lists: impl IntoIterator<Item = &'a CommentList>,
    start: &ReadStart,
    limit: NonZeroUsize,
) -> Result<Vec<ListEntry<'a>>> {
    let lists: Vec<&CommentList> = lists.into_iter().collect();
    let mut entries = Vec::new();
    for lists in lists.chunks(LISTS_PER_READ) {
        let mut pipe = redis::pipe();
        for list in lists {
            pipe.cmd("ZREVRANGEBYSCORE")
                .arg(keys::of_page(&list.slug, keys::in_state(list.state)));
            pipe.arg(start.max_score(&list.slug)).arg("-inf").arg("WITHSCORES");
            pipe.arg("LIMIT").arg(0).arg(limit_argument(limit));
        }
        let replies: Vec<Vec<(Vec<u8>, f64)>> = store.redis.query_all(&mut pipe).await.map_err(read_error)?;
        for (&list, reply) in lists.iter().zip(replies) {
            entries.extend(reply.into_iter().map(|(id, position)| ListEntry { position, list, id }));
        }
    }
    entries.sort_by(|a, b| {
        b.position
            .total_cmp(&a.position)
            .then_with(|| b.list.slug.cmp(&a.list.slug))
    });
    Ok(entries)
}

/// Reads the records. With `only`, skips comments whose state changed meanwhile.
async fn comments(store: &RedisStore, entries: &[ListEntry<'_>], only: Option<Visibility>) -> Result<Vec<Comment>> {
    let mut pipe = redis::pipe();
    for entry in entries {
        pipe.cmd("HGET")
            .arg(keys::of_page(&entry.list.slug, keys::COMMENTS))
            .arg(&entry.id);
    }
    let records: Vec<Option<Vec<u8>>> = store.redis.query_all(&mut pipe).await.map_err(read_error)?;
    let mut comments = Vec::with_capacity(entries.len());
    for (entry, bytes) in entries.iter().zip(records) {
        let Some(bytes) = bytes else { continue };
        let id = comment_record::id(&entry.id)?;
        let comment = comment_record::decode(&entry.list.slug, id, &bytes)?.comment;
        if only.is_none_or(|only| only == comment.visibility) {
            comments.push(comment);
        }
    }
    Ok(comments)
}
