use std::ops::{AddAssign, SubAssign};

use serde::{Deserialize, Serialize};

/// The numbers of a bucket: an hour or a day of a topic, or a day of the value of a dimension.
///
/// The numbers of a change may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// The pageviews.
    pub pageviews: i64,
    /// The page visits of a page; the sessions of the site or a dimension.
    pub visits: i64,
    /// The visits of visitors with a key.
    pub keyed_visits: i64,
    /// The distinct visitors with a pageview.
    pub visitors: i64,
    /// The seconds that pages were visible, of the visits.
    pub seconds: i64,
    /// The page visits in which the end of the page was on screen. 0 for sessions.
    pub finished: i64,
    /// The sessions with at most one pageview and no interaction. 0 for pages.
    pub bounces: i64,
    /// The seconds from the start to the last event of the sessions. 0 for pages.
    pub duration: i64,
    /// The likes of readers who like it now.
    pub likes: i64,
    /// The comments that are shown now.
    pub comments: i64,
}

impl Counts {
    /// The names of the numbers, in the order of [`to_array`](Self::to_array).
    pub const NAMES: [&'static str; 10] = [
        "pageviews",
        "visits",
        "keyed_visits",
        "visitors",
        "seconds",
        "finished",
        "bounces",
        "duration",
        "likes",
        "comments",
    ];

    /// Returns the numbers in the order of [`NAMES`](Self::NAMES).
    #[must_use]
    pub const fn to_array(&self) -> [i64; 10] {
        [
            self.pageviews,
            self.visits,
            self.keyed_visits,
            self.visitors,
            self.seconds,
            self.finished,
            self.bounces,
            self.duration,
            self.likes,
            self.comments,
        ]
    }

    /// Returns counts with the numbers in the order of [`NAMES`](Self::NAMES).
    #[must_use]
    pub const fn from_array(numbers: [i64; 10]) -> Self {
        let [
            pageviews,
            visits,
            keyed_visits,
            visitors,
            seconds,
            finished,
            bounces,
            duration,
            likes,
            comments,
        ] = numbers;
        Self {
            pageviews,
            visits,
            keyed_visits,
            visitors,
            seconds,
            finished,
            bounces,
            duration,
            likes,
            comments,
        }
    }

    /// Returns whether all numbers are 0.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    fn combine(&mut self, other: &Self, operation: fn(i64, i64) -> i64) {
        let (mut numbers, others) = (self.to_array(), other.to_array());
        for (number, other) in numbers.iter_mut().zip(others) {
            *number = operation(*number, other);
        }
        *self = Self::from_array(numbers);
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.combine(&other, i64::saturating_add);
    }
}

impl SubAssign for Counts {
    fn sub_assign(&mut self, other: Self) {
        self.combine(&other, i64::saturating_sub);
    }
}
