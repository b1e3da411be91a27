use std::{any::Any, fmt, num::NonZeroUsize};

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{Day, Event, ReaderId, Result, Stats, Timestamp, Topic, Update, VisitorKey};

/// Who is here now.
///
/// - A visitor counts once per topic, however many guards are held for them.
/// - A visitor whose last guard is dropped leaves after a grace of a few seconds; coming back within
///   it, they never left.
/// - Topics do not touch each other.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Presence, PresenceExt, Topic, VisitorKey};
/// use horizon_memory::MemoryPresence;
///
/// let presence = MemoryPresence::default();
/// let ada = VisitorKey::from_u128(1);
/// let first_tab = presence.track(Topic::Site, ada).await?;
/// let second_tab = presence.track(Topic::Site, ada).await?;
/// assert_eq!(presence.viewers(Topic::Site).await, 1);
/// drop((first_tab, second_tab)); // she leaves when the grace is over
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Presence: Send + Sync {
    /// The visitor is here until the guard is dropped. Once it answers, every watch counts them.
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard>;

    /// How many visitors are here: now, then each change. It skips to the latest when it is not
    /// polled, never says the same number twice in a row, and never ends while the port lives.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{Presence, Topic, VisitorKey};
    /// # let presence = horizon_memory::MemoryPresence::default();
    /// use futures::StreamExt;
    ///
    /// let mut viewers = presence.watch(Topic::Site);
    /// assert_eq!(viewers.next().await, Some(0));
    /// let _guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await?;
    /// assert_eq!(viewers.next().await, Some(1));
    /// # Ok(())
    /// # }
    /// ```
    fn watch(&self, topic: Topic) -> BoxStream<'static, u64>;
}

/// Takes events, and tells what they add up to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::{num::NonZeroUsize, sync::Arc};
/// # use futures::StreamExt;
/// # use horizon_core::{Analytics, Event, EventKind, EventConsumer, Stamp, StatsStore, Timestamp, Topic, process_batch};
/// # use horizon_memory::{MemoryBus, MemoryStats};
/// # let now = Timestamp::from_millis(1_800_000_000_000);
/// # let visit = Event::new(Stamp::new(now, [1; 10]), Topic::Site, EventKind::Visit { visitor: None });
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, mut feed) = MemoryBus::new(store.clone());
/// let clock = || now;
/// let counting = process_batch(&mut feed, &*store, &clock, NonZeroUsize::MIN);
/// let (tracked, _) = tokio::join!(pipe.track(visit), counting); // it waits for the accumulator
/// tracked?;
/// let totals = pipe.watch(Topic::Site).next().await;
/// assert_eq!(totals.map(|stats| stats.visits), Some(1));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Analytics: Send + Sync {
    /// Hands the event over. Ok means that it outlives this process, as far as the adapter promises.
    /// After an error it may or may not have been taken: try again with the same event.
    ///
    /// ```
    /// use horizon_core::{Analytics, Event, Result};
    ///
    /// async fn track_surely(analytics: &dyn Analytics, event: Event) -> Result<()> {
    ///     match analytics.track(event.clone()).await {
    ///         Err(error) if error.is_retryable() => analytics.track(event).await, // the same id: it counts once
    ///         done => done,
    ///     }
    /// }
    /// ```
    async fn track(&self, event: Event) -> Result<()>;

    /// The totals of the topic: the latest at once, then each newer one. It skips to the latest when
    /// it is not polled, never goes back to an older one, never ends with an error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::Arc;
    /// # use futures::StreamExt;
    /// # use horizon_core::{Analytics, Stats, Topic};
    /// # use horizon_memory::{MemoryBus, MemoryStats};
    /// # let (pipe, _feed) = MemoryBus::new(Arc::new(MemoryStats::new()));
    /// let mut totals = pipe.watch(Topic::Site);
    /// assert_eq!(totals.next().await, Some(Stats::default())); // at once, then on every change
    /// # Ok(())
    /// # }
    /// ```
    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats>;
}

/// The accumulator's end of the pipe.
///
/// - What is not acknowledged comes again, also after the feed is dropped and opened anew.
/// - What is acknowledged never comes again.
/// - Events of one publisher come in the order in which they were taken.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::{num::NonZeroUsize, sync::Arc};
/// # use futures::StreamExt;
/// # use horizon_core::{Analytics, Event, EventKind, EventConsumer, Stamp, StatsStore, Timestamp, Topic, process_batch};
/// # use horizon_memory::{MemoryBus, MemoryStats};
/// # let now = Timestamp::from_millis(1_800_000_000_000);
/// # let visit = Event::new(Stamp::new(now, [1; 10]), Topic::Site, EventKind::Visit { visitor: None });
/// # let store = Arc::new(MemoryStats::new());
/// # let (pipe, mut feed) = MemoryBus::new(store.clone());
/// let (tracked, counted) = tokio::join!(pipe.track(visit), async { // what `process_batch` does
///     let batch = feed.next_batch(NonZeroUsize::MIN).await?;
///     let updates = store.apply(&batch.events).await?;
///     feed.publish(&updates).await?;
///     feed.acknowledge(batch.ack).await
/// });
/// assert!(tracked.is_ok() && counted.is_ok());
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait EventConsumer: Send {
    /// Up to `limit` events; waits until there is at least one. Dropping the future loses nothing.
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch>;

    /// Tells every watcher of these topics the new totals.
    async fn publish(&mut self, updates: &[Update]) -> Result<()>;

    /// The batch is recorded and must not come again.
    async fn acknowledge(&mut self, ack: AckToken) -> Result<()>;
}

