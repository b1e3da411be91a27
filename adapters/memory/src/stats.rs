use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use horizon_core::{
    Comment, CommentStore, DEDUPE_WINDOW, Day, Delta, Event, EventId, Ledger, ReaderId, Result, SaltStore, Slug, Stamp,
    StatsStore, Thread, ThreadPage, Timestamp, Topic, Update, VISITOR_MEMORY, Visibility, VisitorKey, apply_events,
};

use crate::comments::CommentTable;

/// The facts and the totals, for as long as the process lives.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
/// use horizon_memory::MemoryStats;
///
/// let store = MemoryStats::new();
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
/// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
/// let totals = store.apply(&[visit.clone(), visit]).await?; // the same event twice
/// assert_eq!(totals[0].stats.visits, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryStats(Mutex<Facts>);

#[derive(Default)]
struct Facts {
    counted: HashMap<EventId, Timestamp>,
    visitors: HashMap<(Topic, VisitorKey), Timestamp>,
    /// The last word of each reader: whether they like it, and when they said so.
    words: HashMap<(Topic, ReaderId), (bool, Stamp)>,
    /// When the last verdict on a comment was given.
    verdicts: HashMap<EventId, Stamp>,
    totals: HashMap<Topic, Update>,
    salts: BTreeMap<Day, [u8; 32]>,
    comments: CommentTable,
}

impl MemoryStats {
    /// A store on which nothing was counted.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStats").finish_non_exhaustive()
    }
}

#[async_trait]
impl StatsStore for MemoryStats {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        let Ok(updates) = apply_events(&mut *self.facts(), events);
        Ok(updates)
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        let facts = self.facts();
        Ok(topics.iter().map(|topic| facts.total(topic)).collect())
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        let word = self.facts().words.get(&(topic.clone(), reader)).copied();
        Ok(word.is_some_and(|(likes, _)| likes))
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        let mut facts = self.facts();
        facts.counted.retain(|_, at| *at >= now.minus(DEDUPE_WINDOW));
        facts.visitors.retain(|_, seen| *seen >= now.minus(VISITOR_MEMORY));
        facts
            .words
            .retain(|_, (likes, said)| *likes || said.at >= now.minus(DEDUPE_WINDOW));
        facts.salts.retain(|day, _| *day >= now.day().previous());
        Ok(())
    }
}

#[async_trait]
impl CommentStore for MemoryStats {
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage> {
        Ok(self.facts().comments.threads(slug, before, limit))
    }

    async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<Thread>> {
        Ok(self.facts().comments.thread(slug, head, after, limit))
    }

    async fn newest_comments(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>> {
        Ok(self.facts().comments.newest(slug, limit))
    }

    async fn recent_comments(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        Ok(self.facts().comments.desk(only, before, limit))
    }

    async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        Ok(self.facts().comments.find(id).cloned())
    }

    async fn reply_count(&self, parent: EventId) -> Result<usize> {
        Ok(self.facts().comments.count_replies(parent))
    }
}

#[async_trait]
impl SaltStore for MemoryStats {
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]> {
        let mut facts = self.facts();
        facts.salts.retain(|kept, _| *kept >= day.previous());
        Ok(*facts.salts.entry(day).or_insert(fresh))
    }
}

impl Facts {
    fn total(&self, topic: &Topic) -> Update {
        self.totals
            .get(topic)
            .cloned()
            .unwrap_or_else(|| Update::empty(topic.clone()))
    }
}

impl Ledger for Facts {
    type Error = Infallible;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Infallible> {
        let mut new = false;
        self.counted.entry(id).or_insert_with(|| {
            new = true;
            at
        });
        Ok(new)
    }

    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        let key = (topic.clone(), visitor);
        let last = self.visitors.get(&key).copied();
        self.visitors.insert(key, last.map_or(at, |last| last.max(at)));
        Ok(last)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, said: Stamp) -> Result<bool, Infallible> {
        let word = self.words.entry((topic.clone(), reader)).or_insert((false, said));
        if said < word.1 {
            return Ok(false);
        }
        Ok(std::mem::replace(word, (likes, said)).0 != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Infallible> {
        Ok(self.comments.find(id).cloned())
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), Infallible> {
        self.comments.add(comment);
        Ok(())
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, said: Stamp) -> Result<bool, Infallible> {
        let last = self.verdicts.entry(id).or_insert(said);
        if said < *last {
            return Ok(false);
        }
        *last = said;
        self.comments.set_visibility(id, visibility);
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Infallible> {
        if delta.is_empty() {
            return Ok(self.total(topic));
        }
        let total = self
            .totals
            .entry(topic.clone())
            .or_insert_with(|| Update::empty(topic.clone()));
        total.stats = total.stats + delta;
        total.revision += 1;
        Ok(total.clone())
    }
}
