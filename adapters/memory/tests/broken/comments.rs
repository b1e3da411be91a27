use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use horizon_core::{
    Comment, CommentStore, Event, EventId, EventKind, Result, Slug, StatsStore, ThreadPage, Timestamp, Topic, Update,
    Visibility,
};
use horizon_memory::MemoryStats;

use crate::paging::{CountsNoBytes, FindsAnyThread, IgnoresAfter, TakesUnknownForFirst, no_more_replies};
use crate::store::{Fault, GoesByArrival, rig};
use crate::{caught, names};

/// Leaves out some events.
struct Drops(fn(&Event) -> bool);

#[async_trait]
impl Fault for Drops {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain(|event| !(self.0)(event));
        good.apply(&events).await
    }
}

/// Changes a page of threads that a good store answers.
struct Arranges(fn(&mut ThreadPage));

#[async_trait]
impl Fault for Arranges {
    async fn threads(
        &self,
        good: &MemoryStats,
        slug: &Slug,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<ThreadPage> {
        let mut page = good.threads(slug, before, limit).await?;
        (self.0)(&mut page);
        Ok(page)
    }
}

struct EscapesOnTheWayIn;

#[async_trait]
impl Fault for EscapesOnTheWayIn {
    async fn comment(&self, good: &MemoryStats, id: EventId) -> Result<Option<Comment>> {
        let mut comment = good.comment(id).await?;
        if let Some(comment) = &mut comment {
            comment.body = comment.body.replace('<', "&lt;");
        }
        Ok(comment)
    }
}

/// Knows a comment by what it remembers of events, and by nothing else.
#[derive(Default)]
struct ForgetsComments(AtomicU64);

#[async_trait]
impl Fault for ForgetsComments {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let forgotten = self.0.load(Ordering::Relaxed);
        let mut events = events.to_vec();
        for event in &mut events {
            event.id = EventId::from_u128(event.id.as_u128() + u128::from(forgotten));
        }
        good.apply(&events).await
    }
    async fn forget(&self, good: &MemoryStats, now: Timestamp) -> Result<()> {
        self.0.fetch_add(1, Ordering::Relaxed);
        good.expire(now).await
    }
}

struct TakesUnknownForNewest;

