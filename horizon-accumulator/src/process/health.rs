use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why this process cannot do all of its work, as its background tasks report it.
///
/// Each part of the process has one name, such as `store` or `clock`, and at most one problem at a time. A problem is
/// logged when it appears and when it is gone; `/readyz` answers 503 while there is one. Cloning is cheap; all clones
/// share one list.
///
/// ```
/// use horizon_accumulator::process::Health;
///
/// let health = Health::default();
/// health.fail("clock", "the clock is 7,200 s ahead of Redis");
/// assert_eq!(health.problems(), ["clock: the clock is 7,200 s ahead of Redis"]);
/// health.recover("clock");
/// assert!(health.problems().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<BTreeMap<&'static str, String>>>);

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

    /// Returns all problems, each as `part: problem`, sorted by part.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let parts = self.parts();
        parts
            .iter()
            .map(|(part, problem)| format!("{part}: {problem}"))
            .collect()
    }

    fn parts(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
/// use horizon_accumulator::process::{Health, Ready, Store, StoreUrl};
///
/// let health = Health::default();
/// let ready = Ready::new(Store::open(&StoreUrl::Memory)?, health.clone());
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
