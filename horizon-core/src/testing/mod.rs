//! The conformance suites: one check for each promise of a port.
//!
//! A check is an async function that returns a [`Violation`] if the adapter breaks the promise: what was expected, and
//! the lines of the check and of the test. One macro call per
//! port, or one for a store ([`store_suite!`](crate::store_suite)), generates one `#[tokio::test]` per check:
//!
//! ```
//! use std::time::Duration;
//! use horizon_core::testing::PresenceHarness;
//! use horizon_memory::MemoryPresence; // your adapter
//!
//! async fn make() -> PresenceHarness {
//!     let grace = Duration::from_secs(3);
//!     PresenceHarness { presence: Box::new(MemoryPresence::new(grace)), grace }
//! }
//! horizon_core::presence_suite!(make); // with tokio's paused clock: `(make, start_paused = true)`
//! ```
//!
//! Each suite needs its own module, because checks of two ports may have the same name. The adapter's crate needs tokio
//! with the features `macros`, `rt` and `time`. `presence_suite!(each: other)` passes the names of the checks to the
//! macro `other`.
//!
//! The suite of reports compares a store with [`ReportModel`], which keeps all events and computes each answer by brute
//! force, after events of [`RandomVisits`] and for queries of [`RandomQueries`].
//!
//! The suites cannot check the following; an adapter needs its own tests:
//!
//! - An error of the backend in the middle of a batch rolls back the whole batch.
//! - Acknowledged data survives a power failure, as far as the adapter documents.
//! - Erased data is removed from the disk.

mod bus;
mod comment_fixture;
mod comments;
mod custom_events;
mod event_factory;
mod file_store_harness;
mod last_seen;
mod paging;
mod presence;
mod reference_model;
mod reports;
mod retention;
mod salts;
mod stats;
mod store;

use std::{fmt, future::Future, panic::Location, time::Duration};

use tokio::time::timeout;

/// The checks of each suite.
pub mod checks {
    pub use super::bus::checks as bus;
    pub use super::comments::checks as comments;
    pub use super::last_seen::checks as last_seen;
    pub use super::presence::checks as presence;
    pub use super::reports::checks as reports;
    pub use super::salts::checks as salts;
    pub use super::stats::checks as stats;
}

pub use bus::BusHarness;
pub use file_store_harness::FileStoreHarness;
pub use presence::PresenceHarness;
pub use reports::{RandomQueries, RandomVisits, ReportAnswer, ReportModel};
pub use store::{Store, StoreHarness};

use crate::Error;

/// How long a check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a check waits before it concludes that nothing arrives.
const SILENCE: Duration = Duration::from_millis(100);

/// A promise that an adapter breaks, as a sentence, with the lines of the check and of the test.
pub struct Violation {
    description: String,
    /// The line of the check that found it.
    check: &'static Location<'static>,
    /// The line of the test that ran the check.
    test: Option<&'static Location<'static>>,
}

impl Violation {
    /// Returns a violation with this description, which the calling line found.
    #[track_caller]
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            check: Location::caller(),
            test: None,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            description,
            check,
            test,
        } = self;
        write!(f, "{description}\n check {}:{}", check.file(), check.line())?;
        match test {
            Some(test) => write!(f, "\n  test {}:{}", test.file(), test.line()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violation {}

impl From<Error> for Violation {
    #[track_caller]
    fn from(error: Error) -> Self {
        Self::new(format!("the port failed: {error:?}"))
    }
}

/// Returns the work of a helper whose violations have the line of the caller: `#[track_caller]` does not work for async
/// functions.
#[track_caller]
fn located<T>(work: impl Future<Output = Result<T, Violation>>) -> impl Future<Output = Result<T, Violation>> {
    let check = Location::caller();
    async move { work.await.map_err(|violation| Violation { check, ..violation }) }
}

/// Runs a check for at most a minute. A violation has the line of the caller.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_core::testing::{Store, checks::stats, run_check};
///
/// let mut harness: Arc<dyn Store> = Arc::new(horizon_memory::MemoryStore::new());
/// run_check(stats::likes_are_a_set(&mut harness)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns the violation that the check finds, or one if the check does not end in time.
#[track_caller]
pub fn run_check(check: impl Future<Output = Result<(), Violation>>) -> impl Future<Output = Result<(), Violation>> {
    let test = Some(Location::caller());
    async move {
        let checked = timeout(CHECK_TIMEOUT, check).await;
        let outcome = checked.unwrap_or_else(|_| Err(Violation::new("the check timed out")));
        outcome.map_err(|violation| Violation { test, ..violation })
    }
}

/// Returns a violation with both values, one below the other, unless they are equal.
#[track_caller]
fn expect_eq<T: PartialEq + fmt::Debug>(what: &str, got: &T, want: &T) -> Result<(), Violation> {
    if got == want {
        return Ok(());
    }
    Err(Violation::new(format!("{what}\n   got {got:?}\nwanted {want:?}")))
}

/// Generates one `#[tokio::test]` per check.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($suite:ident, $make:expr, $time:tt, $($check:ident)*) => {
        $(
            #[tokio::test $time]
            async fn $check() -> Result<(), $crate::testing::Violation> {
                let mut harness = $make().await;
                $crate::testing::run_check($crate::testing::checks::$suite::$check(&mut harness)).await
            }
        )*
    };
}

/// Generates the tests of all ports of a store, in the modules `stats`, `comments`, `salts`, and `last_seen` or
/// `reports`.
///
/// `make` is the name of an async function in the current module that returns a new
/// [`StoreHarness`](crate::testing::StoreHarness). For a store with [`Reports`](crate::reports::Reports) write
/// `horizon_core::store_suite!(make, reports);`.
///
/// ```
/// use std::sync::Arc;
/// use horizon_core::testing::Store;
/// use horizon_memory::MemoryStore; // your adapter
///
/// async fn make() -> Arc<dyn Store> {
///     Arc::new(MemoryStore::new())
/// }
/// horizon_core::store_suite!(make);
/// ```
#[macro_export]
macro_rules! store_suite {
    ($make:ident) => {
        mod last_seen {
            $crate::last_seen_suite!(super::$make);
        }
        $crate::store_suite!(@common $make);
    };
    ($make:ident, reports) => {
        mod reports {
            $crate::reports_suite!(super::$make);
        }
        $crate::store_suite!(@common $make);
    };
    (@common $make:ident) => {
        mod stats {
            $crate::stats_suite!(super::$make);
        }
        mod comments {
            $crate::comments_suite!(super::$make);
        }
        mod salts {
            $crate::salts_suite!(super::$make);
        }
    };
}

/// Defines the macro of one suite from the names of its checks. The first argument is a `$`.
///
/// Only listed checks are exported. The compiler reports any other as dead code, so none can be left out of its suite.
macro_rules! suite {
    ($d:tt $(#[$doc:meta])* $name:ident, $module:ident: $($check:ident)*) => {
        $(#[$doc])*
        #[macro_export]
        macro_rules! $name {
            (each: $d with:ident) => { $d with! { $module: $($check)* } };
            ($d make:expr $d(, $d ($d time:tt)+)?) => {
                $crate::conformance_tests! { $module, $d make, ($d($d($d time)+)?), $($check)* }
            };
        }

        /// The checks of this suite.
        pub mod checks {
            pub use super::{$($check),*};
        }
    };
}
use suite;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expect_eq_shows_both_values() {
        let violation = expect_eq("the likes", &[1, 2], &[1, 3]).unwrap_err().to_string();
        assert!(
            violation.starts_with("the likes\n   got [1, 2]\nwanted [1, 3]\n check "),
            "{violation}"
        );
    }
}
