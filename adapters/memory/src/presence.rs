use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::presence::driver::{PresenceDriver, Transport};
use horizon_core::presence::{NodeId, Replica, Timing};
use horizon_core::{Presence, PresenceGuard, Result, Topic, VisitorKey};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a visitor stays counted after their last guard is dropped.
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// The interval of heartbeats that no other node receives: once a day.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Presence in this process: one node without a network.
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
    driver: Arc<PresenceDriver<TokioTime>>,
    timers: Mutex<Option<JoinHandle<()>>>,
}

/// The time of the tokio runtime.
struct TokioTime(Instant);

impl Transport for TokioTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns the state of a single node, which counts a visitor for `grace` after they leave.
pub(crate) fn single_node(grace: Duration) -> Replica {
    let mut timing = Timing::default();
    timing.grace = grace;
    timing.heartbeat_interval = HEARTBEAT_INTERVAL;
    timing.linger = Duration::ZERO;
    Replica::new(NodeId::default(), 0, timing)
}

impl MemoryPresence {
    /// Returns a presence where a visitor stays counted for `grace` after their last guard is dropped.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self {
            driver: PresenceDriver::new(single_node(grace), TokioTime(Instant::now())),
            timers: Mutex::default(),
        }
    }

    /// Starts the timer task, unless it is running. The task ends by itself once this presence and the last of its
    /// guards and streams are dropped.
    fn ensure_timers(&self) {
        let mut timers = self.timers.lock();
        if timers.as_ref().is_none_or(JoinHandle::is_finished) {
            *timers = Some(tokio::spawn(self.driver.run_timers()));
        }
    }
}

impl Default for MemoryPresence {
    /// Returns a presence with a grace of 3 seconds.
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
        self.ensure_timers();
        self.driver.track(topic, visitor)
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        self.driver.watch(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    #[tokio::test(start_paused = true)]
    async fn the_timer_task_ends_with_the_last_handle() {
        let presence = MemoryPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let timers = presence.timers.lock().take().unwrap();
        drop(presence);
        tokio::task::yield_now().await;
        assert!(!timers.is_finished());
        drop(guard);
        timers.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_without_viewers_and_watches_uses_no_memory() {
        let presence = MemoryPresence::default();
        drop(presence.watch(Topic::Site));
        assert_eq!(presence.driver.topic_count(), 0);
        drop(presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap());
        tokio::time::sleep(DEFAULT_GRACE * 2).await;
        assert_eq!(presence.driver.topic_count(), 0);
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
