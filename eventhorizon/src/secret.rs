//! The secret of a site.

use std::fmt;

/// The shortest text that [`Secret::new`] accepts, in characters.
const MIN_CHARS: usize = 32;

/// The secret that signs cookies. `Debug` does not show it.
///
/// Changing it invalidates the cookies of all readers.
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

/// The text is too short for a [`Secret`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {MIN_CHARS} characters, this one has {length}")]
pub struct SecretError {
    length: usize,
}

impl Secret {
    /// Derives a secret from a random text of at least 32 characters.
    ///
    /// It is hashed (BLAKE3) but not stretched, so use an unpredictable text, such as the output of
    /// `openssl rand -base64 32`.
    ///
    /// # Errors
    /// The text is shorter.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let length = text.chars().count();
        if length < MIN_CHARS {
            return Err(SecretError { length });
        }
        Ok(Self(blake3::derive_key("EventHorizon 2026 secret", text.as_bytes())))
    }

    /// Creates a secret from 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Creates a random secret, which is lost at exit.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn random() -> horizon_core::Result<Self> {
        horizon_backend::random_bytes().map(Self)
    }

    /// Derives a key of `N` bytes for a purpose. Keys for other purposes reveal nothing about it.
    ///
    /// This is the `derive_key` mode of BLAKE3. A purpose should be a constant that no other program uses, such as the
    /// application, the year and the use. Those of EventHorizon start with `EventHorizon`.
    ///
    /// ```
    /// # use eventhorizon::Secret;
    /// let secret = Secret::new("a sentence of at least 32 characters").unwrap();
    /// let cookies: [u8; 64] = secret.key("shop.example.com 2026 session cookies");
    /// let links: [u8; 64] = secret.key("shop.example.com 2026 links in mails");
    /// assert_ne!(cookies, links);
    /// ```
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
    fn a_short_secret_is_rejected_and_no_secret_is_printed() {
        let error = Secret::new("short").unwrap_err().to_string();
        assert_eq!(error, "a secret has at least 32 characters, this one has 5");
        let secret = Secret::new(&"x".repeat(32)).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn each_use_of_the_secret_has_its_own_key() {
        let secret = Secret::from_bytes([7; 32]);
        assert_ne!(secret.key::<32>("one"), secret.key::<32>("two"));
        assert_eq!(secret.key::<32>("one"), secret.key::<32>("one"));
    }
}
