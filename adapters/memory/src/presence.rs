pub(crate) mod driver;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{Presence, PresenceGuard, Result, Topic, VisitorKey};
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use driver::{Driver, Time};

/// How long a visitor stays counted after their last guard is dropped.
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// Who is here in this process: the presence of many nodes, with one node and nobody to talk to.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Presence, PresenceExt, Topic, VisitorKey};
/// use horizon_memory::MemoryPresence;
///
/// let presence = MemoryPresence::default();
/// let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await?;
/// assert_eq!(presence.viewers(Topic::Site).await, 1);
/// drop(guard); // 3 seconds later it is 0
/// # Ok(())
/// # }
/// ```
pub struct MemoryPresence {
    driver: Arc<Driver<TokioTime>>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

/// The time of the runtime, in which the sweeper waits.
struct TokioTime {
    started: Instant,
    /// Tells the sweeper that there is something to wait for, or that all is over.
    wake: Arc<Notify>,
}

impl Time for TokioTime {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn wake(&self) {
        self.wake.notify_one();
    }
}

impl MemoryPresence {
    /// Presence where a visitor's leave counts after `grace`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use futures::StreamExt;
    /// use horizon_core::{Presence, Topic, VisitorKey};
    /// use horizon_memory::MemoryPresence;
    ///
    /// let presence = MemoryPresence::new(Duration::from_millis(1));
    /// let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await?;
    /// let mut viewers = presence.watch(Topic::Site);
    /// assert_eq!(viewers.next().await, Some(1));
    /// drop(guard);
    /// assert_eq!(viewers.next().await, Some(0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        let time = TokioTime {
            started: Instant::now(),
            wake: Arc::default(),
        };
        Self {
            driver: Driver::new(grace, time),
            sweeper: Mutex::default(),
        }
    }

    /// Starts the task that lets leavers go, unless it runs. It ends by itself with the last guard,
    /// stream and port, so nobody has to await it.
    fn ensure_sweeper(&self) {
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            let wake = Arc::clone(&self.driver.time().wake);
            *sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.driver), wake)));
        }
    }
}

impl Default for MemoryPresence {
    /// A grace of 3 seconds.
    fn default() -> Self {
        Self::new(DEFAULT_GRACE)
    }
}

impl fmt::Debug for MemoryPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryPresence").finish_non_exhaustive()
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        self.ensure_sweeper();
        self.driver.track(topic, visitor)
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        self.driver.watch(topic)
    }
}

/// Lets leavers go when their grace is over, until nobody holds the port, a guard or a stream.
async fn sweep(driver: Weak<Driver<TokioTime>>, wake: Arc<Notify>) {
    // The strong handle must not outlive the statement, or the task would keep its own reason alive.
    while let Some(next) = driver.upgrade().map(|driver| look(&driver)) {
        match next {
            None => wake.notified().await,
            Some(at) => tokio::select! {
                () = sleep_until(at) => {}
                () = wake.notified() => {}
            },
        }
    }
}

/// Does what its time has come for. Answers when to look again.
fn look(driver: &Driver<TokioTime>) -> Option<Instant> {
    driver.look().map(|next| driver.time().started + next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    #[tokio::test(start_paused = true)]
    async fn the_sweeper_ends_with_the_last_handle() {
        let presence = MemoryPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let sweeper = presence.sweeper.lock().unwrap().take().unwrap();
        drop(presence);
        tokio::task::yield_now().await;
        assert!(!sweeper.is_finished());
        drop(guard);
        sweeper.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_with_nobody_here_and_nobody_watching_costs_no_memory() {
        let presence = MemoryPresence::default();
        drop(presence.watch(Topic::Site));
        assert_eq!(presence.driver.topics(), 0);
        drop(presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap());
        tokio::time::sleep(DEFAULT_GRACE * 2).await;
        assert_eq!(presence.driver.topics(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_guard_may_be_dropped_outside_the_runtime() {
        let presence = MemoryPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let mut counts = presence.watch(Topic::Site);
        assert_eq!(counts.next().await, Some(1));
        std::thread::spawn(move || drop(guard)).join().unwrap();
        assert_eq!(counts.next().await, Some(0));
    }
}