#[async_trait]
impl Fault for TakesUnknownForNewest {
    async fn threads(
        &self,
        good: &MemoryStats,
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

/// Takes every older thread of the page for one that shows.
struct CountsHiddenThreads;

#[async_trait]
impl Fault for CountsHiddenThreads {
    async fn threads(
        &self,
        good: &MemoryStats,
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

/// Blanks a head that was removed and no other.
struct TellsWhatWaits;

#[async_trait]
impl Fault for TellsWhatWaits {
    async fn threads(
        &self,
        good: &MemoryStats,
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

/// Refuses what is no reply instead of putting it at the top.
#[derive(Default)]
struct RefusesOddReplies(Mutex<HashMap<EventId, bool>>);

#[async_trait]
impl Fault for RefusesOddReplies {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain(|event| {
            let EventKind::Comment { draft, .. } = &event.kind else {
                return true;
            };
            let mut tops = self.0.lock().unwrap();
            let fits = draft.parent().is_none_or(|parent| tops.get(&parent) == Some(&true));
            tops.insert(event.id, draft.parent().is_none());
            fits
        });
        good.apply(&events).await
    }
}

struct ShowsWhatWaits;

#[async_trait]
impl Fault for ShowsWhatWaits {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        for event in &mut events {
            if let EventKind::Comment { pending: held, .. } = &mut event.kind {
                *held = false;
            }
        }
        good.apply(&events).await
    }
}

/// Takes one off the count for every verdict that removes.
#[derive(Default)]
struct CountsVerdicts(AtomicU64);

#[async_trait]
impl Fault for CountsVerdicts {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
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
    async fn get(&self, good: &MemoryStats, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = good.get(topics).await?;
        for update in &mut updates {
            update.stats.comments -= self.0.load(Ordering::Relaxed);
        }
        Ok(updates)
    }
}

/// Asks for the comment only, not for its page.
struct ModeratesAnyPage;

#[async_trait]
impl Fault for ModeratesAnyPage {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
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

struct NewestOfAnyState;

#[async_trait]
impl Fault for NewestOfAnyState {
    async fn newest(&self, good: &MemoryStats, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let mut all = good.recent_comments(None, None, NonZeroUsize::MAX).await?;
        all.retain(|comment| comment.slug == *slug);
        all.truncate(limit.get());
        Ok(all)
    }
}

struct DeskIgnoresTheState;

#[async_trait]
impl Fault for DeskIgnoresTheState {
    async fn desk(
        &self,
        good: &MemoryStats,
        _: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        good.recent_comments(None, before, limit).await
    }
}

struct CountsShownReplies;

#[async_trait]
impl Fault for CountsShownReplies {
    async fn replies(&self, good: &MemoryStats, parent: EventId) -> Result<usize> {
        let shown = good
            .recent_comments(Some(Visibility::Shown), None, NonZeroUsize::MAX)
            .await?;
        Ok(shown.iter().filter(|comment| comment.parent == Some(parent)).count())
    }
}

fn is_verdict(event: &Event) -> bool {
    matches!(event.kind, EventKind::Moderate { .. })
}

fn newest_first(page: &mut ThreadPage) {
    page.threads.reverse();
}

fn by_their_time(page: &mut ThreadPage) {
    page.threads.sort_by_key(|thread| thread.head.at);
}

fn replies_newest_first(page: &mut ThreadPage) {
    page.threads.iter_mut().for_each(|thread| thread.replies.reverse());
}

fn without_removed_heads(page: &mut ThreadPage) {
    page.threads
        .retain(|thread| thread.head.visibility == Visibility::Shown);
}

caught! { comments, comments_suite:
    a_comment_reads_back_as_it_was_written: rig(EscapesOnTheWayIn);
    a_repeated_comment_is_stored_once_even_after_its_id_expired: rig(ForgetsComments::default());
    threads_are_listed_oldest_first_and_page_backwards: rig(Arranges(newest_first));
    has_earlier_counts_only_visible_threads: rig(CountsHiddenThreads);
    an_unknown_before_returns_nothing: rig(TakesUnknownForNewest);
    comments_are_ordered_by_arrival: rig(Arranges(by_their_time));
    replies_are_listed_under_their_parent_oldest_first: rig(Arranges(replies_newest_first));
    a_reply_with_an_invalid_parent_becomes_a_top_level_comment: rig(RefusesOddReplies::default());
    a_thread_has_its_first_replies_and_a_flag_for_more: rig(Arranges(no_more_replies));
    replies_page_forwards: rig(IgnoresAfter);
    thread_returns_only_visible_threads: rig(FindsAnyThread);
    an_unknown_after_returns_no_replies: rig(TakesUnknownForFirst);
    a_page_of_threads_is_limited_in_bytes: rig(CountsNoBytes);
    a_page_of_replies_is_limited_in_bytes: rig(CountsNoBytes);
    a_pending_comment_is_hidden_and_not_counted: rig(ShowsWhatWaits);
    a_removed_comment_is_hidden_and_not_counted: rig(Drops(is_verdict));
    a_removed_head_with_replies_is_blank: rig(Arranges(without_removed_heads));
    a_pending_head_with_replies_is_blank: rig(TellsWhatWaits);
    a_repeated_verdict_changes_nothing: rig(CountsVerdicts::default());
    a_verdict_from_another_page_is_ignored: rig(ModeratesAnyPage);
    the_latest_verdict_wins_in_any_order: rig(GoesByArrival);
    newest_comments_are_the_shown_ones_including_replies: rig(NewestOfAnyState);
    recent_comments_cover_every_page_and_visibility: rig(DeskIgnoresTheState);
    reply_count_includes_hidden_replies: rig(CountsShownReplies);
}
