use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::Timestamp;

/// The time of day, by the machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
