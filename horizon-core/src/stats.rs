use serde::{Deserialize, Serialize};

use crate::Topic;

/// What was counted on a page, or on the site.
///
/// ```
/// use horizon_core::{Delta, Stats};
///
/// let stats = Stats::new(10, 0, 0);
/// assert_eq!((stats + Delta::VISIT).visits, 11);
/// assert_eq!(serde_json::to_value(stats)?["visits"], 10);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Visits, ever.
    pub visits: u64,
    /// Readers who like it now.
    pub likes: u64,
    /// Comments that show now.
    pub comments: u64,
    /// Grows by one whenever a shown comment comes or goes: a sign to read the comments again.
    pub comments_revision: u64,
}

impl Stats {
    /// Returns totals whose comments never changed, in the order visits, likes, comments.
    #[must_use]
    pub const fn new(visits: u64, likes: u64, comments: u64) -> Self {
        Self {
            visits,
            likes,
            comments,
            comments_revision: 0,
        }
    }
}

/// What one or more events change in [`Stats`].
///
/// ```
/// use horizon_core::{Delta, Stats};
///
/// let mut delta = Delta::LIKE;
/// delta += Delta::SHOW;
/// let stats = Stats::default() + delta;
/// assert_eq!((stats.likes, stats.comments), (1, 1));
/// assert_eq!((stats + Delta::HIDE).comments_revision, 2); // counts up, also when a comment goes
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Visits more.
    pub visits: i64,
    /// Likes more or, below zero, fewer.
    pub likes: i64,
    /// Shown comments more or, below zero, fewer.
    pub comments: i64,
    /// How many times a shown comment came or went.
    pub comments_revision: i64,
}

impl Delta {
    /// One visit more.
    pub const VISIT: Self = Self {
        visits: 1,
        likes: 0,
        comments: 0,
        comments_revision: 0,
    };
    /// One like more.
    pub const LIKE: Self = Self {
        visits: 0,
        likes: 1,
        comments: 0,
        comments_revision: 0,
    };
    /// One like fewer.
    pub const UNLIKE: Self = Self {
        visits: 0,
        likes: -1,
        comments: 0,
        comments_revision: 0,
    };
    /// A comment shows.
    pub const SHOW: Self = Self {
        visits: 0,
        likes: 0,
        comments: 1,
        comments_revision: 1,
    };
    /// A comment shows no more.
    pub const HIDE: Self = Self {
        visits: 0,
        likes: 0,
        comments: -1,
        comments_revision: 1,
    };

    /// Whether it changes nothing.
    ///
    /// ```
    /// use horizon_core::Delta;
    ///
    /// let mut delta = Delta::LIKE;
    /// delta += Delta::UNLIKE;
    /// assert!(delta.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for Delta {
    fn add_assign(&mut self, more: Self) {
        self.visits = self.visits.saturating_add(more.visits);
        self.likes = self.likes.saturating_add(more.likes);
        self.comments = self.comments.saturating_add(more.comments);
        self.comments_revision = self.comments_revision.saturating_add(more.comments_revision);
    }
}

impl std::ops::Add<Delta> for Stats {
    type Output = Self;
    fn add(self, delta: Delta) -> Self {
        Self {
            visits: self.visits.saturating_add_signed(delta.visits),
            likes: self.likes.saturating_add_signed(delta.likes),
            comments: self.comments.saturating_add_signed(delta.comments),
            comments_revision: self.comments_revision.saturating_add_signed(delta.comments_revision),
        }
    }
}

/// The totals of a topic, as the store has them after a change.
///
/// ```
/// use horizon_core::{Stats, Topic, Update};
///
/// let mut shown = Update::empty(Topic::Site);
/// let news = Update::new(Topic::Site, Stats::new(1, 0, 0), 1);
/// if news.revision > shown.revision {
///     shown = news;
/// }
/// assert_eq!(shown.stats.visits, 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Update {
    /// Whose totals.
    pub topic: Topic,
    /// The totals.
    pub stats: Stats,
    /// Grows with every change of the topic's totals. Of two updates the one with the higher revision
    /// is the newer; whoever holds it drops the other. Zero before anything was counted.
    pub revision: u64,
}

impl Update {
    /// Returns the totals of a topic after the change with this number.
    #[must_use]
    pub const fn new(topic: Topic, stats: Stats, revision: u64) -> Self {
        Self { topic, stats, revision }
    }

    /// The totals of a topic on which nothing was counted yet.
    ///
    /// ```
    /// use horizon_core::{Stats, Topic, Update};
    ///
    /// let nothing = Update::empty(Topic::Site);
    /// assert_eq!((nothing.stats, nothing.revision), (Stats::default(), 0));
    /// ```
    #[must_use]
    pub fn empty(topic: Topic) -> Self {
        Self {
            topic,
            stats: Stats::default(),
            revision: 0,
        }
    }
}
