//! The conformance suites: each promise of a port as a check that an adapter can fail.
//!
//! A check is an async function that answers [`Violation`] when the promise is not kept. An adapter
//! proves itself with one line a port, or one for a whole store
//! ([`store_suite!`](crate::store_suite)), which becomes one `#[tokio::test]` per check:
//!
//! ```
//! use std::time::Duration;
//! use horizon_core::testing::PresenceHarness;
//! use horizon_memory::MemoryPresence; // yours
//!
//! async fn make() -> PresenceHarness {
//!     let grace = Duration::from_secs(3);
//!     PresenceHarness { presence: Box::new(MemoryPresence::new(grace)), grace }
//! }
//! horizon_core::presence_suite!(make); // in tokio's paused time: `(make, start_paused = true)`
//! ```
//!
//! Each check is a function too, to be called by hand:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use horizon_core::testing::{Store, checks::stats, run_check};
//!
//! let mut harness: Arc<dyn Store> = Arc::new(horizon_memory::MemoryStats::new());
//! run_check(stats::likes_are_a_set(&mut harness)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each suite wants a module of its own, because checks of two ports may have the same name. The
//! adapter's crate needs tokio with `macros`, `rt` and `time`, and async-trait for a harness of its own.
//! `presence_suite!(each: other)` hands the names of the checks to the macro `other`.
//!
//! What no suite can see is for the adapter's own tests:
//!
//! - An error of the backend in the middle of a batch takes back all of it.
//! - What was answered with Ok outlives a power cut, as far as the adapter promises.
//! - What was erased is gone from the disk too.

mod bus;
mod comment_fixture;
mod comments;
mod event_factory;
mod file_store_harness;
mod paging;
mod presence;
mod reference_model;
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

/// How long a check may take before what it waits for counts as missing.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a check listens before it believes that nothing comes.
const SILENCE: Duration = Duration::from_millis(100);

/// A promise that an adapter does not keep, in words.
///
/// ```
/// use horizon_core::{Error, testing::Violation};
///
/// assert_eq!(Violation::new("it counts twice").to_string(), "it counts twice");
/// let failed = Violation::from(Error::unavailable("no disk"));
/// assert!(failed.to_string().starts_with("the port failed"));
/// ```
pub struct Violation(String);

impl Violation {
    /// What is broken, as a sentence.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
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

/// Runs a check, at most 30 seconds long.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::testing::{Violation, run_check};
///
/// let check = async { if 1 + 1 == 2 { Ok(()) } else { Err(Violation::new("it cannot add")) } };
/// assert!(run_check(check).await.is_ok());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What the check finds, or that it found no end.
pub async fn run_check(check: impl Future<Output = Result<(), Violation>>) -> Result<(), Violation> {
    timeout(CHECK_TIMEOUT, check)
        .await
        .unwrap_or_else(|_| Err(Violation::new("what the check waits for never came")))
}

/// Fails with `what` unless the two are the same. They stand one under the other, to be compared by eye.
fn expect_eq<T: PartialEq + fmt::Debug>(what: &str, got: &T, want: &T) -> Result<(), Violation> {
    if got == want {
        return Ok(());
    }
    Err(Violation::new(format!("{what}\n   got {got:?}\nwanted {want:?}")))
}

/// One `#[tokio::test]` per check.
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

/// Proves a store with the suites of its three ports, each in a module of its own: `stats`, `comments`
/// and `salts`. `make` is the name of an async function beside it that answers a fresh
/// [`StoreHarness`](crate::testing::StoreRig).
///
/// ```
/// use std::sync::Arc;
/// use horizon_core::testing::Store;
/// use horizon_memory::MemoryStats; // yours
///
/// async fn make() -> Arc<dyn Store> {
///     Arc::new(MemoryStats::new())
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
    fn what_differs_stands_one_under_the_other() {
        let broken = expect_eq("the likes", &[1, 2], &[1, 3]).unwrap_err();
        assert_eq!(broken.to_string(), "the likes\n   got [1, 2]\nwanted [1, 3]");
    }
}
