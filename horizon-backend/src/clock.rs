use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::Timestamp;

/// Returns the system time. A time before 1970 is returned as 1970.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
