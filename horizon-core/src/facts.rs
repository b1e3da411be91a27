use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;

use crate::{
    Changes, Comment, Delta, Event, EventId, Ledger, LikeChange, ReaderId, Stamp, Timestamp, Topic, Update, Visibility,
    VisibilityChange, VisitorChange, VisitorKey, apply_events,
};

/// What a store has about the [`BatchKeys`](crate::BatchKeys) of a batch. What is not inserted is not stored.
///
/// A store whose driver is async cannot implement [`Ledger`], whose methods are synchronous and are called for each
/// event. It reads everything first, applies the batch in memory, and writes what changed, in one transaction and under
/// a lock that excludes other writers:
///
/// ```
/// use horizon_core::{BatchKeys, Event, Facts, Result, Update};
///
/// # struct Transaction;
/// # impl Transaction {
/// #     async fn begin_and_lock() -> Result<Self> { Ok(Self) }
/// #     async fn read(&self, _: &BatchKeys) -> Result<Facts> { Ok(Facts::default()) }
/// #     async fn write(&self, _: &horizon_core::Changes) -> Result<()> { Ok(()) }
/// #     async fn commit(self) -> Result<()> { Ok(()) }
/// # }
/// /// The `apply` of a store.
/// async fn apply(events: &[Event]) -> Result<Vec<Update>> {
///     let transaction = Transaction::begin_and_lock().await?;
///     let facts = transaction.read(&BatchKeys::of(events)).await?; // a query for each kind of fact
///     let (changes, updates) = facts.apply(events);
///     transaction.write(&changes).await?; // a statement for each kind of change
///     transaction.commit().await?;
///     Ok(updates)
/// }
/// ```
///
/// The rules are those of [`apply_events`]. `examples/write-an-async-adapter` uses it with PostgreSQL.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    event_ids: HashSet<EventId>,
    visitors: HashMap<(Topic, VisitorKey), Timestamp>,
    likes: HashMap<(Topic, ReaderId), (bool, Stamp)>,
    comments: HashMap<EventId, Comment>,
    verdicts: HashMap<EventId, Stamp>,
    totals: HashMap<Topic, Update>,
}

impl Facts {
    /// Notes that an event with this id was counted.
    pub fn insert_event_id(&mut self, id: EventId) {
        self.event_ids.insert(id);
    }

    /// Notes when the visitor was last seen on the topic.
    pub fn insert_visitor(&mut self, topic: Topic, visitor: VisitorKey, last_seen: Timestamp) {
        self.visitors.insert((topic, visitor), last_seen);
    }

    /// Notes the reader's latest like or unlike of the topic.
    pub fn insert_like(&mut self, topic: Topic, reader: ReaderId, is_liked: bool, stamp: Stamp) {
        self.likes.insert((topic, reader), (is_liked, stamp));
    }

    /// Notes a comment with its current visibility.
    pub fn insert_comment(&mut self, comment: Comment) {
        self.comments.insert(comment.id, comment);
    }

    /// Notes the stamp of the latest verdict on a comment.
    pub fn insert_verdict(&mut self, comment: EventId, stamp: Stamp) {
        self.verdicts.insert(comment, stamp);
    }

    /// Notes the totals of a topic, with the counts of its custom events.
    pub fn insert_totals(&mut self, totals: Update) {
        self.totals.insert(totals.topic.clone(), totals);
    }

    /// Applies the events by the rules of [`apply_events`]. Returns what to write, and the totals of every topic that
    /// `events` name, which [`StatsStore::apply`](crate::StatsStore::apply) returns once the changes are durable.
    ///
    /// ```
    /// use horizon_core::{Event, EventKind, Facts, Stamp, Stats, Timestamp, Topic, Update};
    ///
    /// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
    /// let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
    /// let mut facts = Facts::default();
    /// facts.insert_totals(Update::new(Topic::Site, Stats::new(41, 0, 0), 41));
    ///
    /// let (changes, updates) = facts.apply(&[visit.clone(), visit]); // the same event twice
    /// assert_eq!(changes.event_ids, [(stamp.id, stamp.at)]);
    /// assert_eq!(updates, [Update::new(Topic::Site, Stats::new(42, 0, 0), 42)]);
    /// ```
    #[must_use]
    pub fn apply(self, events: &[Event]) -> (Changes, Vec<Update>) {
        let mut ledger = FactsLedger {
            facts: self,
            changed: ChangedKeys::default(),
        };
        let Ok(updates) = apply_events(&mut ledger, events);
        (ledger.into_changes(), updates)
    }
}

