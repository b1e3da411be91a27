use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use horizon_core::panic_message;
use tokio::sync::watch;

/// Why this process cannot do all of its work, as its background tasks report it.
///
/// Each part of the process has one name, such as `store` or `clock`, and at most one problem at a time. A problem is
/// logged when it appears and when it is gone; `/readyz` answers 503 while there is one. Cloning is cheap; all clones
/// share one list.
///
/// ```
/// use horizon_backend::Health;
///
/// let health = Health::default();
/// health.fail("clock", "the clock is 7,200 s ahead of Redis");
/// assert_eq!(health.problems(), ["clock: the clock is 7,200 s ahead of Redis"]);
/// health.recover("clock");
/// assert!(health.problems().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Default)]
struct Inner {
    parts: Mutex<BTreeMap<&'static str, String>>,
    /// The first background task that panicked, as a sentence. It stays until the process ends.
    panic: watch::Sender<Option<String>>,
}

impl Health {
    /// Records the problem of a part, in place of the one that it had. A new problem is logged as an error.
    pub fn fail(&self, part: &'static str, problem: impl Into<String>) {
        let problem = problem.into();
        let before = self.parts().insert(part, problem.clone());
        if before.as_ref() != Some(&problem) {
            tracing::error!(part, "{problem}");
        }
    }

    /// Removes the problem of a part, if it has one.
    pub fn recover(&self, part: &'static str) {
        let problem = self.parts().remove(part);
        if let Some(problem) = problem {
            tracing::info!(part, problem, "the problem is gone");
        }
    }

    /// Records the problem of a part, or that it has none.
    pub fn update(&self, part: &'static str, problem: Option<String>) {
        match problem {
            Some(problem) => self.fail(part, problem),
            None => self.recover(part),
        }
    }

    /// Whether this part has a problem.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts().contains_key(part)
    }

    /// Returns all problems, each as `part: problem`: first a task that panicked, then the parts in alphabetical order.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let panic = self.panic().map(|sentence| format!("tasks: {sentence}"));
        let parts = self.parts();
        let parts = parts.iter().map(|(part, problem)| format!("{part}: {problem}"));
        panic.into_iter().chain(parts).collect()
    }

    /// Runs a background task. Returns nothing if it panics: that is then a problem of this process until it ends.
    /// Every spawned task is run so, because otherwise nobody would notice that it is gone.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use horizon_backend::Health;
    ///
    /// let health = Health::default();
    /// tokio::spawn(health.supervise("sums", async { assert_eq!(1 + 1, 3, "wrong sum") }));
    /// let sentence = health.panicked().await;
    /// assert!(sentence.starts_with("the background task `sums` panicked: "));
    /// assert_eq!(health.problems(), [format!("tasks: {sentence}")]);
    /// # }
    /// ```
    pub fn supervise<W: Future>(
        &self,
        task: &'static str,
        work: W,
    ) -> impl Future<Output = Option<W::Output>> + use<W> {
        let health = self.clone();
        async move {
            let outcome = AssertUnwindSafe(work).catch_unwind().await;
            outcome
                .map_err(|panic| health.report_panic(task, panic_message(&*panic)))
                .ok()
        }
    }

    /// Records that a background task panicked, for tasks that [`supervise`](Self::supervise) does not run.
    pub fn report_panic(&self, task: &str, message: &str) {
        let message = message.lines().collect::<Vec<_>>().join(" ");
        let sentence = format!("the background task `{task}` panicked: {message}; restart the process");
        tracing::error!("{sentence}");
        self.0.panic.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(sentence);
            is_first
        });
    }

    /// Returns the same configuration; the background tasks of what is connected with it report here if they panic.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn watch_redis(&self, redis: &horizon_redis::RedisConfig) -> horizon_redis::RedisConfig {
        let health = self.clone();
        let report = move |task: &str, message: &str| health.report_panic(task, message);
        redis.clone().on_task_panic(report)
    }

    /// Returns the first background task that panicked, if one did, as a sentence.
    #[must_use]
    pub fn panic(&self) -> Option<String> {
        self.0.panic.borrow().clone()
    }

    /// Waits until a background task panics, and returns that as a sentence. Such a process cannot do its work any
    /// more: a program ends then, so that its supervisor starts it again.
    pub async fn panicked(&self) -> String {
        let mut panic = self.0.panic.subscribe();
        match panic.wait_for(Option::is_some).await.map(|sentence| sentence.clone()) {
            Ok(Some(sentence)) => sentence,
            // `self` holds the other end.
            _ => std::future::pending().await,
        }
    }

    pub(crate) fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.problems()).finish()
    }
}

/// Why a process is not ready: every problem that is known now.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{Health, ReadinessCheck, StoreHandle, StoreUrl};
///
/// let health = Health::default();
/// let ready = ReadinessCheck::new(StoreHandle::open(&StoreUrl::Memory)?, health.clone());
/// health.fail("clock", "the clock is 7,200 s ahead of Redis");
/// let not_ready = ready.check().await.unwrap_err();
/// assert_eq!(not_ready.problems(), ["clock: the clock is 7,200 s ahead of Redis"]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct NotReady(Vec<String>);

impl NotReady {
    /// Returns an error that lists these problems, or nothing if there are none.
    pub fn from_problems(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self(problems))
        }
    }

    /// Returns the problems, each as one sentence.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}
