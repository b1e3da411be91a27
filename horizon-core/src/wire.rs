//! What one live message says: shared by the server that writes it and the page that reads it.

use serde::{Deserialize, Serialize};

use crate::{EventId, Stats, Timestamp};

/// The name of the server-sent event with a page's numbers, a [`PageStats`].
pub const LIVE: &str = "live";
/// The name of the server-sent event with the numbers of the site, a [`PageStats`].
pub const SITE: &str = "site";
/// The name of the server-sent event with the newest comments of a page, a list of [`CommentView`].
pub const COMMENTS: &str = "comments";

/// The numbers of a page or of the site: `{"viewers":2,"visits":10,"likes":1,"comments":0}`.
///
/// ```
/// use horizon_core::wire::PageStats;
///
/// let numbers: PageStats = serde_json::from_str(r#"{"viewers":2,"visits":10,"likes":1,"comments":0}"#)?;
/// assert_eq!((numbers.viewers, numbers.visits), (2, 10));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageStats {
    /// Distinct visitors with an open live connection.
    pub viewers: u64,
    /// Visits, ever.
    pub visits: u64,
    /// Readers who like it now.
    pub likes: u64,
    /// Comments that show now.
    pub comments: u64,
}

impl PageStats {
    /// Merges what presence and the store say.
    ///
    /// ```
    /// use horizon_core::{Stats, wire::PageStats};
    ///
    /// let stats = Stats::new(10, 0, 0);
    /// assert_eq!(PageStats::new(2, stats), PageStats { viewers: 2, visits: 10, likes: 0, comments: 0 });
    /// ```
    #[must_use]
    pub fn new(viewers: u64, stats: Stats) -> Self {
        Self {
            viewers,
            visits: stats.visits,
            likes: stats.likes,
            comments: stats.comments,
        }
    }
}

/// A comment as readers get it.
///
/// ```
/// use horizon_core::wire::CommentView;
///
/// let json = r#"{"id":"00000000000000000000000000000001","author":"Ada","html":"<p>Hello</p>","at":1800000000000}"#;
/// let view: CommentView = serde_json::from_str(json)?;
/// assert!(view.parent.is_none() && !view.removed); // left out where they say nothing
/// assert_eq!(serde_json::to_string(&view)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// The comment's id.
    pub id: EventId,
    /// The comment that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<EventId>,
    /// The name the reader gave, empty for none. Plain text: escape it.
    pub author: String,
    /// The text as sanitised HTML, safe to put into a page.
    pub html: String,
    /// When it was written, in milliseconds since 1970 (UTC).
    pub at: Timestamp,
    /// Whether the author took it down; author and text are empty then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A top-level comment and its replies, as readers get them, both oldest first.
///
/// ```
/// use horizon_core::{EventId, Timestamp, wire::{CommentView, ThreadView}};
///
/// let comment = |id, html: &str| CommentView {
///     id: EventId::from_u128(id),
///     parent: (id != 1).then_some(EventId::from_u128(1)),
///     author: "Ada".into(),
///     html: html.into(),
///     at: Timestamp::from_millis(1_800_000_000_000),
///     removed: false,
/// };
/// let thread = ThreadView {
///     comment: comment(1, "<p>Hello</p>"),
///     replies: vec![comment(2, "<p>Welcome</p>")],
///     has_more_replies: false,
/// };
/// assert_eq!(thread.replies[0].parent, Some(thread.comment.id));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The top-level comment.
    pub comment: CommentView,
    /// What was answered, or the first of it.
    pub replies: Vec<CommentView>,
    /// Whether more replies show; ask for them with the comment's id as `thread` and the last reply's as `after`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more_replies: bool,
}

/// A page of threads, as readers get them, oldest first.
///
/// ```
/// use horizon_core::wire::ThreadsView;
///
/// let page = ThreadsView { threads: vec![], has_earlier: true };
/// assert_eq!(serde_json::to_string(&page)?, r#"{"threads":[],"has_earlier":true}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadsView {
    /// The threads of this page.
    pub threads: Vec<ThreadView>,
    /// Whether older ones exist; ask for them with the first thread's id as `before`.
    pub has_earlier: bool,
}

/// The answer to a like: `{"liked":true,"likes":7}`.
///
/// ```
/// use horizon_core::wire::LikeView;
///
/// let answer = LikeView { liked: true, likes: 7 };
/// assert_eq!(serde_json::to_string(&answer)?, r#"{"liked":true,"likes":7}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikeView {
    /// Whether this reader likes the page now.
    pub liked: bool,
    /// How many readers do.
    pub likes: u64,
}
