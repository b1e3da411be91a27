use std::num::NonZeroUsize;

use async_trait::async_trait;

use crate::{Comment, EventId, Result, Slug, Thread, ThreadPage, Visibility};

/// Reads the comments that a [`StatsStore`](crate::StatsStore) stored.
///
/// Comments are ordered by their arrival. A `before` that is not known has nothing older. A page of threads or replies
/// has at most [`MAX_PAGE_BYTES`](crate::MAX_PAGE_BYTES); [`ThreadPage::collect`] and [`Thread::collect`] enforce this.
///
/// ```
/// use std::num::NonZeroUsize;
/// use horizon_core::{CommentStore, Result, Slug, ThreadPage};
///
/// /// Returns the page of threads before `page`.
/// async fn earlier(store: &dyn CommentStore, slug: &Slug, page: &ThreadPage) -> Result<ThreadPage> {
///     let oldest = page.threads.first().map(|thread| thread.head.id);
///     store.threads(slug, oldest, NonZeroUsize::MIN).await
/// }
/// ```
#[async_trait]
pub trait CommentStore: Send + Sync {
    /// Returns the newest `limit` threads of a page that are older than `before`, oldest first, as readers see them.
    ///
    /// A pending or removed head is blank above its shown replies; without shown replies the thread is left out.
    /// `has_earlier` counts only visible threads. A new comment does not move an older one. Each thread has its first
    /// [`REPLIES_PER_THREAD`](crate::REPLIES_PER_THREAD) shown replies, oldest first, and whether there are more.
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage>;

    /// Returns one visible thread of a page with its first `limit` shown replies that arrived after `after`, oldest
    /// first, and whether there are more. An `after` that is not on the page has no later replies. Returns `None` if
    /// `head` is not the head of a visible thread.
    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>>;

    /// Returns the newest shown comments of a page, replies included, newest first.
    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>>;

    /// Returns the newest comments of all pages that are older than `before`, newest first: all of them, or only those
    /// with this visibility.
    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>>;

    /// Returns one comment, whatever its visibility.
    async fn comment(&self, id: EventId) -> Result<Option<Comment>>;

    /// Returns the number of replies to a comment, whatever their visibility.
    async fn reply_count(&self, parent: EventId) -> Result<usize>;
}
