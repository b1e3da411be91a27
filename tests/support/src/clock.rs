//! Processes whose wall clock is wrong.

use std::time::SystemTime;

use horizon_core::Timestamp;

/// The library that changes the time of a process (Debian: `faketime`). The dynamic loader replaces `$LIB`.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// What the dynamic loader writes to standard error when the library is missing.
pub(crate) const MISSING_LIBRARY: &str = "cannot be preloaded";

/// Returns environment variables with which a process starts at this time, and then lets the time pass.
///
/// # Errors
/// The clock of this machine is before 1970.
pub fn starting_at(now: Timestamp) -> anyhow::Result<[(&'static str, String); 3]> {
    let real = SystemTime::UNIX_EPOCH.elapsed()?;
    let offset = now.as_millis() / 1_000 - i64::try_from(real.as_secs())?;
    Ok(shifted_by(&format!("{offset:+}")).map(|(name, value)| (name, value.to_owned())))
}

/// Returns environment variables that shift the wall clock of a process by `offset`, such as `+2h` or `-31d`.
/// The monotonic clock stays right.
#[must_use]
pub fn shifted_by(offset: &str) -> [(&'static str, &str); 3] {
    [
        ("LD_PRELOAD", LIBRARY),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("FAKETIME", offset),
    ]
}
