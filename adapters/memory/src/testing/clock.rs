use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use horizon_core::Timestamp;
use tokio::sync::oneshot;

/// A clock that stands still until it is moved by hand.
///
/// Cloning is cheap; all clones are one clock.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::Timestamp;
/// use horizon_memory::testing::Clock;
///
/// let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
/// let same = clock.clone();
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(same.now(), Timestamp::from_millis(1_800_000_001_000));
/// ```
#[derive(Clone)]
pub struct Clock(Arc<Shared>);

struct Shared {
    hands: Mutex<Hands>,
    /// What has to happen with each move.
    followers: Mutex<Vec<Follower>>,
}

/// Does what the time has come for. Answers whether it wants to be told of the next move.
type Follower = Box<dyn Fn() -> bool + Send + Sync>;

struct Hands {
    now: Timestamp,
    /// Who waits until when, in the order in which they came. Who gave up stays until their time comes.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    /// How many ever slept.
    slept: u64,
}

impl Clock {
    /// A clock that shows `now`.
    ///
    /// ```
    /// # use horizon_core::Timestamp;
    /// # use horizon_memory::testing::Clock;
    /// let start = Timestamp::from_millis(1_800_000_000_000);
    /// assert_eq!(Clock::at(start).now(), start);
    /// ```
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Shared {
            hands: Mutex::new(Hands {
                now,
                sleepers: BTreeMap::new(),
                slept: 0,
            }),
            followers: Mutex::default(),
        }))
    }

    /// What it shows.
    ///
    /// ```
    /// # use horizon_core::Timestamp;
    /// # use horizon_memory::testing::Clock;
    /// let clock = Clock::at(Timestamp::from_millis(1_000));
    /// assert_eq!(clock.now(), clock.now());
    /// ```
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.hands().now
    }

    /// Moves it forward, in one leap and whole milliseconds; what is less than one is lost.
    ///
    /// Once it returns, everybody whose grace is over has left. Whoever waits for a delay that is over is woken, the
    /// one whose time came first in front.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::Timestamp;
    /// # use horizon_memory::testing::Clock;
    /// let clock = Clock::at(Timestamp::from_millis(1_000));
    /// clock.advance(Duration::from_millis(500));
    /// assert_eq!(clock.now().as_millis(), 1_500);
    /// ```
    pub fn advance(&self, by: Duration) {
        {
            let mut hands = self.hands();
            hands.now = hands.now.plus(by);
        }
        self.followers().retain(|follow| follow());
        let due = self.hands().due();
        for sleeper in due {
            // Who gave up waiting is not told.
            let _ = sleeper.send(());
        }
    }

    /// Calls `follow` with each move, before anybody is woken, until it answers false.
    pub(super) fn follow(&self, follow: impl Fn() -> bool + Send + Sync + 'static) {
        self.followers().push(Box::new(follow));
    }

    /// Waits until the clock was moved by `time`, from the first poll on; not at all if that is nothing.
    pub(super) async fn sleep(&self, time: Duration) {
        let over = self.hands().sleep(time);
        if let Some(over) = over {
            // It never ends unanswered: the clock that holds the other end is borrowed.
            let _ = over.await;
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Follower>> {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hands {
    /// Somebody waits for `time`. Answers what tells them that it is over, nothing if it is already.
    fn sleep(&mut self, time: Duration) -> Option<oneshot::Receiver<()>> {
        let until = self.now.plus(time);
        if until <= self.now {
            return None;
        }
        let (sleeper, over) = oneshot::channel();
        self.slept += 1;
        self.sleepers.insert((until, self.slept), sleeper);
        Some(over)
    }

    /// Takes those whose time has come.
    fn due(&mut self) -> impl Iterator<Item = oneshot::Sender<()>> + use<> {
        let later = self.sleepers.split_off(&(self.now, u64::MAX));
        std::mem::replace(&mut self.sleepers, later).into_values()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn who_sleeps_is_woken_once_the_clock_was_moved_that_far_and_not_before() {
        let clock = Clock::at(Timestamp::from_millis(0));
        let mut sleep = std::pin::pin!(clock.sleep(SECOND));
        assert_eq!(sleep.as_mut().now_or_never(), None);
        clock.advance(SECOND - Duration::from_millis(1));
        assert_eq!(sleep.as_mut().now_or_never(), None);
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleep.now_or_never(), Some(()));
    }

    #[test]
    fn who_sleeps_for_no_time_does_not_wait() {
        let clock = Clock::at(Timestamp::from_millis(0));
        assert_eq!(clock.sleep(Duration::ZERO).now_or_never(), Some(()));
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_times() {
        let clock = Clock::at(Timestamp::from_millis(0));
        // It polls whoever was woken first, first.
        let mut sleeps: FuturesUnordered<_> = [3, 1, 2, 1]
            .map(|seconds| clock.sleep(SECOND * seconds).map(move |()| seconds))
            .into_iter()
            .collect();
        assert_eq!(sleeps.next().now_or_never(), None);
        clock.advance(SECOND * 3);
        let woken: Vec<u32> = sleeps.collect().now_or_never().unwrap();
        assert_eq!(woken, [1, 1, 2, 3]);
    }

    #[test]
    fn a_follower_hears_of_each_move_until_it_does_not_want_to() {
        let clock = Clock::at(Timestamp::from_millis(0));
        let heard = Arc::new(Mutex::new(0));
        let count = Arc::clone(&heard);
        clock.follow(move || {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count < 2
        });
        for _ in 0..3 {
            clock.advance(SECOND);
        }
        assert_eq!(*heard.lock().unwrap(), 2);
    }
}
