//! The JSON types of the HTTP contract, shared by the server and the pages.

use serde::{Deserialize, Serialize};

use crate::{Badge, EventCounts, EventId, EventName, Slug, Stats, Timestamp};

/// The name of the server-sent event with the numbers of the stream's topic: [`PageStats`].
pub const LIVE: &str = "live";
/// The name of the server-sent event with the numbers of the site: [`PageStats`].
pub const SITE: &str = "site";
/// The name of the server-sent event with the newest comments of a page: a list of [`CommentView`].
pub const COMMENTS: &str = "comments";

/// The name of the server-sent event with the numbers of an observed page: [`ObservedStats`].
pub const PAGE: &str = "page";

/// The name of the server-sent event for a reader whom the application names: [`ReaderState`].
pub const READER: &str = "reader";

/// The numbers of a page or the site: `{"viewers":2,"visits":10,"likes":1,"comments":0}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageStats {
    /// Distinct visitors with an open live connection.
    pub viewers: u64,
    /// All visits so far.
    pub visits: u64,
    /// The readers who like it now.
    pub likes: u64,
    /// The comments that are shown now.
    pub comments: u64,
    /// How often each custom event happened.
    #[serde(default, skip_serializing_if = "EventCounts::is_empty")]
    pub events: EventCounts,
}

impl PageStats {
    /// Returns the viewers and the totals together.
    #[must_use]
    pub fn new(viewers: u64, stats: Stats) -> Self {
        Self {
            viewers,
            visits: stats.visits,
            likes: stats.likes,
            comments: stats.comments,
            events: stats.events,
        }
    }
}

/// The numbers of a page that a live stream observes.
///
/// ```
/// use horizon_core::{Slug, wire::{ObservedStats, PageStats}};
///
/// let observed = ObservedStats { page: Slug::new("bread")?, stats: PageStats::default() };
/// let json = r#"{"page":"bread","viewers":0,"visits":0,"likes":0,"comments":0}"#;
/// assert_eq!(serde_json::to_string(&observed)?, json);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedStats {
    /// The page.
    pub page: Slug,
    /// Its numbers.
    #[serde(flatten)]
    pub stats: PageStats,
}

/// What a live stream tells a named reader about themselves: `{"liked":true}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderState {
    /// Whether the reader likes the page.
    pub liked: bool,
}

/// A comment as readers see it.
///
/// ```
/// use horizon_core::wire::CommentView;
///
/// let json = r#"{"id":"00000000000000000000000000000001","author":"Ada","html":"<p>Hello</p>","at":1800000000000}"#;
/// let view: CommentView = serde_json::from_str(json)?;
/// assert!(view.parent.is_none() && !view.removed); // default values are left out
/// assert_eq!(serde_json::to_string(&view)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentView {
    /// The comment's id.
    pub id: EventId,
    /// The comment to which this is a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<EventId>,
    /// The author's name, which may be empty. Plain text: escape it.
    pub author: String,
    /// What the application says about the author. Plain text: escape it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<Badge>,
    /// The text as sanitised HTML.
    pub html: String,
    /// When it was written, in milliseconds since 1970 (UTC).
    pub at: Timestamp,
    /// Whether a moderator removed it; author and text are then empty.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A top-level comment and its replies as readers see them, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The top-level comment.
    pub comment: CommentView,
    /// The first replies, or all.
    pub replies: Vec<CommentView>,
    /// Whether there are more replies. Request them with the comment's id as `thread` and the last reply's id as
    /// `after`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_more_replies: bool,
}

/// A page of threads as readers see them, oldest first: `{"threads":[],"has_earlier":true}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadsView {
    /// The threads of this page.
    pub threads: Vec<ThreadView>,
    /// Whether there are older threads. Request them with the first thread's id as `before`.
    pub has_earlier: bool,
}

/// The response to a like: `{"liked":true,"likes":7}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LikeView {
    /// Whether this reader likes the page now.
    pub liked: bool,
    /// How many readers like it.
    pub likes: u64,
}

/// The response to a custom event: `{"name":"👍","count":7}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomEventView {
    /// The name of the event.
    pub name: EventName,
    /// How often it happened on the topic. Zero if it counts under [`OTHER_EVENTS`](crate::OTHER_EVENTS).
    pub count: u64,
}
