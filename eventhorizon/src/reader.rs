//! Readers: who owns a like or a comment, by the application's name for them or a signed cookie.

use cookie::{Cookie, CookieJar, Key, SameSite, time::Duration};
use horizon_backend::random_bytes;
use horizon_core::{EventId, ReaderId, Result, Topic};
use http::{HeaderMap, header};

use crate::{Caller, Config, Horizon, Identity, Secret};

const COOKIE_NAME: &str = "horizon_reader";

/// The lifetime of the cookie: one year.
const MAX_AGE: Duration = Duration::days(365);

/// The purposes of the derived keys.
const COOKIE_KEY: &str = "EventHorizon 2026 reader cookie";
const IDEMPOTENCY_KEY: &str = "EventHorizon 2026 reader of a repeated request";
const NAME_KEY: &str = "EventHorizon 2026 reader with a name";

/// Derives reader ids, and reads and writes their cookies.
pub(crate) struct Readers {
    cookie_key: Key,
    idempotency_key: [u8; 32],
    name_key: [u8; 32],
    secure: bool,
    /// Whether the cookie is sent from pages of other sites.
    allow_cross_site: bool,
}

/// A reader, and the `Set-Cookie` header for a new one.
pub(crate) struct IdentifiedReader {
    pub(crate) reader: ReaderId,
    pub(crate) set_cookie: Option<String>,
}

impl Readers {
    pub(crate) fn new(secret: &Secret, config: &Config) -> Self {
        Self {
            cookie_key: Key::from(&secret.key::<64>(COOKIE_KEY)),
            idempotency_key: secret.key(IDEMPOTENCY_KEY),
            name_key: secret.key(NAME_KEY),
            secure: config.secure_cookies,
            allow_cross_site: !config.origins.is_empty(),
        }
    }

    /// Returns the reader of the cookie, if its signature is valid.
    fn reader_of_cookie(&self, headers: &HeaderMap) -> Option<ReaderId> {
        let lines = headers.get_all(header::COOKIE).iter();
        let cookies = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| Cookie::split_parse_encoded(line.to_owned()));
        let mut jar = CookieJar::new();
        for cookie in cookies.flatten().filter(|cookie| cookie.name() == COOKIE_NAME) {
            jar.add_original(cookie);
        }
        jar.signed(&self.cookie_key).get(COOKIE_NAME)?.value().parse().ok()
    }

    fn set_cookie(&self, reader: ReaderId) -> Option<String> {
        let cookie = Cookie::build((COOKIE_NAME, reader.to_string()))
            .http_only(true)
            .same_site(if self.allow_cross_site {
                SameSite::None
            } else {
                SameSite::Lax
            })
            .partitioned(self.allow_cross_site)
            .secure(self.secure)
            .path("/")
            .max_age(MAX_AGE)
            .build();
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.cookie_key).add(cookie);
        jar.get(COOKIE_NAME).map(|signed| signed.encoded().to_string())
    }

    /// Returns the reader for an idempotency key, so that a retry is the same reader.
    fn reader_of_key(&self, key: EventId, topic: &Topic) -> ReaderId {
        hash(
            &self.idempotency_key,
            &key.as_u128().to_be_bytes(),
            topic.to_string().as_bytes(),
        )
    }

    fn reader_of_name(&self, name: &str) -> ReaderId {
        hash(&self.name_key, &[], name.as_bytes())
    }
}

/// The first part has a fixed length for each key, so that no two pairs collide.
fn hash(key: &[u8; 32], first: &[u8], second: &[u8]) -> ReaderId {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(first).update(second);
    let mut bits = [0; 16];
    hasher.finalize_xof().fill(&mut bits);
    ReaderId::from_u128(u128::from_be_bytes(bits))
}

impl Horizon {
    /// Returns the id that owns the caller's likes and comments: from the name of a [`Named`](Identity::Named) caller,
    /// otherwise from the signed cookie. Returns `None` for a caller who never liked or commented.
    #[must_use]
    pub fn reader(&self, caller: &Caller) -> Option<ReaderId> {
        let readers = &self.0.readers;
        match self.0.rules.identify.identify(caller) {
            Identity::Named(name) => Some(readers.reader_of_name(&name)),
            _ => readers.reader_of_cookie(caller.headers()),
        }
    }

    /// Returns whether the application names the caller.
    pub(crate) fn is_named(&self, caller: &Caller) -> bool {
        matches!(self.0.rules.identify.identify(caller), Identity::Named(_))
    }

    /// Returns the caller's id, or a new one.
    pub(crate) fn reader_or_new(
        &self,
        caller: &Caller,
        key: Option<EventId>,
        topic: &Topic,
    ) -> Result<IdentifiedReader> {
        let readers = &self.0.readers;
        if let Some(reader) = self.reader(caller) {
            return Ok(IdentifiedReader {
                reader,
                set_cookie: None,
            });
        }
        let reader = match key {
            Some(key) => readers.reader_of_key(key, topic),
            None => ReaderId::from_u128(u128::from_be_bytes(random_bytes()?)),
        };
        Ok(IdentifiedReader {
            reader,
            set_cookie: readers.set_cookie(reader),
        })
    }
}
