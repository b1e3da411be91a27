//! The port that reads comments.

use std::num::NonZeroUsize;

use async_trait::async_trait;

use crate::{Comment, EventId, Result, Slug, Thread, ThreadPage, Visibility};

/// Reads the comments that a [`StatsStore`](crate::StatsStore) recorded.
///
/// Comments are ordered by their arrival. Nothing is older than a `before` that is not known. A page of threads and a
/// page of replies end early at [`MAX_PAGE_BYTES`](crate::MAX_PAGE_BYTES); [`ThreadPage::collect`] and
/// [`Thread::collect`] see to that.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::num::NonZeroUsize;
/// # use horizon_core::*;
/// # let (slug, store) = (Slug::new("hello")?, horizon_memory::MemoryStats::new());
/// # let say = async |second: i64, held| -> Result<_, Box<dyn std::error::Error>> {
/// #     let stamp = Stamp::new(Timestamp::from_millis(second * 1000), [1; 10]);
/// #     let (reader, draft) = (ReaderId::from_u128(7), Draft::new("Ada", "Hello", None)?);
/// #     let kind = EventKind::Comment { reader, draft, pending: held };
/// #     store.apply(&[Event::new(stamp, slug.clone().into(), kind)]).await?;
/// #     Ok(stamp.id)
/// # };
/// # let one = NonZeroUsize::MIN;
/// let shown = say(1, false).await?; // writes a comment, answers its id
/// let held = say(2, true).await?;
/// let newest = store.newest_comments(&slug, one).await?;
/// assert_eq!(newest[0].id, shown); // readers do not see what is held
/// let waiting = store.recent_comments(Some(Visibility::Pending), None, one).await?;
/// assert_eq!(waiting[0].id, held); // the author does
/// assert_eq!(store.reply_count(shown).await?, 0);
/// assert!(store.comment(held).await?.is_some());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait CommentStore: Send + Sync {
    /// The newest `limit` threads of a page that are older than `before`, oldest first. Shows only
    /// what readers may see: a head that waits or was removed is blank above its shown replies, and
    /// without any it is not there. `has_earlier` counts only threads that show. A new comment does
    /// not move an older one to another place. Of each thread it has the first
    /// [`REPLIES_PER_THREAD`](crate::REPLIES_A_THREAD) shown replies, oldest first, and whether more follow.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::num::NonZeroUsize;
    /// # use horizon_core::*;
    /// # let (slug, store) = (Slug::new("hello")?, horizon_memory::MemoryStats::new());
    /// # let say = async |second: i64, held| -> Result<_, Box<dyn std::error::Error>> {
    /// #     let stamp = Stamp::new(Timestamp::from_millis(second * 1000), [1; 10]);
    /// #     let (reader, draft) = (ReaderId::from_u128(7), Draft::new("Ada", "Hello", None)?);
    /// #     let kind = EventKind::Comment { reader, draft, pending: held };
    /// #     store.apply(&[Event::new(stamp, slug.clone().into(), kind)]).await?;
    /// #     Ok(stamp.id)
    /// # };
    /// # let one = NonZeroUsize::MIN;
    /// let (older, newer) = (say(1, false).await?, say(2, false).await?);
    /// let page = store.threads(&slug, None, one).await?;
    /// assert_eq!((page.threads[0].head.id, page.has_earlier), (newer, true));
    /// let earlier = store.threads(&slug, Some(newer), one).await?;
    /// assert_eq!((earlier.threads[0].head.id, earlier.has_earlier), (older, false));
    /// # Ok(())
    /// # }
    /// ```
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage>;

    /// One thread of a page, as [`threads`](Self::threads) shows it, with its first `limit` shown replies that arrived
    /// after `after`, oldest first, and whether more follow. No reply comes after an `after` that the page does not
    /// have. None if no thread that shows has this head.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::num::NonZeroUsize;
    /// # use horizon_core::*;
    /// # let (slug, store) = (Slug::new("hello")?, horizon_memory::MemoryStats::new());
    /// # let say = async |second: i64, parent| -> Result<_, Box<dyn std::error::Error>> {
    /// #     let stamp = Stamp::new(Timestamp::from_millis(second * 1000), [1; 10]);
    /// #     let (reader, draft) = (ReaderId::from_u128(7), Draft::new("Ada", "Hello", parent)?);
    /// #     let kind = EventKind::Comment { reader, draft, pending: false };
    /// #     store.apply(&[Event::new(stamp, slug.clone().into(), kind)]).await?;
    /// #     Ok(stamp.id)
    /// # };
    /// # let one = NonZeroUsize::MIN;
    /// let head = say(1, None).await?; // writes a comment, answers its id
    /// let (first, second) = (say(2, Some(head)).await?, say(3, Some(head)).await?);
    /// let thread = store.thread(&slug, head, None, one).await?.ok_or("it shows")?;
    /// assert_eq!((thread.replies[0].id, thread.has_more_replies), (first, true));
    /// let rest = store.thread(&slug, head, Some(first), one).await?.ok_or("it shows")?;
    /// assert_eq!((rest.replies[0].id, rest.has_more_replies), (second, false));
    /// # Ok(())
    /// # }
    /// ```
    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>>;

    /// The newest shown comments of a page, replies included, newest first.
    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>>;

    /// The newest comments of all pages, newest first, older than `before`; with `only`, those in that state.
    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>>;

    /// One comment, whatever its state.
    async fn comment(&self, id: EventId) -> Result<Option<Comment>>;

    /// How many replies a comment has, whatever their state.
    async fn reply_count(&self, parent: EventId) -> Result<usize>;
}
