use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::Timestamp;

/// The time of day, by the machine's clock, in milliseconds. A clock that stands before 1970 says 1970.
///
/// ```
/// let start = horizon_core::Timestamp::from_millis(1_700_000_000_000); // November 2023
/// assert!(horizon_backend::now() > start);
/// ```
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
