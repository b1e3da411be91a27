use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use horizon_core::{
    Comment, CommentStore, Event, EventId, EventKind, Result, Slug, StatsStore, ThreadPage, Timestamp, Topic, Update,
    Visibility,
};
use horizon_memory::MemoryStore;

use crate::paging::{FindsHiddenThreads, IgnoresAfter, IgnoresByteLimit, TreatsUnknownAfterAsNone, deny_more_replies};
use crate::store::{OrdersByArrival, StoreDefect, harness};
use crate::{caught, names};

/// Ignores events that match.
struct IgnoresEvents(fn(&Event) -> bool);

#[async_trait]
impl StoreDefect for IgnoresEvents {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain(|event| !(self.0)(event));
        good.apply(&events).await
    }
}

/// Changes a page of threads of a correct store.
struct RearrangesPage(fn(&mut ThreadPage));

#[async_trait]
impl StoreDefect for RearrangesPage {
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let mut page = good.threads(slug, before, limit).await?;
        (self.0)(&mut page);
        Ok(page)
    }
}

struct StoresEscapedHtml;

#[async_trait]
impl StoreDefect for StoresEscapedHtml {
    async fn comment(&self, good: &MemoryStore, id: EventId) -> Result<Option<Comment>> {
        let mut comment = good.comment(id).await?;
        if let Some(comment) = &mut comment {
            comment.body = comment.body.replace('<', "&lt;");
        }
        Ok(comment)
    }
}

/// Recognises a repeated comment only while its event id is remembered.
#[derive(Default)]
struct ForgetsCommentIds(AtomicU64);

#[async_trait]
impl StoreDefect for ForgetsCommentIds {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let expired = self.0.load(Ordering::Relaxed);
        let mut events = events.to_vec();
        for event in &mut events {
            event.id = EventId::from_u128(event.id.as_u128() + u128::from(expired));
        }
        good.apply(&events).await
    }
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        good.expire(now).await
    }
}

struct TreatsUnknownBeforeAsNone;

#[async_trait]
impl StoreDefect for TreatsUnknownBeforeAsNone {
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let known = match before {
            Some(id) => good.comment(id).await?.map(|comment| comment.id),
            None => None,
        };
        good.threads(slug, known, limit).await
    }
}

/// Counts hidden threads in `has_earlier`.
struct CountsHiddenThreads;

#[async_trait]
impl StoreDefect for CountsHiddenThreads {
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let mut page = good.threads(slug, before, limit).await?;
        if let Some(first) = page.threads.first() {
            let older = good
                .recent_comments(None, Some(first.head.id), NonZeroUsize::MAX)
                .await?;
            page.has_earlier = older
                .iter()
                .any(|comment| comment.slug == *slug && comment.parent.is_none());
        }
        Ok(page)
    }
}

struct ShowsPendingHeads;

#[async_trait]
impl StoreDefect for ShowsPendingHeads {
    async fn threads(
        &self,
        good: &MemoryStore,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let mut page = good.threads(slug, before, limit).await?;
        for thread in &mut page.threads {
            if thread.head.visibility == Visibility::Pending {
                thread.head = good.comment(thread.head.id).await?.unwrap();
            }
        }
        Ok(page)
    }
}

/// Rejects a reply with an invalid parent instead of making it a thread.
#[derive(Default)]
struct RejectsInvalidReplies(Mutex<HashMap<EventId, bool>>);

#[async_trait]
impl StoreDefect for RejectsInvalidReplies {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain(|event| {
            let EventKind::Comment { draft, .. } = &event.kind else {
                return true;
            };
            let mut tops = self.0.lock().unwrap();
            let is_valid = draft.parent().is_none_or(|parent| tops.get(&parent) == Some(&true));
            tops.insert(event.id, draft.parent().is_none());
            is_valid
        });
        good.apply(&events).await
    }
}

struct ShowsPendingComments;

#[async_trait]
impl StoreDefect for ShowsPendingComments {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        for event in &mut events {
            if let EventKind::Comment { pending, .. } = &mut event.kind {
                *pending = false;
            }
        }
        good.apply(&events).await
    }
}

/// Subtracts every removal, including repeats.
#[derive(Default)]
struct CountsEveryVerdict(AtomicU64);

#[async_trait]
impl StoreDefect for CountsEveryVerdict {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        for event in events {
            if let EventKind::Moderate { comment, verdict } = event.kind
                && good
                    .comment(comment)
                    .await?
                    .is_some_and(|comment| comment.visibility == verdict)
            {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        good.apply(events).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = good.totals(topics).await?;
        for update in &mut updates {
            update.stats.comments -= self.0.load(Ordering::Relaxed);
        }
        Ok(updates)
    }
}

/// Does not compare the page of a verdict with the comment's.
struct IgnoresPageOfVerdict;

#[async_trait]
impl StoreDefect for IgnoresPageOfVerdict {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        for event in &mut events {
            if let EventKind::Moderate { comment, .. } = event.kind
                && let Some(comment) = good.comment(comment).await?
            {
                event.topic = comment.slug.into();
            }
        }
        good.apply(&events).await
    }
}

