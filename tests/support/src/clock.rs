//! Processes whose wall clock is wrong.

/// The library that changes the time of a process (Debian: `faketime`). The dynamic loader replaces `$LIB`.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// What the dynamic loader writes to standard error when the library is missing.
pub(crate) const MISSING_LIBRARY: &str = "cannot be preloaded";

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
