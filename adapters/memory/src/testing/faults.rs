use std::time::Duration;

use horizon_core::Error;

use super::{Call, Fake, fault_plan::CallFault};

/// Makes the calls of a method fail until it is dropped; see [`Fake::fail`].
#[derive(Debug)]
#[must_use = "the calls work again when the guard is dropped"]
pub struct FaultGuard {
    fake: Fake,
    call: Call,
    number: u64,
}

impl FaultGuard {
    /// Makes the calls work again.
    pub fn restore(self) {
        drop(self);
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        self.fake.0.faults.end(self.call, self.number);
    }
}

/// Failures on demand.
impl Fake {
    /// Makes the next call of this method return `error` without doing anything.
    ///
    /// Several faults of a method form a queue. A call while [disconnected](Self::disconnect) uses none of them.
    ///
    /// ```
    /// # use horizon_core::{Error, Timestamp, Topic};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.fail_next(Call::Get, Error::permanent("wrong version"));
    /// let stats = fake.stats();
    /// assert!(!stats.totals(&[Topic::Site]).await.unwrap_err().is_retryable());
    /// assert!(stats.totals(&[Topic::Site]).await.is_ok());
    /// # }
    /// ```
    pub fn fail_next(&self, call: Call, error: Error) {
        self.0.faults.push(call, CallFault::Fail(error));
    }

    /// Makes every call of this method return `error` without doing anything, until the returned [`FaultGuard`] is
    /// dropped. Calls that [`fail_next`](Self::fail_next) or [`lose_next_reply`](Self::lose_next_reply) planned come
    /// first. Of several guards of a method, the newest counts.
    ///
    /// ```
    /// # use horizon_core::{Error, Timestamp, Topic};
    /// # use horizon_memory::testing::{Call, Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// let stats = fake.stats();
    /// let outage = fake.fail(Call::Get, Error::unavailable("the disk is full"));
    /// assert!(stats.totals(&[Topic::Site]).await.is_err());
    /// assert!(stats.totals(&[Topic::Site]).await.is_err());
    /// outage.restore();
    /// assert!(stats.totals(&[Topic::Site]).await.is_ok());
    /// # }
    /// ```
    pub fn fail(&self, call: Call, error: Error) -> FaultGuard {
        FaultGuard {
            number: self.0.faults.start(call, error),
            call,
            fake: self.clone(),
        }
    }

    /// Makes the next call of this method do its work and return `error`, as when a connection breaks before the reply.
    /// The fault joins the queue of [`fail_next`](Self::fail_next).
    ///
    /// If the reply to [`Presence::track`](horizon_core::Presence::track) is lost, the visitor leaves at once, and
    /// counts until the grace is over.
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
        self.0.faults.push(call, CallFault::LoseReply(error));
    }

    /// Delays each call of this method until the clock was moved by `delay` after the first poll. Dropping the call
    /// before that cancels it. [`Duration::ZERO`] ends the delay.
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
    /// let advance = async { clock.advance(Duration::from_secs(2)) };
    /// // Poll the call first, so that it waits when the clock moves.
    /// let (totals, ()) = tokio::join!(stats.totals(&[Topic::Site]), advance);
    /// assert_eq!(totals?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delay(&self, call: Call, delay: Duration) {
        self.0.faults.set_delay(call, delay);
    }

    /// Makes every call return [`Error::unavailable`] without doing anything, including calls that are
    /// [delayed](Self::delay). Watches stay open and silent. Presence guards and grace periods are not affected.
    ///
    /// ```
    /// # use horizon_core::{Timestamp, Topic};
    /// # use horizon_memory::testing::{Clock, Fake};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
    /// fake.disconnect();
    /// assert!(fake.stats().totals(&[Topic::Site]).await.unwrap_err().is_retryable());
    /// fake.reconnect();
    /// assert!(fake.stats().totals(&[Topic::Site]).await.is_ok());
    /// # }
    /// ```
    pub fn disconnect(&self) {
        self.0.connection.set_connected(false);
    }

    /// Ends [`disconnect`](Self::disconnect). Watches continue with the latest value, if it changed.
    pub fn reconnect(&self) {
        self.0.connection.set_connected(true);
    }

    /// Silences every [`Presence::watch`](horizon_core::Presence::watch), open or new, until
    /// [`unmute_presence`](Self::unmute_presence). Everything else works.
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
        self.0.presence_watches.set_connected(false);
    }

    /// Ends [`mute_presence`](Self::mute_presence). Watches continue with the latest value, if it changed.
    pub fn unmute_presence(&self) {
        self.0.presence_watches.set_connected(true);
    }
}
