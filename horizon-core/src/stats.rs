use serde::{Deserialize, Serialize};

use crate::{EventCounts, EventName, Topic};

/// The totals of a page or the site.
///
/// ```
/// use horizon_core::{Delta, Stats};
///
/// let mut stats = Stats::new(10, 0, 0);
/// stats += Delta::VISIT;
/// assert_eq!(serde_json::to_value(stats)?["visits"], 11);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// All visits so far.
    pub visits: u64,
    /// The readers who like it now.
    pub likes: u64,
    /// The comments that are shown now.
    pub comments: u64,
    /// Grows by one each time a comment is shown or hidden. When it changes, read the comments again.
    pub comments_revision: u64,
    /// How often each custom event happened.
    #[serde(default, skip_serializing_if = "EventCounts::is_empty")]
    pub events: EventCounts,
}

impl Stats {
    /// Returns totals with a `comments_revision` of zero and without custom events.
    #[must_use]
    pub fn new(visits: u64, likes: u64, comments: u64) -> Self {
        Self {
            visits,
            likes,
            comments,
            ..Self::default()
        }
    }
}

/// The change of [`Stats`] by one or more events.
///
/// ```
/// use horizon_core::{Delta, Stats};
///
/// let mut delta = Delta::SHOW;
/// delta += Delta::HIDE;
/// let mut stats = Stats::default();
/// stats += delta;
/// assert_eq!((stats.comments, stats.comments_revision), (0, 2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// New visits.
    pub visits: i64,
    /// New likes minus removed likes.
    pub likes: i64,
    /// Comments shown minus comments hidden.
    pub comments: i64,
    /// Comments shown plus comments hidden.
    pub comments_revision: i64,
    /// The names of new custom events, in the order of the events.
    pub events: Vec<EventName>,
}

impl Delta {
    /// The change by a visit.
    pub const VISIT: Self = Self::new(1, 0, 0, 0);
    /// The change by a like.
    pub const LIKE: Self = Self::new(0, 1, 0, 0);
    /// The change by an unlike.
    pub const UNLIKE: Self = Self::new(0, -1, 0, 0);
    /// The change by a comment that becomes visible.
    pub const SHOW: Self = Self::new(0, 0, 1, 1);
    /// The change by a comment that is hidden.
    pub const HIDE: Self = Self::new(0, 0, -1, 1);

    const fn new(visits: i64, likes: i64, comments: i64, comments_revision: i64) -> Self {
        Self {
            visits,
            likes,
            comments,
            comments_revision,
            events: Vec::new(),
        }
    }

    /// Returns the change by a custom event.
    #[must_use]
    pub fn custom(name: EventName) -> Self {
        Self {
            events: vec![name],
            ..Self::default()
        }
    }

    /// Returns whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Delta {
    fn add_assign(&mut self, other: Self) {
        self.visits = self.visits.saturating_add(other.visits);
        self.likes = self.likes.saturating_add(other.likes);
        self.comments = self.comments.saturating_add(other.comments);
        self.comments_revision = self.comments_revision.saturating_add(other.comments_revision);
        self.events.extend(other.events);
    }
}

impl std::ops::AddAssign<Delta> for Stats {
    fn add_assign(&mut self, delta: Delta) {
        self.visits = self.visits.saturating_add_signed(delta.visits);
        self.likes = self.likes.saturating_add_signed(delta.likes);
        self.comments = self.comments.saturating_add_signed(delta.comments);
        self.comments_revision = self.comments_revision.saturating_add_signed(delta.comments_revision);
        for name in &delta.events {
            self.events.add(name);
        }
    }
}

/// The totals of a topic after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Update {
    /// The topic of the totals.
    pub topic: Topic,
    /// The totals.
    pub stats: Stats,
    /// Grows with every change of the topic's totals; zero before the first. The update with the higher revision is
    /// newer; drop the other.
    pub revision: u64,
}

impl Update {
    /// Returns the totals of a topic at this revision.
    #[must_use]
    pub const fn new(topic: Topic, stats: Stats, revision: u64) -> Self {
        Self { topic, stats, revision }
    }

    /// Returns the totals of a topic without events.
    #[must_use]
    pub fn empty(topic: Topic) -> Self {
        Self::new(topic, Stats::default(), 0)
    }
}
