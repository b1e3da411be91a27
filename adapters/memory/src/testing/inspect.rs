use horizon_core::{Event, RejectReason, Topic, VisitorKey};

use super::{Call, Fake};

/// What happened, for a test to look at. It is told also while the fake is disconnected.
impl Fake {
    /// All events that [`Analytics::track`](horizon_core::Analytics::track) took, in this order: those whose reply
    /// was lost and repeats too, and those that were then [refused](Self::refused).
    ///
    /// ```
    /// # use horizon_core::{Event, EventKind, Stamp, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// # let now = Timestamp::from_millis(1_800_000_000_000);
    /// # let fake = Fake::new(Clock::at(now));
    /// let visit = Event::new(Stamp::new(now, [1; 10]), Topic::Site, EventKind::Visit { visitor: None });
    /// fake.analytics().track(visit.clone()).await?;
    /// assert_eq!(fake.tracked(), [visit]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tracked(&self) -> Vec<Event> {
        self.0.counter.taken()
    }

    /// Those of the [tracked](Self::tracked) events that were not counted, and why.
    ///
    /// ```
    /// # use horizon_core::{Event, EventKind, RejectReason, Stamp, Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(1_800_000_000_000)));
    /// let stamp = Stamp::new(Timestamp::from_millis(0), [1; 10]);
    /// let old = Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None });
    /// fake.analytics().track(old.clone()).await?;
    /// assert_eq!(fake.rejected(), [(old, RejectReason::TooOld)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn refused(&self) -> Vec<(Event, RejectReason)> {
        self.0.counter.refused()
    }

    /// How many times this method was called and polled, whatever became of it.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.disconnect();
    /// assert!(fake.stats().get(&[Topic::Site]).await.is_err());
    /// assert_eq!(fake.attempts(Call::Get), 1);
    /// # }
    /// ```
    #[must_use]
    pub fn attempts(&self, call: Call) -> u64 {
        self.0.plan.attempts(call)
    }

    /// Who is here, in the order of their keys, each once. Who leaves is among them until the grace is over.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic, VisitorKey};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// let ada = VisitorKey::from_u128(1);
    /// let _guard = fake.presence().track(Topic::Site, ada).await?;
    /// assert_eq!(fake.present(&Topic::Site), [ada]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn present(&self, topic: &Topic) -> Vec<VisitorKey> {
        self.0.presence.members(topic)
    }
}