struct ListsNewestOfAnyVisibility;

#[async_trait]
impl StoreDefect for ListsNewestOfAnyVisibility {
    async fn newest_comments(&self, good: &MemoryStore, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let mut all = good.recent_comments(None, None, NonZeroUsize::MAX).await?;
        all.retain(|comment| comment.slug == *slug);
        all.truncate(limit.get());
        Ok(all)
    }
}

struct IgnoresVisibilityFilter;

#[async_trait]
impl StoreDefect for IgnoresVisibilityFilter {
    async fn recent_comments(
        &self,
        good: &MemoryStore,
        _: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        good.recent_comments(None, before, limit).await
    }
}

struct CountsOnlyShownReplies;

#[async_trait]
impl StoreDefect for CountsOnlyShownReplies {
    async fn reply_count(&self, good: &MemoryStore, parent: EventId) -> Result<usize> {
        let shown = good
            .recent_comments(Some(Visibility::Shown), None, NonZeroUsize::MAX)
            .await?;
        Ok(shown.iter().filter(|comment| comment.parent == Some(parent)).count())
    }
}

fn is_verdict(event: &Event) -> bool {
    matches!(event.kind, EventKind::Moderate { .. })
}

fn reverse_threads(page: &mut ThreadPage) {
    page.threads.reverse();
}

fn sort_by_time(page: &mut ThreadPage) {
    page.threads.sort_by_key(|thread| thread.head.at);
}

fn reverse_replies(page: &mut ThreadPage) {
    page.threads.iter_mut().for_each(|thread| thread.replies.reverse());
}

fn remove_hidden_heads(page: &mut ThreadPage) {
    page.threads
        .retain(|thread| thread.head.visibility == Visibility::Shown);
}

caught! { comments, comments_suite:
    a_comment_reads_back_as_it_was_written: harness(StoresEscapedHtml) => "the comment";
    a_repeated_comment_is_stored_once_even_after_its_id_expired: harness(ForgetsCommentIds::default())
        => "a repeat of a forgotten id, the page";
    threads_are_listed_oldest_first_and_page_backwards: harness(RearrangesPage(reverse_threads))
        => "a page of two\n   got ([\"e\", \"d\"], true)\nwanted ([\"d\", \"e\"], true)";
    has_earlier_counts_only_visible_threads: harness(CountsHiddenThreads) => "both earlier ones are hidden";
    an_unknown_before_returns_nothing: harness(TreatsUnknownBeforeAsNone) => "the page";
    comments_are_ordered_by_arrival: harness(RearrangesPage(sort_by_time)) => "the order";
    replies_are_listed_under_their_parent_oldest_first: harness(RearrangesPage(reverse_replies)) => "replies, the page";
    a_reply_with_an_invalid_parent_becomes_a_top_level_comment: harness(RejectsInvalidReplies::default())
        => "invalid parents, the page";
    a_thread_has_its_first_replies_and_a_flag_for_more: harness(RearrangesPage(deny_more_replies)) => "many more";
    replies_page_forwards: harness(IgnoresAfter) => "a page of two";
    thread_returns_only_visible_threads: harness(FindsHiddenThreads) => "a reply";
    an_unknown_after_returns_no_replies: harness(TreatsUnknownAfterAsNone)
        => "the page\n   got Some(([\"reply\"], false))\nwanted Some(([], false))";
    a_page_of_threads_is_limited_in_bytes: harness(IgnoresByteLimit) => "an earlier page\n   got false\nwanted true";
    a_page_of_replies_is_limited_in_bytes: harness(IgnoresByteLimit)
        => "the first page\n   got (false, false)\nwanted (true, true)";
    a_pending_comment_is_hidden_and_not_counted: harness(ShowsPendingComments)
        => "while pending, the page\n   got [(\"pending\", [])]\nwanted []";
    a_removed_comment_is_hidden_and_not_counted: harness(IgnoresEvents(is_verdict)) => "removed, the page";
    a_removed_head_with_replies_is_blank: harness(RearrangesPage(remove_hidden_heads))
        => "the head is removed, the page\n   got []\nwanted [(\"\", [\"reply\"])]";
    a_pending_head_with_replies_is_blank: harness(ShowsPendingHeads) => "a pending head, the page";
    a_repeated_verdict_changes_nothing: harness(CountsEveryVerdict::default()) => "the count\n   got 0\nwanted 1";
    a_verdict_from_another_page_is_ignored: harness(IgnoresPageOfVerdict)
        => "another page's verdict, the page\n   got []\nwanted [(\"stays\", [])]";
    the_latest_verdict_wins_in_any_order: harness(OrdersByArrival)
        => "removed last, the page\n   got [(\"comment\", [])]\nwanted []";
    newest_comments_are_the_shown_ones_including_replies: harness(ListsNewestOfAnyVisibility) => "the newest 9";
    recent_comments_cover_every_page_and_visibility: harness(IgnoresVisibilityFilter) => "pending ones";
    reply_count_includes_hidden_replies: harness(CountsOnlyShownReplies) => "three replies\n   got 1\nwanted 3";
}
