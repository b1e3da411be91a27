//! The limits of one page of comments.

use std::num::NonZeroUsize;

use crate::{Comment, Thread, ThreadPage, Visibility};

/// The maximum number of replies of one thread on a page of threads.
/// [`CommentStore::thread`](crate::CommentStore::thread) reads the others.
pub const REPLIES_PER_THREAD: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// The maximum number of bytes of one page of comments: 512 KiB. A comment counts with the bytes of its texts and
/// [`COMMENT_OVERHEAD_BYTES`].
///
/// The page ends before the comment that would exceed the limit. It always has at least one comment, so that a reader
/// reaches the end by paging.
pub const MAX_PAGE_BYTES: usize = 512 * 1024;

/// The bytes that count toward [`MAX_PAGE_BYTES`] for each comment in addition to its texts, about the size of its
/// markup.
pub const COMMENT_OVERHEAD_BYTES: usize = 512;

/// The remaining bytes of [`MAX_PAGE_BYTES`] while a page is built.
///
/// ```
/// use horizon_core::{MAX_PAGE_BYTES, PageBudget};
///
/// let mut budget = PageBudget::default();
/// assert!(budget.try_add(2 * MAX_PAGE_BYTES)); // the first comment always fits
/// assert!(!budget.try_add(1));
/// ```
#[derive(Clone, Debug)]
pub struct PageBudget {
    remaining: usize,
    is_unused: bool,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self {
            remaining: MAX_PAGE_BYTES,
            is_unused: true,
        }
    }
}

impl PageBudget {
    /// Adds a comment whose texts have `text_bytes` bytes. Returns whether it fits. After the first comment that does
    /// not fit, no further comment fits.
    #[must_use = "a comment that does not fit ends the page"]
    pub fn try_add(&mut self, text_bytes: usize) -> bool {
        let cost = text_bytes.saturating_add(COMMENT_OVERHEAD_BYTES);
        let fits = self.is_unused || cost <= self.remaining;
        self.remaining = if fits { self.remaining.saturating_sub(cost) } else { 0 };
        self.is_unused = false;
        fits
    }
}

impl Thread {
    /// Builds a thread from its shown replies, oldest first: at most `limit`, and at most [`MAX_PAGE_BYTES`].
    ///
    /// `has_more_replies` is set if `replies` yields one more than fits. A head that is not shown loses its texts.
    ///
    /// # Errors
    /// Returns the first error of `replies`.
    pub fn collect<E>(
        head: Comment,
        replies: impl IntoIterator<Item = Result<Comment, E>>,
        limit: NonZeroUsize,
    ) -> Result<Self, E> {
        let mut thread = Self::without_replies(head);
        thread.fill(replies, limit, &mut PageBudget::default())?;
        Ok(thread)
    }

    fn without_replies(mut head: Comment) -> Self {
        if head.visibility != Visibility::Shown {
            head.author.clear();
            head.body.clear();
        }
        Self {
            head,
            replies: Vec::new(),
            has_more_replies: false,
        }
    }

    fn fill<E>(
        &mut self,
        replies: impl IntoIterator<Item = Result<Comment, E>>,
        limit: NonZeroUsize,
        budget: &mut PageBudget,
    ) -> Result<(), E> {
        for reply in replies {
            let reply = reply?;
            if self.replies.len() == limit.get() || !budget.try_add(text_bytes(&reply)) {
                self.has_more_replies = true;
                break;
            }
            self.replies.push(reply);
        }
        Ok(())
    }
}

impl ThreadPage {
    /// Builds a page from the heads of visible threads, newest first: at most `limit` threads with
    /// [`REPLIES_PER_THREAD`] replies each, and at most [`MAX_PAGE_BYTES`].
    ///
    /// `replies` reads the shown replies of a head, oldest first. `has_earlier` and `has_more_replies` are set if there
    /// is one head or reply more than fits.
    ///
    /// ```
    /// # use std::{convert::Infallible, num::NonZeroUsize};
    /// # use horizon_core::{Comment, EventId, ReaderId, Slug, ThreadPage, Timestamp, Visibility};
    /// # let comment = |id| {
    /// #     let (slug, reader) = (Slug::new("hello").unwrap(), ReaderId::from_u128(7));
    /// #     Comment::new(EventId::from_u128(id), slug, reader, Timestamp::from_millis(0))
    /// # };
    /// let newest_first = [comment(2), comment(1)].map(Ok::<_, Infallible>);
    /// let page = ThreadPage::collect(newest_first, NonZeroUsize::MIN, |_head| Ok([]))?;
    /// assert_eq!((page.threads.len(), page.has_earlier), (1, true));
    /// # Ok::<(), Infallible>(())
    /// ```
    ///
    /// # Errors
    /// Returns the first error of `heads` and `replies`.
    pub fn collect<E, R: IntoIterator<Item = Result<Comment, E>>>(
        heads: impl IntoIterator<Item = Result<Comment, E>>,
        limit: NonZeroUsize,
        mut replies: impl FnMut(&Comment) -> Result<R, E>,
    ) -> Result<Self, E> {
        let (mut page, mut budget) = (Self::default(), PageBudget::default());
        for head in heads {
            let mut thread = Thread::without_replies(head?);
            if page.threads.len() == limit.get() || !budget.try_add(text_bytes(&thread.head)) {
                page.has_earlier = true;
                break;
            }
            thread.fill(replies(&thread.head)?, REPLIES_PER_THREAD, &mut budget)?;
            page.threads.push(thread);
        }
        page.threads.reverse();
        Ok(page)
    }
}

fn text_bytes(comment: &Comment) -> usize {
    comment.author.len() + comment.body.len()
}
