use std::{fmt, ops::AddAssign};

use horizon_core::{Stats, wire::PageStats};

/// The totals of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageTotals {
    pub(crate) visits: u64,
    pub(crate) likes: u64,
    pub(crate) comments: u64,
}

impl AddAssign for PageTotals {
    fn add_assign(&mut self, more: Self) {
        self.visits += more.visits;
        self.likes += more.likes;
        self.comments += more.comments;
    }
}

impl From<Stats> for PageTotals {
    fn from(stats: Stats) -> Self {
        Self {
            visits: stats.visits,
            likes: stats.likes,
            comments: stats.comments,
        }
    }
}

impl From<&PageStats> for PageTotals {
    fn from(numbers: &PageStats) -> Self {
        Self {
            visits: numbers.visits,
            likes: numbers.likes,
            comments: numbers.comments,
        }
    }
}

impl fmt::Display for PageTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            visits,
            likes,
            comments,
        } = self;
        write!(f, "{visits} visits, {likes} likes, {comments} comments")
    }
}
