mod ledger;

use std::collections::{HashMap, HashSet};

use crate::{Changes, Comment, Event, EventId, ReaderId, Stamp, Timestamp, Topic, Update, VisitorKey, apply_events};

pub(crate) use ledger::FactsLedger;

/// What a store has about the [`BatchKeys`](crate::BatchKeys) of a batch. What is not inserted is not stored.
///
/// A store whose driver is async cannot implement [`Ledger`](crate::Ledger), whose methods are synchronous and are
/// called for each event. It reads everything first, applies the batch in memory, and writes what changed, in one
/// transaction and under a lock that excludes other writers:
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
/// The rules are those of [`apply_events`]. `examples/write-an-async-adapter` uses it with PostgreSQL. A store with
/// reports also reads [`ReportFacts`](crate::reports::ReportFacts).
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
    pub fn apply(&self, events: &[Event]) -> (Changes, Vec<Update>) {
        let mut ledger = FactsLedger::new(self, ());
        let Ok(updates) = apply_events(&mut ledger, events);
        let (changes, ()) = ledger.into_changes();
        (changes, updates)
    }
}
