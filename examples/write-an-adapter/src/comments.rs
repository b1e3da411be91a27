//! The port [`CommentStore`], which reads comments.

use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, CommentStore, EventId, Result, Slug, Thread, ThreadPage, Visibility};
use redb::{ReadOnlyTable, ReadTransaction};

use crate::RedbStats;
use crate::error::RedbError;
use crate::rows::{find, from_row, get};
use crate::tables::{COMMENT_SEQS, COMMENTS, CommentRow, PAGE_COMMENTS, REPLIES};

/// The comment tables in one read transaction.
struct CommentTables {
    comments: ReadOnlyTable<u64, CommentRow>,
    seqs: ReadOnlyTable<u128, u64>,
    pages: ReadOnlyTable<(&'static str, u64), ()>,
    replies: ReadOnlyTable<(u128, u64), ()>,
}

impl CommentTables {
    fn open(transaction: &ReadTransaction) -> Result<Self, RedbError> {
        Ok(Self {
            comments: transaction.open_table(COMMENTS)?,
            seqs: transaction.open_table(COMMENT_SEQS)?,
            pages: transaction.open_table(PAGE_COMMENTS)?,
            replies: transaction.open_table(REPLIES)?,
        })
    }

    /// Returns the sequence number after the last comment that is older than `before`. For an unknown id that is 0.
    fn end(&self, before: Option<EventId>) -> Result<u64, RedbError> {
        Ok(match before {
            None => u64::MAX,
            Some(id) => self.seqs.get(id.as_u128())?.map_or(0, |seq| seq.value()),
        })
    }

    /// Returns the comments of a page that are older than `before`, of any visibility, newest first.
    fn page(
        &self,
        slug: &Slug,
        before: Option<EventId>,
    ) -> Result<impl Iterator<Item = Result<Comment, RedbError>>, RedbError> {
        let seqs = self
            .pages
            .range((slug.as_str(), 0)..(slug.as_str(), self.end(before)?))?;
        Ok(seqs.rev().map(|seq| get(&self.comments, seq?.0.value().1)))
    }

    /// Returns the replies to a comment from a sequence number on, of any visibility, oldest first.
    fn replies(
        &self,
        parent: EventId,
        start: u64,
    ) -> Result<impl Iterator<Item = Result<Comment, RedbError>>, RedbError> {
        let seqs = self
            .replies
            .range((parent.as_u128(), start)..(parent.as_u128(), u64::MAX))?;
        Ok(seqs.map(|seq| get(&self.comments, seq?.0.value().1)))
    }

    fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage, RedbError> {
        let heads = self.page(slug, before)?.filter_map(|comment| match comment {
            Ok(comment) => self
                .is_visible_head(&comment)
                .map(|is_visible| is_visible.then_some(comment))
                .transpose(),
            Err(error) => Some(Err(error)),
        });
        ThreadPage::collect(heads, limit, |head| self.shown_replies(head.id, 0))
    }

    fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>, RedbError> {
        let head = self.on_page(slug, head)?.filter(|head| head.parent.is_none());
        let Some(head) = head else { return Ok(None) };
        if !self.is_visible_head(&head)? {
            return Ok(None);
        }
        let start = match after {
            None => 0,
            // Nothing comes after a comment of another page.
            Some(after) => match self.on_page(slug, after)? {
                None => u64::MAX,
                Some(after) => self.end(Some(after.id))? + 1,
            },
        };
        let replies = self.shown_replies(head.id, start)?;
        Thread::collect(head, replies, limit).map(Some)
    }

    /// Returns the comment with this id, if it is on this page.
    fn on_page(&self, slug: &Slug, id: EventId) -> Result<Option<Comment>, RedbError> {
        let found = find(&self.seqs, &self.comments, id)?;
        Ok(found.filter(|comment| comment.slug == *slug))
    }

    /// Returns whether a comment is the head of a visible thread: it is shown, or one of its replies is.
    fn is_visible_head(&self, comment: &Comment) -> Result<bool, RedbError> {
        if comment.parent.is_some() || is_shown(comment) {
            return Ok(comment.parent.is_none());
        }
        Ok(self.shown_replies(comment.id, 0)?.next().transpose()?.is_some())
    }

    /// Returns the shown replies to a comment from a sequence number on.
    fn shown_replies(
        &self,
        head: EventId,
        start: u64,
    ) -> Result<impl Iterator<Item = Result<Comment, RedbError>>, RedbError> {
        let replies = self.replies(head, start)?;
        Ok(replies.filter(|reply| reply.as_ref().map_or(true, is_shown)))
    }

    fn recent(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<Comment>, RedbError> {
        let rows = self.comments.range(..self.end(before)?)?.rev();
        let comments = rows.map(|row| from_row(row?.1.value()));
        filter(comments, limit, |comment| {
            only.is_none_or(|only| comment.visibility == only)
        })
    }
}

#[async_trait]
impl CommentStore for RedbStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read(move |transaction| CommentTables::open(transaction)?.threads(&slug, before, limit))
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
        self.read(move |transaction| CommentTables::open(transaction)?.thread(&slug, head, after, limit))
            .await
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read(move |transaction| {
            let tables = CommentTables::open(transaction)?;
            filter(tables.page(&slug, None)?, limit.get(), is_shown)
        })
        .await
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.read(move |transaction| CommentTables::open(transaction)?.recent(only, before, limit.get()))
            .await
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(move |transaction| {
            let tables = CommentTables::open(transaction)?;
            find(&tables.seqs, &tables.comments, id)
        })
        .await
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        self.read(move |transaction| {
            let tables = CommentTables::open(transaction)?;
            Ok(filter(tables.replies(parent, 0)?, usize::MAX, |_| true)?.len())
        })
        .await
    }
}

/// Returns the first `limit` comments that match.
fn filter(
    comments: impl Iterator<Item = Result<Comment, RedbError>>,
    limit: usize,
    matches: impl Fn(&Comment) -> bool,
) -> Result<Vec<Comment>, RedbError> {
    comments
        .filter(|comment| comment.as_ref().map_or(true, &matches))
        .take(limit)
        .collect()
}

fn is_shown(comment: &Comment) -> bool {
    comment.visibility == Visibility::Shown
}
