use std::fmt;
use std::sync::Arc;

use horizon_core::{
    CommentStore, Event, EventBus, Ports, Presence, RejectReason, SaltStore, StatsStore, Topic, VisitorKey,
};

use super::{Call, Clock, backend::FakeBackend};

/// Every port in one value, for tests. It follows the rules of the real adapters, and fails on demand.
///
/// - An event is counted and published before `track` returns.
/// - An event whose time fails [`Event::check_time`] is logged and not counted, as by an accumulator.
/// - A visitor who leaves is gone after the clock was moved by the grace of 3 seconds.
///
/// Clones share one state. A fake needs neither a special runtime nor paused time.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::{Error, Event, EventKind, PresenceExt, Stamp, StatsStoreExt, Timestamp, Topic, VisitorKey};
/// use horizon_memory::testing::{Call, Clock, Fake};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> horizon_core::Result<()> {
/// let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
/// let fake = Fake::new(clock.clone());
/// let ports = fake.ports(); // hand these to the application
///
/// // The reply to the first attempt is lost, so the application retries. The visit counts once.
/// fake.lose_next_reply(Call::Track, Error::unavailable("reset by peer"));
/// let visit = Event::new(Stamp::new(clock.now(), [1; 10]), Topic::Site, EventKind::visit(None));
/// assert!(ports.bus.track(visit.clone()).await.is_err());
/// ports.bus.track(visit).await?;
/// assert_eq!(ports.stats.total(&Topic::Site).await?.stats.visits, 1);
/// assert_eq!(fake.attempts(Call::Track), 2);
///
/// // A viewer leaves when the grace is over.
/// drop(ports.presence.track(Topic::Site, VisitorKey::from_u128(7)).await?);
/// assert_eq!(ports.presence.viewers(Topic::Site).await, 1);
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(ports.presence.viewers(Topic::Site).await, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fake(pub(super) Arc<FakeBackend>);

impl Fake {
    /// Returns an empty fake with this clock.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(FakeBackend::new(clock)))
    }

    /// Returns all ports.
    #[must_use]
    pub fn ports(&self) -> Ports {
        Ports::new(self.presence(), self.bus(), self.stats(), self.comments(), self.salts())
    }

    /// Returns the presence port.
    #[must_use]
    pub fn presence(&self) -> Arc<dyn Presence> {
        Arc::new(self.clone())
    }

    /// Returns the port that tracks events and watches totals.
    #[must_use]
    pub fn bus(&self) -> Arc<dyn EventBus> {
        Arc::new(self.clone())
    }

    /// Returns the store of totals.
    #[must_use]
    pub fn stats(&self) -> Arc<dyn StatsStore> {
        Arc::new(self.clone())
    }

    /// Returns the store of comments.
    #[must_use]
    pub fn comments(&self) -> Arc<dyn CommentStore> {
        Arc::new(self.clone())
    }

    /// Returns the store of salts.
    #[must_use]
    pub fn salts(&self) -> Arc<dyn SaltStore> {
        Arc::new(self.clone())
    }
}

/// Inspection. These methods also work while the fake is disconnected.
impl Fake {
    /// Returns all events that [`EventBus::track`](horizon_core::EventBus::track) received, in order, including
    /// repeats, events whose reply was lost, and [rejected](Self::rejected) events.
    ///
    /// ```
    /// # use horizon_core::{Event, EventKind, Stamp, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// # let now = Timestamp::from_millis(1_800_000_000_000);
    /// # let fake = Fake::new(Clock::at(now));
    /// let visit = Event::new(Stamp::new(now, [1; 10]), Topic::Site, EventKind::visit(None));
    /// fake.bus().track(visit.clone()).await?;
    /// assert_eq!(fake.tracked(), [visit]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tracked(&self) -> Vec<Event> {
        self.0.accumulator.tracked()
    }

    /// Returns the [tracked](Self::tracked) events that were not counted, with the reason.
    #[must_use]
    pub fn rejected(&self) -> Vec<(Event, RejectReason)> {
        self.0.accumulator.rejected()
    }

    /// Returns how many calls of this method were polled, whatever their result.
    #[must_use]
    pub fn attempts(&self, call: Call) -> u64 {
        self.0.faults.attempts(call)
    }

    /// Returns the visitors who are present, ordered by key, each once. A visitor who left is present until the grace
    /// is over.
    #[must_use]
    pub fn present_visitors(&self, topic: &Topic) -> Vec<VisitorKey> {
        self.0.presence.local_members(topic)
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}
