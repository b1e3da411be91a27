use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use horizon_core::panic_message;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

/// The problems of this process, as its background tasks report them. Clones share their state.
///
/// Each part of the process, such as `store` or `clock`, has at most one problem. A problem is logged when it appears
/// and when it ends; meanwhile `/readyz` returns 503.
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
pub struct Health(Arc<HealthInner>);

#[derive(Default)]
struct HealthInner {
    parts: Mutex<BTreeMap<&'static str, String>>,
    /// The first panic of a background task.
    panic: watch::Sender<Option<String>>,
}

impl Health {
    /// Sets the problem of a part and logs it if it is new.
    pub fn fail(&self, part: &'static str, problem: impl Into<String>) {
        let problem = problem.into();
        let before = self.parts().insert(part, problem.clone());
        if before.as_ref() != Some(&problem) {
            tracing::error!(part, "{problem}");
        }
    }

    /// Clears the problem of a part.
    pub fn recover(&self, part: &'static str) {
        let problem = self.parts().remove(part);
        if let Some(problem) = problem {
            tracing::info!(part, problem, "the problem is over");
        }
    }

    /// Sets or clears the problem of a part.
    pub fn update(&self, part: &'static str, problem: Option<String>) {
        match problem {
            Some(problem) => self.fail(part, problem),
            None => self.recover(part),
        }
    }

    /// Returns whether this part has a problem.
    #[cfg(feature = "redis")]
    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts().contains_key(part)
    }

    /// Returns all problems as `part: problem`: first a panic, then the parts in alphabetical order.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let panic = self.first_panic().map(|sentence| format!("tasks: {sentence}"));
        let parts = self.parts();
        let parts = parts.iter().map(|(part, problem)| format!("{part}: {problem}"));
        panic.into_iter().chain(parts).collect()
    }

    /// Runs a background task. Returns `None` if it panics, which is a problem until the process ends.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use horizon_backend::Health;
    ///
    /// let health = Health::default();
    /// tokio::spawn(health.supervise("sums", async { assert_eq!(1 + 1, 3, "wrong sum") }));
    /// let sentence = health.wait_for_panic().await;
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

    /// Reports the panic of a task that [`supervise`](Self::supervise) does not run.
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

    /// Makes the background tasks of connections with this configuration report their panics here.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_panic_reports(&self, redis: &horizon_redis::RedisConfig) -> horizon_redis::RedisConfig {
        let health = self.clone();
        let report = move |task: &str, message: &str| health.report_panic(task, message);
        redis.clone().on_task_panic(report)
    }

    /// Returns the first panic of a background task.
    #[must_use]
    pub fn first_panic(&self) -> Option<String> {
        self.0.panic.borrow().clone()
    }

    /// Waits for the first panic of a background task and returns it. A program should end then, so that its supervisor
    /// restarts it.
    pub async fn wait_for_panic(&self) -> String {
        let mut panic = self.0.panic.subscribe();
        match panic.wait_for(Option::is_some).await.map(|sentence| sentence.clone()) {
            Ok(Some(sentence)) => sentence,
            // Unreachable: `self` holds the sender.
            _ => std::future::pending().await,
        }
    }

    pub(crate) fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.parts.lock()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.problems()).finish()
    }
}

/// The problems of a process that is not ready.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ReadinessError(pub(crate) Vec<String>);

impl ReadinessError {
    /// Returns the problems, each as one sentence.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}
