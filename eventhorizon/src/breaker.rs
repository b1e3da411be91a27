//! A circuit breaker for reads of the store: no request waits long for it, and no crowd waits for a slow one.

use std::{
    collections::HashSet,
    fmt,
    future::Future,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use horizon_backend::Health;
use horizon_core::{Error, ReaderId, Result, Slug, Topic};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a read may take whose last known result can be shown instead: 50 milliseconds.
pub(crate) const KNOWN_WAIT: Duration = Duration::from_millis(50);

/// How long a read of a page may take whose result is not known yet: 400 milliseconds.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(400);

/// How long the read may take whether a reader likes a page, if that is not known yet: 100 milliseconds. A page can do
/// without it.
pub(crate) const LIKE_WAIT: Duration = Duration::from_millis(100);

/// How long all reads for one page may take together: 900 milliseconds. It is also the limit of a single read that an
/// answer cannot do without.
pub(crate) const ANSWER_WAIT: Duration = Duration::from_millis(900);

/// How long a late read goes on in the background before it is given up: 10 seconds.
const LATE_WAIT: Duration = Duration::from_secs(10);

/// How many late reads go on at once. While there are so many, no other is started.
const MOST_LATE: usize = 16;

/// The shortest time between two warnings that the store does not answer: one minute.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// What a late read is about. Of each there is one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// The totals of these topics.
    Totals(Vec<Topic>),
    /// The newest threads of a page.
    Threads(Slug),
    /// Whether this reader likes this page.
    Like(Topic, ReaderId),
}

/// Bounds the reads of the store. Cloning is cheap; all clones are one.
///
/// While reads succeed, each request reads for itself, so that it finds what was written before. A read that fails or
/// takes too long opens the breaker: a late read goes on in the background, and further ones about its subject return
/// an error at once. The first read that succeeds closes it.
#[derive(Clone)]
pub(crate) struct Breaker(Arc<Inner>);

struct Inner {
    is_open: AtomicBool,
    late: Mutex<HashSet<Subject>>,
    warned: Mutex<Option<Instant>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    health: Health,
    runtime: Handle,
}

impl Breaker {
    /// A closed breaker. Late reads run among `tasks`, on the runtime that this is called in, and end on `stop`.
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken, health: Health) -> Self {
        Self(Arc::new(Inner {
            is_open: AtomicBool::new(false),
            late: Mutex::default(),
            warned: Mutex::default(),
            tasks,
            stop,
            health,
            runtime: Handle::current(),
        }))
    }

    /// Whether the last read failed or took too long.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    /// Reads within [`ANSWER_WAIT`], whatever became of other reads. A read that takes longer is dropped.
    ///
    /// # Errors
    /// Those of the read, or it took too long.
    pub(crate) async fn read<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.read_within(ANSWER_WAIT, read).await
    }

    /// Reads within [`ANSWER_WAIT`], and not longer than until `deadline`. A read that takes longer is dropped.
    ///
    /// # Errors
    /// Those of the read, or it took too long.
    pub(crate) async fn read_until<T>(&self, deadline: Instant, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.read_within(ANSWER_WAIT.min(remaining(deadline)), read).await
    }

    /// Reads within `wait`. A read that takes longer is dropped. Without any time left nothing is read.
    ///
    /// # Errors
    /// Those of the read, or it took too long.
    pub(crate) async fn read_within<T>(&self, wait: Duration, read: impl Future<Output = Result<T>>) -> Result<T> {
        if wait.is_zero() {
            return Err(late());
        }
        let read = pin!(read);
        match timeout(wait, read).await {
            Ok(result) => self.note(result),
            Err(_) => self.note(Err(late())),
        }
    }

    /// Reads within `wait`. A read that takes longer goes on in the background, so what it finds has to be kept by
    /// itself. Without any time left nothing is read.
    ///
    /// # Errors
    /// Those of the read, or it took too long, or one about this subject has been taking too long.
    pub(crate) async fn read_on<T: Send + 'static>(
        &self,
        subject: Subject,
        wait: Duration,
        read: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if wait.is_zero() {
            return Err(late());
        }
        if self.is_open() {
            let running = self.late();
            if running.len() >= MOST_LATE || running.contains(&subject) {
                return Err(late());
            }
        }
        let mut read = Box::pin(read);
        if let Ok(result) = timeout(self.patience(&subject, wait), &mut read).await {
            return self.note(result);
        }
        let result = self.note(Err(late()));
        if let Some(running) = Running::start(self, subject) {
            let (breaker, stop) = (self.clone(), self.0.stop.clone());
            let rest = async move {
                let read = timeout(LATE_WAIT, read).await.unwrap_or_else(|_| Err(late()));
                // Before the next one may start, so that it finds the breaker as this read leaves it.
                drop((breaker.note(read), running));
            };
            let rest = async move { stop.run_until_cancelled(rest).await };
            let rest = self.0.health.supervise("late read", rest);
            self.0.tasks.spawn_on(rest, &self.0.runtime);
        }
        result
    }

    /// While a late read shows that the store hangs, or takes long about this subject, there is no point in waiting
    /// long for another.
    fn patience(&self, subject: &Subject, wait: Duration) -> Duration {
        let running = self.late();
        if running.contains(subject) || self.is_open() && !running.is_empty() {
            wait.min(KNOWN_WAIT)
        } else {
            wait
        }
    }

    /// Opens or closes by how a read ended. An error that stays an error is the subject's own, and the store answers.
    fn note<T>(&self, result: Result<T>) -> Result<T> {
        match &result {
            Err(error) if error.is_retryable() => {
                self.0.is_open.store(true, Ordering::Relaxed);
                self.warn(error);
            }
            _ => {
                if self.0.is_open.swap(false, Ordering::Relaxed) {
                    tracing::debug!("the store answers again");
                }
            }
        }
        result
    }

    fn warn(&self, error: &Error) {
        let mut warned = self.0.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
            *warned = Some(Instant::now());
            tracing::warn!(
                %error,
                cause = horizon_backend::error_chain(error),
                "the store does not answer: pages show the last known numbers, or none"
            );
        }
    }

    fn late(&self) -> MutexGuard<'_, HashSet<Subject>> {
        self.0.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// The time that is left until `deadline`.
pub(crate) fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// A read that was given up, or not begun.
pub(crate) fn late() -> Error {
    Error::unavailable("the store did not answer in time")
}

/// A late read, until it is dropped.
struct Running {
    breaker: Breaker,
    subject: Subject,
}

impl Running {
    /// Nothing if such a read is running, or too many are.
    fn start(breaker: &Breaker, subject: Subject) -> Option<Self> {
        let mut running = breaker.late();
        let starts = running.len() < MOST_LATE && running.insert(subject.clone());
        drop(running);
        starts.then(|| Self {
            breaker: breaker.clone(),
            subject,
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.breaker.late().remove(&self.subject);
    }
}
