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
///
/// The fraction of the millisecond leads the id's random bits (RFC 9562 §6.2, method 3), so that of a
/// like and its being taken back within one millisecond the later stamp is the later word.
pub(crate) fn stamp() -> Result<Stamp> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    let fraction = u64::from(since.subsec_nanos() % 1_000_000) * 4_096 / 1_000_000;
    let mut bytes: [u8; 10] = random()?;
    let (leading, _) = bytes.split_at_mut(2);
    leading.copy_from_slice(&u16::try_from(fraction).unwrap_or(u16::MAX).to_be_bytes());
    Ok(Stamp::new(at, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_stamp_is_greater_also_within_a_millisecond() {
        for _ in 0..1_000 {
            let first = stamp().unwrap();
            std::thread::sleep(std::time::Duration::from_micros(1));
            assert!(stamp().unwrap() > first);
        }
    }
}
