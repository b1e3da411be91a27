mod comments;
mod ledger;
mod reports;
mod salts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use async_trait::async_trait;
#[cfg(test)]
use horizon_core::VisitorKey;
use horizon_core::{
    DEDUPE_WINDOW, Day, Event, EventId, ReaderId, Result, Stamp, StatsStore, Timestamp, Topic, Update,
    reports::{Reports, apply_events_with_reports},
};
use parking_lot::{Mutex, MutexGuard};

use comments::CommentTable;
use reports::ReportTables;

/// A store that lasts as long as the process.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
/// use horizon_memory::MemoryStore;
///
/// let store = MemoryStore::new();
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
/// let totals = store.apply(&[visit.clone(), visit]).await?; // the same event twice
/// assert_eq!(totals[0].stats.visits, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryStore(Mutex<Tables>);

/// What the store remembers of events, and the totals.
#[derive(Default)]
struct Tables {
    counted: HashMap<EventId, Timestamp>,
    /// When [`Ledger::touch_visitor`](horizon_core::Ledger::touch_visitor) last saw each visitor. With reports, only
    /// the tests of [`Facts`](horizon_core::Facts) call it.
    #[cfg(test)]
    last_seen: HashMap<(Topic, VisitorKey), Timestamp>,
    /// Whether each reader likes the topic, and when they last changed it.
    likes: HashMap<(Topic, ReaderId), (bool, Stamp)>,
    /// The latest verdict on each comment.
    verdicts: HashMap<EventId, Stamp>,
    totals: HashMap<Topic, Update>,
    salts: BTreeMap<Day, [u8; 32]>,
    comments: CommentTable,
    reports: ReportTables,
}

impl MemoryStore {
    /// Returns an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl StatsStore for MemoryStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let Ok(updates) = apply_events_with_reports(&mut *self.tables(), events);
        Ok(updates)
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let tables = self.tables();
        Ok(topics.iter().map(|topic| tables.total(topic)).collect())
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let like = self.tables().likes.get(&(topic.clone(), reader)).copied();
        Ok(like.is_some_and(|(is_liked, _)| is_liked))
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let mut tables = self.tables();
        tables.counted.retain(|_, at| *at >= now.minus(DEDUPE_WINDOW));
        tables.reports.expire(now);
        tables
            .likes
            .retain(|_, (is_liked, stamp)| *is_liked || stamp.at >= now.minus(DEDUPE_WINDOW));
        let today = tables.reports.site_state().time_zone().day_of(now);
        tables.expire_salts(today);
        Ok(())
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}
