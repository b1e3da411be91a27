use std::{any::Any, fmt, num::NonZeroUsize};

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{Day, Event, ReaderId, Result, Stats, Timestamp, Topic, Update, VisitorKey, reports::Reports};

/// Tracks who has a page open now.
///
/// - A visitor counts once per topic, however many guards exist for them.
/// - A visitor leaves a few seconds (the grace) after their last guard is dropped, so that a reload changes nothing.
/// - Topics are independent.
///
/// ```
/// use horizon_core::{Presence, PresenceGuard, Result, Topic, VisitorKey};
///
/// async fn open_page(presence: &dyn Presence, visitor: VisitorKey) -> Result<PresenceGuard> {
///     presence.track(Topic::Site, visitor).await // hold the guard for as long as the page is open
/// }
/// ```
#[async_trait]
pub trait Presence: Send + Sync {
    /// Counts the visitor until the guard is dropped. When it returns, every watch includes the visitor.
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard>;

    /// Returns the number of viewers: the current one at once, then each change. A slow watcher skips to the latest
    /// number and never gets the same number twice in a row. The stream does not end before the adapter is dropped.
    fn watch(&self, topic: Topic) -> BoxStream<'static, u64>;
}

/// Takes events and streams totals: the end of an event bus that web nodes use.
///
/// ```
/// use horizon_core::{EventBus, Event, Result};
///
/// async fn track_with_retry(bus: &dyn EventBus, event: Event) -> Result<()> {
///     match bus.track(event.clone()).await {
///         Err(error) if error.is_retryable() => bus.track(event).await, // the same id: counts once
///         done => done,
///     }
/// }
/// ```
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Hands the event to the bus. After `Ok`, the event is kept even if this process ends, as far as the adapter
    /// documents. After an error, the bus may or may not have the event; retry with the same event.
    async fn track(&self, event: Event) -> Result<()>;

    /// Returns the totals of the topic: the latest at once, then newer ones. A slow watcher skips to the latest totals.
    /// The stream never returns to older totals and never ends with an error.
    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats>;
}

/// The reading end of an event bus, for the accumulator.
///
/// - An unacknowledged batch is delivered again, to this consumer or, after it is dropped, to the next one.
/// - An acknowledged batch is never delivered again.
/// - The events of one process arrive in the order in which it tracked them.
///
/// ```
/// use std::num::NonZeroUsize;
/// use horizon_core::{EventConsumer, Result, StatsStore};
///
/// /// `process_batch` without the check of the events' time.
/// async fn process(consumer: &mut dyn EventConsumer, store: &dyn StatsStore, limit: NonZeroUsize) -> Result<()> {
///     let batch = consumer.next_batch(limit).await?;
///     let updates = store.apply(&batch.events).await?;
///     consumer.publish(&updates).await?;
///     consumer.acknowledge(batch.ack).await
/// }
/// ```
#[async_trait]
pub trait EventConsumer: Send {
    /// Waits for events and returns 1 to `limit` of them. Dropping the future loses nothing.
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch>;

    /// Sends the new totals to every watcher of their topics.
    async fn publish(&mut self, updates: &[Update]) -> Result<()>;

    /// Marks the batch as stored, so that it is not delivered again.
    async fn acknowledge(&mut self, ack: AckToken) -> Result<()>;
}

/// Counts each event exactly once. The crate documentation has an example.
#[async_trait]
pub trait StatsStore: Send + Sync {
    /// Applies all events or none, each id once, also across restarts. The latest like or unlike of a reader and the
    /// latest verdict on a comment win in any order of arrival. Returns the totals of every topic that `events` name,
    /// also of repeated events. Custom events count by name, those beyond
    /// [`MAX_EVENT_NAMES`](crate::MAX_EVENT_NAMES) names under [`OTHER_EVENTS`](crate::OTHER_EVENTS). On `Ok` the events
    /// are durable, as far as the adapter documents.
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>>;

    /// Returns the totals of each topic in the order of `topics`; [`Update::empty`] for a topic without events.
    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>>;

    /// Returns whether the reader likes the topic now.
    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool>;

    /// Erases ids and unlikes older than [`DEDUPE_WINDOW`](crate::DEDUPE_WINDOW), visitors not seen for
    /// [`VISITOR_RETENTION`](crate::VISITOR_RETENTION), and salts of days before yesterday. Totals and likes do not
    /// change. A store with reports keeps visitors until their day is closed instead, and its days are those of the
    /// site's time zone.
    async fn expire(&self, now: Timestamp) -> Result<()>;

    /// Returns the reports, if the store keeps them.
    fn reports(&self) -> Option<&dyn Reports> {
        None
    }
}

/// Keeps the salt of each day, under which visitor keys are hashed.
///
/// ```
/// use horizon_core::{Result, SaltStore, Timestamp, VisitorKey};
///
/// async fn visitor_key(salts: &dyn SaltStore, now: Timestamp, random: [u8; 32]) -> Result<VisitorKey> {
///     let salt = salts.salt(now.day(), random).await?;
///     Ok(VisitorKey::derive(&salt, "example.org", [192, 0, 2, 1].into(), "Firefox"))
/// }
/// ```
#[async_trait]
pub trait SaltStore: Send + Sync {
    /// Returns the salt of `day`: `fresh` on the first call for this day, afterwards always the same. All processes
    /// that share the store get the same salt. Salts of days before the previous one are erased.
    ///
    /// Tomorrow's salt may be requested late in the day, which erases yesterday's; [`StatsStore::expire`] keeps it.
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]>;
}

/// Keeps a visitor present until it is dropped.
#[must_use = "the visitor leaves when the guard is dropped"]
pub struct PresenceGuard(#[expect(dead_code, reason = "only dropped")] Box<dyn Any + Send + Sync>);

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

/// The events that an [`EventConsumer`] delivers at once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Batch {
    /// At least one event, in the order of the bus.
    pub events: Vec<Event>,
    /// Acknowledges these events. Pass it to [`EventConsumer::acknowledge`] once they are stored.
    pub ack: AckToken,
}

impl Batch {
    /// Returns a batch of the events that `ack` acknowledges.
    #[must_use]
    pub const fn new(events: Vec<Event>, ack: AckToken) -> Self {
        Self { events, ack }
    }
}

/// Identifies a [`Batch`] to the consumer that delivered it. The consumer chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AckToken(pub u64);
