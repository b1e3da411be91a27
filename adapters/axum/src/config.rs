use std::{fmt, num::NonZeroU32};

use ipnet::IpNet;

/// The shortest text that [`Secret::new`] takes, in bytes.
const SHORTEST_SECRET: usize = 32;

/// How the router behaves. [`Config::new`] gives the defaults; change what you like.
#[derive(Clone, Debug)]
pub struct Config {
    /// Signs the cookie of a reader. Whoever changes it makes all readers strangers.
    pub secret: Secret,
    /// The name of the site. It is hashed into visitor keys, so that two sites with one store share no visitor.
    pub site: String,
    /// Proxies whose `X-Forwarded-For` is believed. Without any, the peer's own address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// When a comment shows.
    pub moderation: Moderation,
    /// What `Sec-GPC: 1` and `DNT: 1` do.
    pub signals: Signals,
    /// Whether the reader's cookie is for HTTPS alone. Set it wherever the site is served over HTTPS.
    pub secure_cookies: bool,
    /// How much one network may ask for.
    pub rates: Rates,
}

impl Config {
    /// The defaults: no trusted proxy, comments show at once, privacy signals are respected, cookies
    /// also over plain HTTP.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            site: "site".into(),
            trusted_proxies: Vec::new(),
            moderation: Moderation::default(),
            signals: Signals::default(),
            secure_cookies: false,
            rates: Rates::default(),
        }
    }
}

/// When a comment shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moderation {
    /// At once; the author may take it down after.
    #[default]
    After,
    /// Once the author has let it through.
    First,
}

/// What a reader's privacy signal (`Sec-GPC: 1` or `DNT: 1`) does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signals {
    /// The reader counts, without a key by which they could be known again.
    #[default]
    Count,
    /// Nothing.
    Ignore,
    /// The reader counts neither as a viewer nor as a visit.
    Drop,
}

/// How much one network (an IPv4 address, an IPv6 /64) may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Comments posted.
    pub comments: Rate,
    /// Likes given or taken back.
    pub likes: Rate,
    /// Live streams opened.
    pub lives: Rate,
}

/// So many a minute, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many a minute, in the long run.
    pub per_minute: NonZeroU32,
    /// How many at once, after a pause.
    pub burst: NonZeroU32,
}

impl Rate {
    /// A rate; zero is taken as one.
    #[must_use]
    pub const fn new(per_minute: u32, burst: u32) -> Self {
        Self {
            per_minute: at_least_one(per_minute),
            burst: at_least_one(burst),
        }
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            comments: Rate::new(5, 5),
            likes: Rate::new(60, 60),
            lives: Rate::new(600, 300),
        }
    }
}

/// What the router signs cookies with. It never shows in a log.
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
        if text.len() < SHORTEST_SECRET {
            return Err(SecretError { length: text.len() });
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
        crate::dice::random().map(Self)
    }

    /// A key for one use; those of other uses tell nothing about it.
    pub(crate) fn key<const N: usize>(&self, purpose: &str) -> [u8; N] {
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