/// Counts each event exactly once.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, ReaderId, Stamp, StatsStore, Timestamp, Topic};
/// use horizon_memory::MemoryStats;
///
/// let store = MemoryStats::new();
/// let reader = ReaderId::from_u128(7);
/// let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
/// store.apply(&[Event::new(stamp, Topic::Site, EventKind::Like { reader })]).await?;
/// assert_eq!(store.get(&[Topic::Site]).await?[0].stats.likes, 1);
/// assert!(store.is_liked_by(&Topic::Site, reader).await?);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait StatsStore: Send + Sync {
    /// Counts all events or none, each id once, also across restarts. Of what one person says about
    /// one thing the latest holds, in whatever order it comes. Answers the totals of every topic that
    /// is named, repeats included. On Ok it is durable, as far as the adapter promises.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
    /// # let store = horizon_memory::MemoryStats::new();
    /// # let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
    /// let visit = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
    /// let first = store.apply(&[visit.clone()]).await?;
    /// let repeated = store.apply(&[visit]).await?; // changes nothing, and is answered all the same
    /// assert_eq!(first, repeated);
    /// # Ok(())
    /// # }
    /// ```
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>>;

    /// The totals of each topic, in the order asked; [`Update::empty`] where nothing was counted.
    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>>;

    /// Whether the reader likes the topic now.
    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool>;

    /// Erases what `now` makes too old: ids and unlikes past [`DEDUPE_WINDOW`](crate::DEDUPE_WINDOW),
    /// visitors not seen for [`VISITOR_MEMORY`](crate::VISITOR_MEMORY), salts of days before yesterday.
    /// A like is kept for as long as it is liked. No total changes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use horizon_core::{DEDUPE_WINDOW, Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
    /// # let store = horizon_memory::MemoryStats::new();
    /// # let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [1; 10]);
    /// # store.apply(&[Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None })]).await?;
    /// let before = store.get(&[Topic::Site]).await?;
    /// store.expire(stamp.at.plus(2 * DEDUPE_WINDOW)).await?; // once an hour will do
    /// assert_eq!(store.get(&[Topic::Site]).await?, before);
    /// # Ok(())
    /// # }
    /// ```
    async fn expire(&self, now: Timestamp) -> Result<()>;
}

/// Keeps the secret of the day under which visitors are hashed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Day, SaltStore};
/// use horizon_memory::MemoryStats;
///
/// let store = MemoryStats::new();
/// let today = Day::from_number(20_833);
/// assert_eq!(store.salt(today, [1; 32]).await?, [1; 32]); // 32 random bytes
/// assert_eq!(store.salt(today, [2; 32]).await?, [1; 32]); // the first one stays
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait SaltStore: Send + Sync {
    /// The salt of `day`: `fresh` if nobody asked before, else what the first one brought. All
    /// processes that share the store get the same; salts of days before the previous are erased.
    ///
    /// The salt of tomorrow may be asked for today, so that nobody waits for it at midnight. Today's stays, and
    /// yesterday's is erased then: ask for it late in the day, when no process takes it for yesterday any more.
    /// [`StatsStore::expire`] keeps tomorrow's.
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]>;
}

/// Keeps a visitor present until it is dropped.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use horizon_core::PresenceGuard;
///
/// struct Leaves(Arc<AtomicBool>);
/// impl Drop for Leaves {
///     fn drop(&mut self) {
///         self.0.store(true, Ordering::Relaxed);
///     }
/// }
/// let left = Arc::new(AtomicBool::new(false));
/// drop(PresenceGuard::new(Leaves(left.clone())));
/// assert!(left.load(Ordering::Relaxed));
/// ```
#[must_use = "the visitor leaves when the guard is dropped"]
pub struct PresenceGuard(#[expect(dead_code, reason = "held for its Drop alone")] Box<dyn Any + Send + Sync>);

impl PresenceGuard {
    /// Wraps the adapter's own guard, whose `Drop` makes the visitor leave.
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for PresenceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresenceGuard")
    }
}

/// What a [`EventConsumer`] hands out at once.
///
/// ```
/// use std::collections::VecDeque;
/// use horizon_core::{Batch, Event, AckToken};
///
/// /// `first` is the place of the first of `pending` among all that ever came.
/// fn hand_out(pending: &VecDeque<Event>, first: u64, limit: usize) -> Batch {
///     let events: Vec<Event> = pending.iter().take(limit).cloned().collect();
///     let ack = AckToken(first + events.len() as u64);
///     Batch::new(events, ack)
/// }
/// assert_eq!(hand_out(&VecDeque::new(), 7, 10).ack, AckToken(7));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch {
    /// At least one event, in the order in which the pipe took them.
    pub events: Vec<Event>,
    /// Give it back with [`EventConsumer::acknowledge`] once the events are recorded.
    pub ack: AckToken,
}

impl Batch {
    /// Returns the events that `ack` acknowledges.
    #[must_use]
    pub const fn new(events: Vec<Event>, ack: AckToken) -> Self {
        Self { events, ack }
    }
}

/// Names a [`Batch`] to the feed that handed it out.
///
/// The number is the feed's own to choose. Feeds of one process often count the events that came before.
///
/// ```
/// use horizon_core::AckToken;
///
/// let (pending_from, ack) = (7, AckToken(9)); // acknowledges the events at 7 and 8
/// assert_eq!(ack.0 - pending_from, 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AckToken(pub u64);
