//! The secret of a site: given, or made once and kept with the store.

use std::fmt;

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

/// Why a text is no [`Secret`]: it is too short.
///
/// ```
/// let error = eventhorizon::Secret::new("short").unwrap_err();
/// assert_eq!(error.to_string(), "a secret has at least 32 characters, this one has 5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret has at least {SHORTEST_SECRET} characters, this one has {length}")]
pub struct SecretError {
    length: usize,
}

impl Secret {
    /// The secret that a random text of at least 32 bytes of UTF-8 stands for.
    ///
    /// It is hashed (BLAKE3) and not stretched, so take a text that nobody can guess, such as what
    /// `openssl rand -base64 32` says.
    ///
    /// ```
    /// # use eventhorizon::Secret;
    /// let secret = |text| Secret::new(text).unwrap().key::<32>("test");
    /// assert_eq!(secret("a sentence of at least 32 characters"), secret("a sentence of at least 32 characters"));
    /// assert_ne!(secret("a sentence of at least 32 characters"), secret("another one with 32 characters or more"));
    /// ```
    ///
    /// # Errors
    /// The text is shorter.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let length = text.chars().count();
        if length < SHORTEST_SECRET {
            return Err(SecretError { length });
        }
        Ok(Self(blake3::derive_key("EventHorizon 2026 secret", text.as_bytes())))
    }

    /// A secret from 32 random bytes, taken as they are.
    ///
    /// ```
    /// # use eventhorizon::Secret;
    /// assert_eq!(Secret::from_bytes([7; 32]).key::<8>("test"), Secret::from_bytes([7; 32]).key::<8>("test"));
    /// ```
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A secret from the operating system's randomness. Unless you keep it, it is good until the process ends.
    ///
    /// ```
    /// # use eventhorizon::Secret;
    /// assert_ne!(Secret::random()?.key::<32>("test"), Secret::random()?.key::<32>("test"));
    /// # Ok::<(), horizon_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn random() -> horizon_core::Result<Self> {
        horizon_backend::random_bytes().map(Self)
    }

    /// A key of `N` bytes for one use, which `purpose` names; those of other uses tell nothing about it.
    ///
    /// This is the `derive_key` mode of BLAKE3. Its authors ask for a purpose that stands in the source and that no
    /// other program has: name the application, the year and the use. EventHorizon's own begin with `EventHorizon`.
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
