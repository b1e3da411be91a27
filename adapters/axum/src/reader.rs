//! Who owns a like or a comment: a random id in a signed cookie.

use axum_extra::extract::{
    SignedCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use horizon_core::{EventId, ReaderId, Result, Topic};
use http::HeaderMap;

use crate::{Horizon, Secret, dice};

/// The cookie's name.
const NAME: &str = "horizon_reader";

/// How long a reader is remembered: one year.
const REMEMBERED: time::Duration = time::Duration::days(365);

/// What the keys are derived for.
const COOKIE_KEY: &str = "EventHorizon 2026 reader cookie";
const READER_KEY: &str = "EventHorizon 2026 reader of a repeated request";

/// Knows readers by their cookies and makes new ones.
pub(crate) struct Readers {
    cookies: Key,
    repeats: [u8; 32],
    secure: bool,
}

impl Readers {
    pub(crate) fn new(secret: &Secret, secure: bool) -> Self {
        Self {
            cookies: Key::from(&secret.key::<64>(COOKIE_KEY)),
            repeats: secret.key(READER_KEY),
            secure,
        }
    }

    fn cookie(&self, reader: ReaderId) -> Cookie<'static> {
        Cookie::build((NAME, reader.to_string()))
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.secure)
            .path("/")
            .max_age(REMEMBERED)
            .build()
    }

    /// The reader of a request that is told apart by a key only its sender knows: whoever sends it
    /// again because the answer was lost is the same reader, not a second one.
    fn of_repeat(&self, key: EventId, topic: &Topic) -> ReaderId {
        let mut hasher = blake3::Hasher::new_keyed(&self.repeats);
        hasher.update(&key.as_u128().to_be_bytes());
        hasher.update(topic.to_string().as_bytes());
        let mut bits = [0; 16];
        hasher.finalize_xof().fill(&mut bits);
        ReaderId::from_u128(u128::from_be_bytes(bits))
    }
}

impl Horizon {
    /// The cookies of a request.
    pub(crate) fn jar(&self, headers: &HeaderMap) -> SignedCookieJar {
        SignedCookieJar::from_headers(headers, self.0.readers.cookies.clone())
    }

    /// The reader of a signed cookie. One that was tampered with is as good as none.
    pub(crate) fn reader(&self, headers: &HeaderMap) -> Option<ReaderId> {
        self.jar(headers).get(NAME)?.value().parse().ok()
    }

    /// A reader who comes for the first time, and the cookie that they are known by from now on.
    pub(crate) fn new_reader(
        &self,
        jar: SignedCookieJar,
        key: Option<EventId>,
        topic: &Topic,
    ) -> Result<(SignedCookieJar, ReaderId)> {
        let readers = &self.0.readers;
        let reader = match key {
            Some(key) => readers.of_repeat(key, topic),
            None => ReaderId::from_u128(u128::from_be_bytes(dice::random()?)),
        };
        Ok((jar.add(readers.cookie(reader)), reader))
    }
}
