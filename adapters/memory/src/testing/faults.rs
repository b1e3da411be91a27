use std::time::Duration;

use horizon_core::Error;

use super::{Call, Fake, plan::Fate};

/// Failures to order.
impl Fake {
    /// The next call of this method does nothing and answers this error. Several wait in a queue.
    ///
    /// A call made while the fake is [disconnected](Self::disconnect) takes none of them.
    ///
    /// ```
    /// # use horizon_core::{Error, Timestamp, Topic};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.fail_next(Call::Get, Error::permanent("wrong version"));
    /// let stats = fake.stats();
    /// assert!(!stats.get(&[Topic::Site]).await.unwrap_err().is_retryable());
    /// assert!(stats.get(&[Topic::Site]).await.is_ok());
    /// # }
    /// ```
    pub fn fail_next(&self, call: Call, error: Error) {
        self.0.plan.add(call, Fate::Refused(error));
    }

    /// The next call of this method does what it should, but answers this error: nobody can tell whether it was
    /// taken, as when a connection breaks before the reply. It waits in the queue of [`fail_next`](Self::fail_next).
    ///
    /// A visitor whose reply is lost came and left at once: they are counted for the grace.
    ///
    /// ```
    /// # use horizon_core::{Day, Error, Timestamp};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.lose_next_reply(Call::Salt, Error::unavailable("reset by peer"));
    /// let (salts, today) = (fake.salts(), Day::from_number(0));
    /// assert!(salts.salt(today, [1; 32]).await.is_err());
    /// assert_eq!(salts.salt(today, [2; 32]).await?, [1; 32]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn lose_next_reply(&self, call: Call, error: Error) {
        self.0.plan.add(call, Fate::ReplyLost(error));
    }

    /// From now on each call of this method waits, from its first poll on, until the clock was moved by `time`. Then
    /// it does what it should; who gives up before has done nothing. [`Duration::ZERO`] ends it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> horizon_core::Result<()> {
    /// let clock = Clock::at(Timestamp::from_millis(0));
    /// let fake = Fake::new(clock.clone());
    /// fake.delay(Call::Get, Duration::from_secs(2));
    /// let stats = fake.stats();
    /// let later = async { clock.advance(Duration::from_secs(2)) };
    /// // The call comes first, so that it waits when the clock is moved.
    /// let (totals, ()) = tokio::join!(stats.get(&[Topic::Site]), later);
    /// assert_eq!(totals?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delay(&self, call: Call, time: Duration) {
        self.0.plan.delay(call, time);
    }

    /// From now on every call is answered [`Error::unavailable`] and does nothing, also one that waits for a
    /// [delay](Self::delay). Watches stay open and are silent. Guards that are held stay good, and grace goes on.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.disconnect();
    /// assert!(fake.stats().get(&[Topic::Site]).await.unwrap_err().is_retryable());
    /// # }
    /// ```
    pub fn disconnect(&self) {
        self.0.link.set(false);
    }

    /// Calls work again, and watches show the latest, if it is another than they said last.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.disconnect();
    /// fake.reconnect();
    /// assert!(fake.stats().get(&[Topic::Site]).await.is_ok());
    /// # }
    /// ```
    pub fn reconnect(&self) {
        self.0.link.set(true);
    }

    /// From now on [`Presence::watch`](horizon_core::Presence::watch) stays open and is silent, also for those who
    /// begin to watch, until [`unmute_presence`](Self::unmute_presence). Everything else works.
    ///
    /// ```
    /// # use futures::{FutureExt, StreamExt};
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.mute_presence();
    /// let mut viewers = fake.presence().watch(Topic::Site);
    /// assert_eq!(viewers.next().now_or_never(), None);
    /// fake.unmute_presence();
    /// assert_eq!(viewers.next().now_or_never(), Some(Some(0)));
    /// ```
    pub fn mute_presence(&self) {
        self.0.viewers.set(false);
    }

    /// Presence speaks again, and says the latest.
    ///
    /// ```
    /// # use horizon_core::Timestamp;
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.unmute_presence(); // changes nothing where it was not muted
    /// ```
    pub fn unmute_presence(&self) {
        self.0.viewers.set(true);
    }
}
