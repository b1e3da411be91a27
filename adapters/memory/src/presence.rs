use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, unfold};
use horizon_core::{Error, Presence, PresenceGuard, Result, Topic, VisitorKey};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::rooms::Rooms;

/// How long a visitor stays counted after their last guard is dropped.
const DEFAULT_GRACE: Duration = Duration::from_secs(3);

/// Who is here in this process.
pub struct LocalPresence {
    shared: Arc<Shared>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    rooms: Mutex<Rooms>,
    /// Tells the sweeper that there is something to wait for, or that all is over.
    wake: Arc<Notify>,
}

impl LocalPresence {
    /// Presence where a visitor's leave counts after `grace`.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        let shared = Arc::new(Shared {
            rooms: Mutex::new(Rooms::new(grace)),
            wake: Arc::default(),
        });
        Self {
            shared,
            sweeper: Mutex::default(),
        }
    }

    /// Starts the task that lets leavers go, unless it runs. It ends by itself with the last guard,
    /// stream and port, so nobody has to await it.
    fn ensure_sweeper(&self) {
        let mut sweeper = self.sweeper.lock().unwrap_or_else(PoisonError::into_inner);
        if sweeper.as_ref().is_none_or(JoinHandle::is_finished) {
            let wake = Arc::clone(&self.shared.wake);
            *sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.shared), wake)));
        }
    }
}

impl Default for LocalPresence {
    /// A grace of 3 seconds.
    fn default() -> Self {
        Self::new(DEFAULT_GRACE)
    }
}

impl fmt::Debug for LocalPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalPresence").finish_non_exhaustive()
    }
}

#[async_trait]
impl Presence for LocalPresence {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        self.ensure_sweeper();
        if !self.shared.rooms().enter(&topic, visitor) {
            return Err(Error::unavailable("no place for one more visitor"));
        }
        Ok(PresenceGuard::new(Guard {
            shared: Arc::clone(&self.shared),
            topic,
            visitor,
        }))
    }

    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        let watcher = Watcher::new(Arc::clone(&self.shared), topic);
        unfold(watcher, |mut watcher| async {
            let count = watcher.next().await?;
            Some((count, watcher))
        })
        .boxed()
    }
}

impl Shared {
    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

struct Guard {
    shared: Arc<Shared>,
    topic: Topic,
    visitor: VisitorKey,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.shared.rooms().leave(&self.topic, self.visitor, Instant::now()) {
            self.shared.wake.notify_one();
        }
    }
}

/// Lets leavers go when their grace is over, until nobody holds the port, a guard or a stream.
async fn sweep(shared: Weak<Shared>, wake: Arc<Notify>) {
    // The strong handle must not outlive the statement, or the task would keep its own reason alive.
    while let Some(next) = shared.upgrade().map(|shared| shared.rooms().expire(Instant::now())) {
        match next {
            None => wake.notified().await,
            Some(at) => tokio::select! {
                () = sleep_until(at) => {}
                () = wake.notified() => {}
            },
        }
    }
}

struct Watcher {
    shared: Arc<Shared>,
    topic: Topic,
    count: watch::Receiver<u64>,
    last: Option<u64>,
}

impl Watcher {
    fn new(shared: Arc<Shared>, topic: Topic) -> Self {
        let mut count = shared.rooms().watch(&topic);
        count.mark_changed();
        Self {
            shared,
            topic,
            count,
            last: None,
        }
    }

    async fn next(&mut self) -> Option<u64> {
        loop {
            self.count.changed().await.ok()?;
            let count = *self.count.borrow_and_update();
            if self.last.replace(count) != Some(count) {
                return Some(count);
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.rooms().unwatch(&self.topic);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_sweeper_ends_with_the_last_handle() {
        let presence = LocalPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let sweeper = presence.sweeper.lock().unwrap().take().unwrap();
        drop(presence);
        tokio::task::yield_now().await;
        assert!(!sweeper.is_finished());
        drop(guard);
        sweeper.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_guard_may_be_dropped_outside_the_runtime() {
        let presence = LocalPresence::default();
        let guard = presence.track(Topic::Site, VisitorKey::from_u128(1)).await.unwrap();
        let mut counts = presence.watch(Topic::Site);
        assert_eq!(counts.next().await, Some(1));
        std::thread::spawn(move || drop(guard)).join().unwrap();
        assert_eq!(counts.next().await, Some(0));
    }
}
