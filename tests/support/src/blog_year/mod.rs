//! A year of visits to a small blog: made from a seed, so that tests know the answer to each question about it.

mod behaviour;
mod comments;
mod database;
mod events;
mod interest;
mod posts;
mod readers;
mod session;
mod sessions;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use horizon_core::{Day, Timestamp, reports::DayRange};

use self::{behaviour::SessionMaker, interest::Interest};
pub use self::{
    posts::SeededPost,
    session::{Action, PageView, SeededSession},
    sessions::{SeededSessions, Share},
};

/// The days of the year, today included.
const DAYS: u32 = 365;

/// The sessions of a year of tests. Seconds are enough to count them with a debug build.
pub const TEST_SESSIONS: u32 = 5_000;

/// The seed of the tests and pictures.
pub const SEED: u64 = 20_261_126;

/// A year of visits to a small blog. Equal arguments give equal years.
///
/// Interest in a post decays, some old posts are found through search engines for years, one source makes a peak on a
/// Tuesday, a post appeared yesterday, and this month is better than the last. Campaigns differ in how long their
/// readers stay. Some readers have no visitor key.
#[derive(Debug)]
pub struct BlogYear {
    now: Timestamp,
    seed: u64,
    posts: Vec<SeededPost>,
    sessions: Vec<SeededSession>,
}

impl BlogYear {
    /// Returns the year that ends with `now` in UTC, with about this number of sessions.
    ///
    /// # Errors
    /// Never: all names are valid.
    pub fn new(now: Timestamp, sessions: u32, seed: u64) -> anyhow::Result<Self> {
        let posts = posts::posts(now.day())?;
        let interest = Interest::new(&posts, DayRange::ending(now.day(), DAYS), now);
        let mut rng = Rng::with_seed(seed);
        let entries = interest.entries(sessions, &mut rng);
        let mut maker = SessionMaker::new(rng, &posts, now);
        let mut made = Vec::new();
        for (day, entry, count) in entries {
            for _ in 0..count {
                made.push(maker.session(day, entry)?);
            }
        }
        made.sort_by_key(|session| session.start());
        session::let_some_return(&mut made, &mut Rng::with_seed(seed));
        Ok(Self {
            now,
            seed,
            posts,
            sessions: made,
        })
    }

    /// Returns the end of the year.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the last day, which is not over yet.
    #[must_use]
    pub fn today(&self) -> Day {
        self.now.day()
    }

    /// Returns the Tuesday of the peak.
    #[must_use]
    pub fn peak(&self) -> Day {
        posts::peak(self.today())
    }

    /// Returns the posts, the oldest first.
    #[must_use]
    pub fn posts(&self) -> &[SeededPost] {
        &self.posts
    }

    /// Returns the post that was published on this day.
    #[must_use]
    pub fn published_on(&self, day: Day) -> Option<&SeededPost> {
        self.posts.iter().find(|post| post.published == day)
    }

    /// Returns the sessions that start on these days.
    #[must_use]
    pub fn sessions(&self, range: DayRange) -> SeededSessions<'_> {
        let sessions = self.sessions.iter();
        SeededSessions(
            sessions
                .filter(|session| range.contains(session.start().day()))
                .collect(),
        )
    }

    /// Returns the sessions of the whole year.
    #[must_use]
    pub fn all_sessions(&self) -> SeededSessions<'_> {
        SeededSessions(self.sessions.iter().collect())
    }
}

/// Returns how often each value occurs; the most frequent first, then in the order of the values.
fn ranking<K: Ord>(counts: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut ranking: Vec<_> = counts.into_iter().collect();
    ranking.sort_by(|(a_key, a), (b_key, b)| b.cmp(a).then_with(|| a_key.cmp(b_key)));
    ranking
}

/// Returns the number of distinct values.
fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> u64 {
    values.collect::<BTreeSet<_>>().len() as u64
}
