//! The secret of a site: given, or made once and kept with the store.

use std::fmt;

use crate::dice;

/// The shortest text that [`Secret::new`] takes, in characters.
const SHORTEST_SECRET: usize = 32;

/// What cookies are signed with, and networks hashed under. It never shows in a log.
///
/// Whoever changes it makes all readers strangers.
///
/// ```
/// use eventhorizon::Secret;
///
/// assert!(Secret::new("short").is_err());
/// let secret = Secret::new("a sentence of at least 32 characters").unwrap();
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// ```
#[derive(Clone)]
pub struct Secret([u8; 32]);

/// Why a text is no [`Secret`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {SHORTEST_SECRET} characters, this one has {length}")]
pub struct SecretError {
    length: usize,
}

impl Secret {
    /// The secret that a random text of at least 32 characters stands for.
    ///
    /// # Errors
    /// The text is too short to be one.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let length = text.chars().count();
        if length < SHORTEST_SECRET {
            return Err(SecretError { length });
        }
        Ok(Self(blake3::derive_key("EventHorizon 2026 secret", text.as_bytes())))
    }

    /// A secret from 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A secret that is good until the process ends.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn random() -> horizon_core::Result<Self> {
        dice::random().map(Self)
    }

    /// A key for one use, which `purpose` names; those of other uses tell nothing about it.
    #[must_use]
    pub fn key<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mut key = [0; N];
        blake3::Hasher::new_derive_key(purpose)
            .update(&self.0)
            .finalize_xof()
            .fill(&mut key);
        key
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_is_refused_and_no_secret_is_ever_shown() {
        let error = Secret::new("short").unwrap_err().to_string();
        assert_eq!(error, "a secret has at least 32 characters, this one has 5");
        let secret = Secret::new(&"x".repeat(32)).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn keys_of_two_uses_have_nothing_in_common() {
        let secret = Secret::from_bytes([7; 32]);
        assert_ne!(secret.key::<32>("one"), secret.key::<32>("two"));
        assert_eq!(secret.key::<32>("one"), secret.key::<32>("one"));
    }
}
