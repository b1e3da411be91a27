//! The port that reads comments: [`CommentStore`].

use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, CommentStore, EventId, Result, Slug, Thread, ThreadPage, Visibility};
use redb::{ReadOnlyTable, ReadTransaction};

use crate::RedbStats;
use crate::error::Failed;
use crate::rows::{at, find, read};
use crate::tables::{COMMENTS, CommentRow, PAGES, PLACES, REPLIES};

/// The tables that a reader of comments needs, all of the same state of the database.
struct Reader {
    comments: ReadOnlyTable<u64, CommentRow>,
    places: ReadOnlyTable<u128, u64>,
    pages: ReadOnlyTable<(&'static str, u64), ()>,
    replies: ReadOnlyTable<(u128, u64), ()>,
}

impl Reader {
    fn open(transaction: &ReadTransaction) -> Result<Self, Failed> {
        Ok(Self {
            comments: transaction.open_table(COMMENTS)?,
            places: transaction.open_table(PLACES)?,
            pages: transaction.open_table(PAGES)?,
            replies: transaction.open_table(REPLIES)?,
        })
    }

    /// The place behind the last comment that is older than `before`. Nothing is older than an unknown one.
    fn end(&self, before: Option<EventId>) -> Result<u64, Failed> {
        Ok(match before {
            None => u64::MAX,
            Some(id) => self.places.get(id.as_u128())?.map_or(0, |place| place.value()),
        })
    }

    /// The comments of a page that are older than `before`, newest first, whatever their state.
    fn page(
        &self,
        slug: &Slug,
        before: Option<EventId>,
    ) -> Result<impl Iterator<Item = Result<Comment, Failed>>, Failed> {
        let places = self
            .pages
            .range((slug.as_str(), 0)..(slug.as_str(), self.end(before)?))?;
        Ok(places.rev().map(|place| at(&self.comments, place?.0.value().1)))
    }

    /// The replies of a comment from a place on, oldest first, whatever their state.
    fn replies(&self, parent: EventId, start: u64) -> Result<impl Iterator<Item = Result<Comment, Failed>>, Failed> {
        let places = self
            .replies
            .range((parent.as_u128(), start)..(parent.as_u128(), u64::MAX))?;
        Ok(places.map(|place| at(&self.comments, place?.0.value().1)))
    }

    fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage, Failed> {
        let heads = self.page(slug, before)?.filter_map(|comment| match comment {
            Ok(comment) => self.shows(&comment).map(|shows| shows.then_some(comment)).transpose(),
            failed => Some(failed),
        });
        ThreadPage::collect(heads, limit, |head| self.shown_replies(head.id, 0))
    }

    fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>, Failed> {
        let head = self.on_page(slug, head)?.filter(|head| head.parent.is_none());
        let Some(head) = head else { return Ok(None) };
        if !self.shows(&head)? {
            return Ok(None);
        }
        let start = match after {
            None => 0,
            // Nothing comes after a comment that the page does not have.
            Some(after) => match self.on_page(slug, after)? {
                None => u64::MAX,
                Some(after) => self.end(Some(after.id))? + 1,
            },
        };
        let replies = self.shown_replies(head.id, start)?;
        Thread::collect(head, replies, limit).map(Some)
    }

    /// The comment with this id, if it stands on this page.
    fn on_page(&self, slug: &Slug, id: EventId) -> Result<Option<Comment>, Failed> {
        let found = find(&self.places, &self.comments, id)?;
        Ok(found.filter(|comment| comment.slug == *slug))
    }

    /// Whether a comment is the head of a thread that shows.
    fn shows(&self, comment: &Comment) -> Result<bool, Failed> {
        let is_blank_head = comment.parent.is_none() && !is_shown(comment);
        if is_blank_head {
            return Ok(self.shown_replies(comment.id, 0)?.next().transpose()?.is_some());
        }
        Ok(comment.parent.is_none())
    }

    /// The replies that readers see, from a place on.
    fn shown_replies(
        &self,
        head: EventId,
        start: u64,
    ) -> Result<impl Iterator<Item = Result<Comment, Failed>>, Failed> {
        let replies = self.replies(head, start)?;
        Ok(replies.filter(|reply| reply.as_ref().map_or(true, is_shown)))
    }

    fn desk(&self, only: Option<Visibility>, before: Option<EventId>, limit: usize) -> Result<Vec<Comment>, Failed> {
        let rows = self.comments.range(..self.end(before)?)?.rev();
        let comments = rows.map(|row| read(row?.1.value()));
        take(comments, limit, |comment| {
            only.is_none_or(|only| comment.visibility == only)
        })
    }
}

#[async_trait]
impl CommentStore for RedbStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read(move |transaction| Reader::open(transaction)?.threads(&slug, before, limit))
            .await
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        let slug = slug.clone();
        self.read(move |transaction| Reader::open(transaction)?.thread(&slug, head, after, limit))
            .await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read(move |transaction| {
            let reader = Reader::open(transaction)?;
            take(reader.page(&slug, None)?, limit.get(), is_shown)
        })
        .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.read(move |transaction| Reader::open(transaction)?.desk(only, before, limit.get()))
            .await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(move |transaction| {
            let reader = Reader::open(transaction)?;
            find(&reader.places, &reader.comments, id)
        })
        .await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.read(move |transaction| {
            let reader = Reader::open(transaction)?;
            Ok(take(reader.replies(parent, 0)?, usize::MAX, |_| true)?.len())
        })
        .await
    }
}

/// The first `limit` comments that `fit`.
fn take(
    comments: impl Iterator<Item = Result<Comment, Failed>>,
    limit: usize,
    fit: impl Fn(&Comment) -> bool,
) -> Result<Vec<Comment>, Failed> {
    comments
        .filter(|comment| comment.as_ref().map_or(true, &fit))
        .take(limit)
        .collect()
}

fn is_shown(comment: &Comment) -> bool {
    comment.visibility == Visibility::Shown
}
