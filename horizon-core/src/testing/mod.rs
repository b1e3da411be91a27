//! The conformance suites: one check for each promise of a port.
//!
//! A check is an async function that returns a [`Violation`] if the adapter breaks the promise. One macro call per
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
mod paging;
mod presence;
mod reference_model;
mod retention;
mod salts;
mod stats;
mod store;

use std::{fmt, future::Future, time::Duration};

use tokio::time::timeout;

/// The checks of each suite.
pub mod checks {
    pub use super::bus::checks as bus;
    pub use super::comments::checks as comments;
    pub use super::presence::checks as presence;
    pub use super::salts::checks as salts;
    pub use super::stats::checks as stats;
}

pub use bus::BusHarness;
pub use file_store_harness::FileStoreHarness;
pub use presence::PresenceHarness;
pub use store::{Store, StoreHarness};

use crate::Error;

/// How long a check may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a check waits before it concludes that nothing arrives.
const SILENCE: Duration = Duration::from_millis(100);

/// A promise that an adapter breaks, as a sentence.
pub struct Violation(String);

impl Violation {
    /// Returns a violation with this description.
    pub fn new(description: impl Into<String>) -> Self {
        Self(description.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        Self(format!("the port failed: {error:?}"))
    }
}

/// Runs a check for at most 30 seconds.
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
pub async fn run_check(check: impl Future<Output = Result<(), Violation>>) -> Result<(), Violation> {
    timeout(CHECK_TIMEOUT, check)
        .await
        .unwrap_or_else(|_| Err(Violation::new("the check timed out")))
}

/// Returns a violation with both values, one below the other, unless they are equal.
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

/// Generates the tests of all three ports of a store, in the modules `stats`, `comments` and `salts`.
///
/// `make` is the name of an async function in the current module that returns a new
/// [`StoreHarness`](crate::testing::StoreHarness).
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
        let violation = expect_eq("the likes", &[1, 2], &[1, 3]).unwrap_err();
        assert_eq!(violation.to_string(), "the likes\n   got [1, 2]\nwanted [1, 3]");
    }
}
