//! The port that reads comments: [`Comments`].

use std::num::NonZeroUsize;

use async_trait::async_trait;
use horizon_core::{Comment, Comments, EventId, MAX_REPLIES, Result, Slug, Thread, ThreadPage, Visibility};
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

    /// The replies of a comment, oldest first, whatever their state.
    fn replies(&self, parent: EventId) -> Result<impl Iterator<Item = Result<Comment, Failed>>, Failed> {
        let places = self
            .replies
            .range((parent.as_u128(), 0)..(parent.as_u128(), u64::MAX))?;
        Ok(places.map(|place| at(&self.comments, place?.0.value().1)))
    }

    fn threads(&self, slug: &Slug, before: Option<EventId>, limit: usize) -> Result<ThreadPage, Failed> {
        let mut page = ThreadPage::default();
        for comment in self.page(slug, before)? {
            let comment = comment?;
            if comment.parent.is_some() {
                continue;
            }
            let Some(thread) = self.thread(comment)? else { continue };
            // Only a thread that shows is one more, so the page must find it before it says that there is one.
            if page.threads.len() == limit {
                page.has_earlier = true;
                break;
            }
            page.threads.push(thread);
        }
        page.threads.reverse();
        Ok(page)
    }

    /// What readers see of a thread, if anything.
    fn thread(&self, mut head: Comment) -> Result<Option<Thread>, Failed> {
        let replies = take(self.replies(head.id)?, MAX_REPLIES, is_shown)?;
        if !is_shown(&head) {
            if replies.is_empty() {
                return Ok(None);
            }
            head.author.clear();
            head.body.clear();
        }
        Ok(Some(Thread { head, replies }))
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
impl Comments for RedbStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        let slug = slug.clone();
        self.read(move |transaction| Reader::open(transaction)?.threads(&slug, before, limit.get()))
            .await
    }

    async fn newest(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        let slug = slug.clone();
        self.read(move |transaction| {
            let reader = Reader::open(transaction)?;
            take(reader.page(&slug, None)?, limit.get(), is_shown)
        })
        .await
    }

    async fn desk(
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

    async fn replies(&self, parent: EventId) -> Result<usize> {
        self.read(move |transaction| {
            let reader = Reader::open(transaction)?;
            Ok(take(reader.replies(parent)?, usize::MAX, |_| true)?.len())
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
