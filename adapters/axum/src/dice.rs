//! Randomness and the clock, which core leaves to its adapters.

use std::time::{SystemTime, UNIX_EPOCH};

use horizon_core::{Error, Result, Stamp, Timestamp};

/// Bytes nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::unavailable("the operating system has no randomness to give").with_source(cause))?;
    Ok(bytes)
}

/// The moment it is.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A stamp for something that happens now.
pub(crate) fn stamp() -> Result<Stamp> {
    Ok(Stamp::new(now(), random()?))
}
