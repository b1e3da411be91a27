//! Who owns a like or a comment: a random id in a signed cookie.

use axum_extra::extract::{
    SignedCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use horizon_core::ReaderId;
use http::HeaderMap;

/// What the signing key is derived for.
pub(crate) const COOKIE_KEY: &str = "EventHorizon 2026 reader cookie";

/// The cookie's name.
const NAME: &str = "horizon_reader";

/// How long a reader is remembered: one year, in seconds.
const REMEMBERED: i64 = 365 * 24 * 3600;

/// The reader of a signed cookie. One that was tampered with is as good as none.
pub(crate) fn of(headers: &HeaderMap, key: &Key) -> Option<ReaderId> {
    SignedCookieJar::from_headers(headers, key.clone())
        .get(NAME)?
        .value()
        .parse()
        .ok()
}
