//! A circuit breaker for reads of the store: no request waits long, and a slow store is not flooded with reads.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use horizon_backend::Health;
use horizon_core::{Error, ReaderId, Result, Slug, Topic};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The time limit for a read with a cached result: 50 milliseconds.
pub(crate) const CACHED_TIMEOUT: Duration = Duration::from_millis(50);

/// The time limit for a page's read without a cached result: 400 milliseconds.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_millis(400);

/// The time limit for reading whether a reader likes a page, without a cached result: 100 milliseconds. A page renders
/// without it.
pub(crate) const LIKE_TIMEOUT: Duration = Duration::from_millis(100);

/// The time limit for all reads of a page together, and for a single read that a response needs: 900 milliseconds.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_millis(900);

/// The time limit for a read in the background: 10 seconds.
const DETACHED_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest number of concurrent background reads.
const MAX_DETACHED: usize = 16;

/// The shortest time between two warnings that the store does not respond: one minute.
const WARN_INTERVAL: Duration = Duration::from_secs(60);

/// What a background read is about. There is at most one for each subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// The totals of these topics.
    Totals(Vec<Topic>),
    /// The newest threads of a page.
    #[cfg_attr(not(feature = "comments"), expect(dead_code, reason = "only comments use it"))]
    Threads(Slug),
    /// Whether this reader likes this page.
    Like(Topic, ReaderId),
}

/// Bounds the reads of the store. Clones share their state.
///
/// While reads succeed, each request reads for itself, so that it sees earlier writes. A read that fails or times out
/// opens the breaker: the read continues in the background, and further reads of its subject fail at once. The first
/// read that succeeds closes the breaker.
#[derive(Clone)]
pub(crate) struct Breaker(Arc<BreakerState>);

struct BreakerState {
    is_open: AtomicBool,
    detached: Mutex<HashSet<Subject>>,
    warned: Mutex<Option<Instant>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    health: Health,
    runtime: Handle,
}

impl Breaker {
    /// Creates a closed breaker. Background reads are tasks of `tasks` on the current runtime, and end on `stop`.
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken, health: Health) -> Self {
        Self(Arc::new(BreakerState {
            is_open: AtomicBool::new(false),
            detached: Mutex::default(),
            warned: Mutex::default(),
            tasks,
            stop,
            health,
            runtime: Handle::current(),
        }))
    }

    /// Returns whether the last read failed or timed out.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    /// Reads within [`ANSWER_TIMEOUT`], even while the breaker is open.
    ///
    /// # Errors
    /// Those of the read, or it timed out.
    pub(crate) async fn read<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.read_within(ANSWER_TIMEOUT, read).await
    }

    /// Reads within [`ANSWER_TIMEOUT`] and before `deadline`, even while the breaker is open.
    ///
    /// # Errors
    /// Those of the read, or it timed out.
    pub(crate) async fn read_until<T>(&self, deadline: Instant, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.read_within(ANSWER_TIMEOUT.min(remaining(deadline)), read).await
    }

    /// Reads within `wait`, even while the breaker is open. Does not start a read if `wait` is zero.
    ///
    /// # Errors
    /// Those of the read, or it timed out.
    pub(crate) async fn read_within<T>(&self, wait: Duration, read: impl Future<Output = Result<T>>) -> Result<T> {
        if wait.is_zero() {
            return Err(timed_out());
        }
        let read = pin!(read);
        match timeout(wait, read).await {
            Ok(result) => self.note(result),
            Err(_) => self.note(Err(timed_out())),
        }
    }

    /// Reads within `wait`. After a timeout the read continues in the background, so it must cache its own result.
    /// Does not start a read if `wait` is zero.
    ///
    /// # Errors
    /// Those of the read, it timed out, or a background read of this subject is running.
    pub(crate) async fn read_detached<T: Send + 'static>(
        &self,
        subject: Subject,
        wait: Duration,
        read: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if wait.is_zero() {
            return Err(timed_out());
        }
        if self.is_open() {
            let running = self.0.detached.lock();
            if running.len() >= MAX_DETACHED || running.contains(&subject) {
                return Err(timed_out());
            }
        }
        let mut read = Box::pin(read);
        if let Ok(result) = timeout(self.limit(&subject, wait), &mut read).await {
            return self.note(result);
        }
        let result = self.note(Err(timed_out()));
        if let Some(running) = DetachedRead::start(self, subject) {
            let (breaker, stop) = (self.clone(), self.0.stop.clone());
            let rest = async move {
                let read = timeout(DETACHED_TIMEOUT, read)
                    .await
                    .unwrap_or_else(|_| Err(timed_out()));
                // Note the result before another read of this subject may start.
                drop((breaker.note(read), running));
            };
            let rest = async move { stop.run_until_cancelled(rest).await };
            let rest = self.0.health.supervise("late read", rest);
            self.0.tasks.spawn_on(rest, &self.0.runtime);
        }
        result
    }

    /// Shortens the wait while a background read shows that the store hangs or is slow for this subject.
    fn limit(&self, subject: &Subject, wait: Duration) -> Duration {
        let running = self.0.detached.lock();
        if running.contains(subject) || self.is_open() && !running.is_empty() {
            wait.min(CACHED_TIMEOUT)
        } else {
            wait
        }
    }

    /// Opens or closes the breaker by the result of a read. A permanent error does not open it: the store responded.
    fn note<T>(&self, result: Result<T>) -> Result<T> {
        match &result {
            Err(error) if error.is_retryable() => {
                self.0.is_open.store(true, Ordering::Relaxed);
                self.warn(error);
            }
            _ => {
                if self.0.is_open.swap(false, Ordering::Relaxed) {
                    tracing::debug!("the store responds again");
                }
            }
        }
        result
    }

    fn warn(&self, error: &Error) {
        let mut warned = self.0.warned.lock();
        if warned.is_none_or(|at| at.elapsed() >= WARN_INTERVAL) {
            *warned = Some(Instant::now());
            tracing::warn!(
                %error,
                cause = horizon_core::error_chain(error),
                "the store does not respond: pages show cached stats, or none"
            );
        }
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// Returns the time left until `deadline`.
pub(crate) fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

pub(crate) fn timed_out() -> Error {
    Error::unavailable("the store did not respond in time")
}

/// The registration of a background read, until it is dropped.
struct DetachedRead {
    breaker: Breaker,
    subject: Subject,
}

impl DetachedRead {
    /// Returns `None` if a read of this subject is running, or too many are.
    fn start(breaker: &Breaker, subject: Subject) -> Option<Self> {
        let mut running = breaker.0.detached.lock();
        let starts = running.len() < MAX_DETACHED && running.insert(subject.clone());
        drop(running);
        starts.then(|| Self {
            breaker: breaker.clone(),
            subject,
        })
    }
}

impl Drop for DetachedRead {
    fn drop(&mut self) {
        self.breaker.0.detached.lock().remove(&self.subject);
    }
}