/// A ledger in memory that notes what it changes.
struct FactsLedger {
    /// The current state: what was read, and the changes so far.
    facts: Facts,
    changed: ChangedKeys,
}

/// The keys whose data a batch changed.
#[derive(Default)]
struct ChangedKeys {
    event_ids: Vec<(EventId, Timestamp)>,
    visitors: BTreeMap<(Topic, VisitorKey), Timestamp>,
    likes: BTreeMap<(Topic, ReaderId), (bool, Stamp)>,
    /// The new comments in the order of arrival.
    comments: Vec<EventId>,
    verdicts: BTreeMap<EventId, (Visibility, Stamp)>,
    totals: Vec<Update>,
}

impl FactsLedger {
    fn into_changes(self) -> Changes {
        let (mut comments, changed) = (self.facts.comments, self.changed);
        Changes {
            event_ids: changed.event_ids,
            visitors: changed.visitors.into_iter().map(visitor_change).collect(),
            likes: changed.likes.into_iter().map(like_change).collect(),
            comments: changed
                .comments
                .into_iter()
                .filter_map(|id| comments.remove(&id))
                .collect(),
            verdicts: changed.verdicts.into_iter().map(visibility_change).collect(),
            totals: changed.totals,
        }
    }
}

fn visitor_change(((topic, visitor), last_seen): ((Topic, VisitorKey), Timestamp)) -> VisitorChange {
    VisitorChange {
        topic,
        visitor,
        last_seen,
    }
}

fn like_change(((topic, reader), (is_liked, stamp)): ((Topic, ReaderId), (bool, Stamp))) -> LikeChange {
    LikeChange {
        topic,
        reader,
        is_liked,
        stamp,
    }
}

fn visibility_change((comment, (visibility, stamp)): (EventId, (Visibility, Stamp))) -> VisibilityChange {
    VisibilityChange {
        comment,
        visibility,
        stamp,
    }
}

impl Ledger for FactsLedger {
    type Error = Infallible;

    fn insert_event_id(&mut self, id: EventId, at: Timestamp) -> Result<bool, Infallible> {
        let is_new = self.facts.event_ids.insert(id);
        if is_new {
            self.changed.event_ids.push((id, at));
        }
        Ok(is_new)
    }

    fn touch_visitor(
        &mut self,
        topic: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        let key = (topic.clone(), visitor);
        let last = self.facts.visitors.get(&key).copied();
        if last.is_none_or(|last| last < at) {
            self.facts.visitors.insert(key.clone(), at);
            self.changed.visitors.insert(key, at);
        }
        Ok(last)
    }

    fn set_like(&mut self, topic: &Topic, reader: ReaderId, likes: bool, stamp: Stamp) -> Result<bool, Infallible> {
        let key = (topic.clone(), reader);
        let last = self.facts.likes.get(&key).copied();
        if last.is_some_and(|(_, last)| stamp < last) {
            return Ok(false);
        }
        self.facts.likes.insert(key.clone(), (likes, stamp));
        self.changed.likes.insert(key, (likes, stamp));
        Ok(last.is_some_and(|(liked, _)| liked) != likes)
    }

    fn comment(&mut self, id: EventId) -> Result<Option<Comment>, Infallible> {
        Ok(self.facts.comments.get(&id).cloned())
    }

    fn add_comment(&mut self, comment: &Comment) -> Result<(), Infallible> {
        self.facts.comments.insert(comment.id, comment.clone());
        self.changed.comments.push(comment.id);
        Ok(())
    }

    fn set_visibility(&mut self, id: EventId, visibility: Visibility, stamp: Stamp) -> Result<bool, Infallible> {
        if self.facts.verdicts.get(&id).is_some_and(|last| stamp < *last) {
            return Ok(false);
        }
        self.facts.verdicts.insert(id, stamp);
        if let Some(comment) = self.facts.comments.get_mut(&id) {
            comment.visibility = visibility;
        }
        self.changed.verdicts.insert(id, (visibility, stamp));
        Ok(true)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Infallible> {
        let total = self.facts.totals.entry(topic.clone());
        let total = total.or_insert_with(|| Update::empty(topic.clone()));
        if !delta.is_empty() {
            total.stats += delta;
            total.revision += 1;
            self.changed.totals.push(total.clone());
        }
        Ok(total.clone())
    }
}
