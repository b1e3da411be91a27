use std::fmt;
use std::sync::Arc;

use horizon_core::{Analytics, CommentStore, Ports, Presence, SaltStore, StatsStore};

use super::{Clock, backend::Backend};

/// Every port in one value, for tests: it counts by the rules, and fails when it is told to.
///
/// - An event is recorded and told to the watches within `track`. When that answers, the numbers are there.
/// - An event whose time does not [fit](horizon_core::Event::fits) the clock is logged and not counted, as an accumulator does.
/// - Who leaves is gone once the clock was moved over the grace of 3 seconds.
///
/// Cloning is cheap; all clones are one fake. Needs no runtime of its own, and no paused time.
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
/// // The reply to the first attempt is lost, so the application tries again. It counts once.
/// fake.lose_next_reply(Call::Track, Error::unavailable("reset by peer"));
/// let visit = Event::new(Stamp::new(clock.now(), [1; 10]), Topic::Site, EventKind::Visit { visitor: None });
/// assert!(ports.analytics.track(visit.clone()).await.is_err());
/// ports.analytics.track(visit).await?;
/// assert_eq!(ports.stats.total(&Topic::Site).await?.stats.visits, 1);
/// assert_eq!(fake.attempts(Call::Track), 2);
///
/// // A reader leaves when the grace is over.
/// drop(ports.presence.track(Topic::Site, VisitorKey::from_u128(7)).await?);
/// assert_eq!(ports.presence.viewers(Topic::Site).await, 1);
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(ports.presence.viewers(Topic::Site).await, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fake(pub(super) Arc<Backend>);

impl Fake {
    /// A fake that knows nothing yet, and goes by this clock.
    ///
    /// ```
    /// # use horizon_core::Timestamp;
    /// # use horizon_memory::testing::{Clock, Fake};
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// assert_eq!(fake.tracked(), []);
    /// ```
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Backend::new(clock)))
    }

    /// All its ports, as an embedder picks them.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// let ports = Fake::new(Clock::at(Timestamp::from_millis(0))).ports();
    /// assert_eq!(ports.stats.get(&[Topic::Site]).await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ports(&self) -> Ports {
        Ports::new(
            self.presence(),
            self.analytics(),
            self.stats(),
            self.comments(),
            self.salts(),
        )
    }

    /// Its presence alone.
    ///
    /// ```
    /// # use horizon_core::{PresenceExt, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// assert_eq!(fake.presence().viewers(Topic::Site).await, 0);
    /// # }
    /// ```
    #[must_use]
    pub fn presence(&self) -> Arc<dyn Presence> {
        Arc::new(self.clone())
    }

    /// The end that takes events, alone.
    ///
    /// ```
    /// # use futures::StreamExt;
    /// # use horizon_core::{Stats, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// let mut totals = fake.analytics().watch(Topic::Site);
    /// assert_eq!(totals.next().await, Some(Stats::default()));
    /// # }
    /// ```
    #[must_use]
    pub fn analytics(&self) -> Arc<dyn Analytics> {
        Arc::new(self.clone())
    }

    /// Its totals at rest, alone.
    ///
    /// ```
    /// # use horizon_core::{StatsStoreExt, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// assert_eq!(fake.stats().total(&Topic::Site).await?.revision, 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn stats(&self) -> Arc<dyn StatsStore> {
        Arc::new(self.clone())
    }

    /// Its comments at rest, alone.
    ///
    /// ```
    /// # use horizon_core::{EventId, Timestamp};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// assert_eq!(fake.comments().comment(EventId::from_u128(1)).await?, None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn comments(&self) -> Arc<dyn CommentStore> {
        Arc::new(self.clone())
    }

    /// Its salts, alone.
    ///
    /// ```
    /// # use horizon_core::{Day, Timestamp};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// assert_eq!(fake.salts().salt(Day::from_number(0), [7; 32]).await?, [7; 32]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn salts(&self) -> Arc<dyn SaltStore> {
        Arc::new(self.clone())
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}
