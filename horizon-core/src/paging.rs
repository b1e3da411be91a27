//! The bounds of one page of comments, and how stores keep them.

use std::num::NonZeroUsize;

use crate::{Comment, Thread, ThreadPage, Visibility};

/// The most replies of one thread on a page of threads. [`Comments::thread`](crate::Comments::thread) reads the others.
///
/// ```
/// use horizon_core::{MAX_REPLIES, REPLIES_PER_THREAD};
/// assert!(REPLIES_PER_THREAD.get() < MAX_REPLIES);
/// ```
pub const REPLIES_PER_THREAD: NonZeroUsize = NonZeroUsize::new(20).unwrap();

/// The most bytes that one page of comments takes: 512 KiB. A comment takes its texts and [`COMMENT_BYTES`].
///
/// The page ends before the comment that would exceed it. Its first comment is always there, so that a reader who
/// pages on gets to the end.
///
/// ```
/// use horizon_core::{COMMENT_BYTES, MAX_AUTHOR_CHARS, MAX_BODY_CHARS, MAX_PAGE_BYTES};
///
/// let largest = 4 * (MAX_AUTHOR_CHARS + MAX_BODY_CHARS) + COMMENT_BYTES; // a `char` has up to 4 bytes
/// assert!(50 * largest < MAX_PAGE_BYTES);
/// ```
pub const MAX_PAGE_BYTES: usize = 512 * 1024;

/// How many bytes of [`MAX_PAGE_BYTES`] a comment takes besides its texts: about what its markup takes.
///
/// ```
/// use horizon_core::{COMMENT_BYTES, MAX_PAGE_BYTES};
/// assert_eq!(MAX_PAGE_BYTES / COMMENT_BYTES, 1_024); // the most comments of a page
/// ```
pub const COMMENT_OVERHEAD_BYTES: usize = 512;

/// What is left of [`MAX_PAGE_BYTES`] while a page is put together.
///
/// ```
/// use horizon_core::{MAX_PAGE_BYTES, PageBudget};
///
/// let mut budget = PageBudget::default();
/// assert!(budget.try_add(2 * MAX_PAGE_BYTES)); // the first comment is always taken
/// assert!(!budget.try_add(1));
/// ```
#[derive(Clone, Debug)]
pub struct PageBudget {
    left: usize,
    is_unused: bool,
}

impl Default for PageBudget {
    fn default() -> Self {
        Self {
            left: MAX_PAGE_BYTES,
            is_unused: true,
        }
    }
}

impl PageBudget {
    /// Takes a comment whose texts have this many bytes. Returns whether it fits; after one that does not, none does.
    ///
    /// ```
    /// use horizon_core::{COMMENT_BYTES, MAX_PAGE_BYTES, PageBudget};
    ///
    /// let mut budget = PageBudget::default();
    /// assert!(budget.try_add(MAX_PAGE_BYTES - 3 * COMMENT_BYTES));
    /// assert!(budget.try_add(COMMENT_BYTES));
    /// assert!(!budget.try_add(0));
    /// ```
    #[must_use = "a comment that does not fit ends the page"]
    pub fn try_add(&mut self, text: usize) -> bool {
        let cost = text.saturating_add(COMMENT_OVERHEAD_BYTES);
        let fits = self.is_unused || cost <= self.left;
        self.left = if fits { self.left.saturating_sub(cost) } else { 0 };
        self.is_unused = false;
        fits
    }
}

impl Thread {
    /// Builds a thread from all or some of its shown replies, oldest first: at most `limit`, and within
    /// [`MAX_PAGE_BYTES`]. Whether more follow is known if `replies` has one that is left out.
    ///
    /// A head that is not shown loses its texts.
    ///
    /// ```
    /// # use std::{convert::Infallible, num::NonZeroUsize};
    /// # use horizon_core::{Comment, EventId, ReaderId, Slug, Thread, Timestamp, Visibility};
    /// # let comment = |id| {
    /// #     let (slug, reader) = (Slug::new("hello").unwrap(), ReaderId::from_u128(7));
    /// #     Comment::new(EventId::from_u128(id), slug, reader, Timestamp::from_millis(0))
    /// # };
    /// let replies = [comment(2), comment(3)].map(Ok::<_, Infallible>);
    /// let thread = Thread::collect(comment(1), replies, NonZeroUsize::MIN)?;
    /// assert_eq!((thread.replies.len(), thread.has_more_replies), (1, true));
    /// # Ok::<(), Infallible>(())
    /// ```
    ///
    /// # Errors
    /// The first one among the replies that are read.
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
    /// Builds a page from the heads of threads that show, newest first: at most `limit` threads with
    /// [`REPLIES_PER_THREAD`] replies each, and within [`MAX_PAGE_BYTES`]. `replies` reads the shown replies of a head,
    /// oldest first. Whether more follow is known if there is one more head, and one more reply, than the page holds.
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
    /// The first one among what is read.
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
