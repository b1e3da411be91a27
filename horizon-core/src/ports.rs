use std::{any::Any, fmt, num::NonZeroUsize};

use async_trait::async_trait;
use futures_core::stream::BoxStream;

use crate::{
    Comment, Day, Event, EventId, ReaderId, Result, Slug, Stats, ThreadPage, Timestamp, Topic, Update, Visibility,
    VisitorKey,
};

/// Who is here now.
///
/// - A visitor counts once per topic, however many guards are held for them.
/// - A visitor whose last guard is dropped leaves after a grace of a few seconds; coming back within
///   it, they never left.
/// - Topics do not touch each other.
#[async_trait]
pub trait Presence: Send + Sync {
    /// The visitor is here until the guard is dropped. Once it answers, every watch counts them.
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard>;

    /// How many visitors are here: now, then each change. It skips to the latest when it is not
    /// polled, never says the same number twice in a row, and never ends while the port lives.
    fn watch(&self, topic: Topic) -> BoxStream<'static, u64>;
}

/// Takes events, and tells what they add up to.
#[async_trait]
pub trait Analytics: Send + Sync {
    /// Hands the event over. Ok means that it outlives this process, as far as the adapter promises.
    /// After an error it may or may not have been taken: try again with the same event.
    async fn track(&self, event: Event) -> Result<()>;

    /// The totals of the topic: the latest at once, then each newer one. It skips to the latest when
    /// it is not polled, never goes back to an older one, never ends with an error.
    fn watch(&self, topic: Topic) -> BoxStream<'static, Stats>;
}

/// The accumulator's end of the pipe.
///
/// - What is not acknowledged comes again, also after the feed is dropped and opened anew.
/// - What is acknowledged never comes again.
/// - Events of one publisher come in the order in which they were taken.
#[async_trait]
pub trait Feed: Send {
    /// Up to `limit` events; waits until there is at least one. Dropping the future loses nothing.
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch>;

    /// Tells every watcher of these topics the new totals.
    async fn publish(&mut self, updates: &[Update]) -> Result<()>;

    /// The batch is recorded and must not come again.
    async fn acknowledge(&mut self, receipt: Receipt) -> Result<()>;
}

/// Counts each event exactly once.
#[async_trait]
pub trait StatsStore: Send + Sync {
    /// Counts all events or none, each id once, also across restarts. Of what one person says about
    /// one thing the latest holds, in whatever order it comes. Answers the totals of every topic that
    /// is named, repeats included. On Ok it is durable, as far as the adapter promises.
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>>;

    /// The totals of each topic, in the order asked; [`Update::empty`] where nothing was counted.
    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>>;

    /// Whether the reader likes the topic now.
    async fn likes(&self, topic: &Topic, reader: ReaderId) -> Result<bool>;

    /// Erases what `now` makes too old: ids past [`DEDUPE_WINDOW`](crate::DEDUPE_WINDOW), visitors not seen
    /// for [`VISITOR_MEMORY`](crate::VISITOR_MEMORY), salts of days before yesterday. No total changes.
    async fn forget(&self, now: Timestamp) -> Result<()>;
}

/// Reads the comments that a [`StatsStore`] recorded.
///
/// Comments are ordered by their arrival. Nothing is older than a `before` that is not known.
#[async_trait]
pub trait Comments: Send + Sync {
    /// The newest `limit` threads of a page that are older than `before`, oldest first. Shows only
    /// what readers may see. A new comment does not move an older one to another place.
    async fn threads(&self, slug: &Slug, before: Option<EventId>, limit: NonZeroUsize) -> Result<ThreadPage>;

    /// The newest shown comments of a page, replies included, newest first.
    async fn newest(&self, slug: &Slug, limit: NonZeroUsize) -> Result<Vec<Comment>>;

    /// The newest comments of all pages, newest first, older than `before`; with `only`, those in that state.
    async fn desk(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>>;

    /// One comment, whatever its state.
    async fn comment(&self, id: EventId) -> Result<Option<Comment>>;

    /// How many replies a comment has, whatever their state.
    async fn replies(&self, parent: EventId) -> Result<usize>;
}

/// Keeps the secret of the day under which visitors are hashed.
#[async_trait]
pub trait Salts: Send + Sync {
    /// The salt of `day`: `fresh` if nobody asked before, else what the first one brought. All
    /// processes that share the store get the same; salts of days before the previous are erased.
    async fn salt(&self, day: Day, fresh: [u8; 32]) -> Result<[u8; 32]>;
}

/// Keeps a visitor present until it is dropped.
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

/// What a [`Feed`] hands out at once.
#[derive(Debug)]
pub struct Batch {
    /// At least one event, in the order in which the pipe took them.
    pub events: Vec<Event>,
    /// Give it back with [`Feed::acknowledge`] once the events are recorded.
    pub receipt: Receipt,
}

/// Names a [`Batch`] to the feed that handed it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(pub u64);
