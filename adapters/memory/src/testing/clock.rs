use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::Timestamp;
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// A clock that stands still until the test moves it. Clones share their time.
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
pub struct Clock(Arc<SharedClock>);

struct SharedClock {
    sleep_queue: Mutex<SleepQueue>,
    /// Called with each move of the clock.
    callbacks: Mutex<Vec<AdvanceCallback>>,
}

/// Returns whether it wants to be called again.
type AdvanceCallback = Box<dyn Fn() -> bool + Send + Sync>;

struct SleepQueue {
    now: Timestamp,
    /// The sleepers by wake time, then by order of arrival. A cancelled sleeper stays until its time.
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    /// The number of sleepers so far.
    slept: u64,
}

impl Clock {
    /// Returns a clock that starts at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(SharedClock {
            sleep_queue: Mutex::new(SleepQueue {
                now,
                sleepers: BTreeMap::new(),
                slept: 0,
            }),
            callbacks: Mutex::default(),
        }))
    }

    /// Returns the current time of the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.sleep_queue.lock().now
    }

    /// Moves the clock forward in one step, in whole milliseconds, rounded down.
    ///
    /// When it returns, visitors whose grace is over have left, and calls whose delay is over are woken in the order of
    /// their wake times.
    pub fn advance(&self, by: Duration) {
        {
            let mut queue = self.0.sleep_queue.lock();
            queue.now = queue.now.plus(by);
        }
        self.0.callbacks.lock().retain(|callback| callback());
        let due = self.0.sleep_queue.lock().remove_due();
        for sleeper in due {
            // The sleeper may have been cancelled.
            let _ = sleeper.send(());
        }
    }

    /// Calls `callback` with each move, before sleepers are woken, until it returns false.
    pub(super) fn on_advance(&self, callback: impl Fn() -> bool + Send + Sync + 'static) {
        self.0.callbacks.lock().push(Box::new(callback));
    }

    /// Waits until the clock was moved by `time` after the first poll. Does not wait for a zero time.
    pub(super) async fn sleep(&self, time: Duration) {
        let woken = self.0.sleep_queue.lock().add_sleeper(time);
        if let Some(woken) = woken {
            // It cannot fail: `self` keeps the sender alive.
            let _ = woken.await;
        }
    }
}

impl SleepQueue {
    /// Adds a sleeper. Returns `None` if its time has come.
    fn add_sleeper(&mut self, time: Duration) -> Option<oneshot::Receiver<()>> {
        let until = self.now.plus(time);
        if until <= self.now {
            return None;
        }
        let (sleeper, woken) = oneshot::channel();
        self.slept += 1;
        self.sleepers.insert((until, self.slept), sleeper);
        Some(woken)
    }

    /// Removes the sleepers whose time has come.
    fn remove_due(&mut self) -> impl Iterator<Item = oneshot::Sender<()>> + use<> {
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
    fn a_sleeper_is_woken_when_the_clock_reaches_its_time_and_not_before() {
        let clock = Clock::at(Timestamp::from_millis(0));
        let mut sleep = std::pin::pin!(clock.sleep(SECOND));
        assert_eq!(sleep.as_mut().now_or_never(), None);
        clock.advance(SECOND - Duration::from_millis(1));
        assert_eq!(sleep.as_mut().now_or_never(), None);
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleep.now_or_never(), Some(()));
    }

    #[test]
    fn a_sleep_of_zero_does_not_wait() {
        let clock = Clock::at(Timestamp::from_millis(0));
        assert_eq!(clock.sleep(Duration::ZERO).now_or_never(), Some(()));
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_times() {
        let clock = Clock::at(Timestamp::from_millis(0));
        // It polls the futures in the order in which they were woken.
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
    fn a_callback_is_called_with_each_move_until_it_returns_false() {
        let clock = Clock::at(Timestamp::from_millis(0));
        let calls = Arc::new(Mutex::new(0));
        let count = Arc::clone(&calls);
        clock.on_advance(move || {
            let mut count = count.lock();
            *count += 1;
            *count < 2
        });
        for _ in 0..3 {
            clock.advance(SECOND);
        }
        assert_eq!(*calls.lock(), 2);
    }
}
