//! Admin sessions: signed cookies with an expiry time.

use axum::http::HeaderMap;
use axum_extra::extract::{
    SignedCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use horizon_backend::SecretString;
use horizon_core::Timestamp;

/// The lifetime of a session: 12 hours.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

const COOKIE_NAME: &str = "horizon_admin";

/// Checks the admin token and signs session cookies.
pub(crate) struct Sessions {
    token: blake3::Hash,
    key: Key,
    secure: bool,
}

impl Sessions {
    /// Derives the key from `secret` and the token, so that a new token ends all sessions.
    pub(crate) fn new(token: &SecretString, secret: &[u8; 32], secure: bool) -> Self {
        let mut key = [0; 64];
        blake3::Hasher::new_derive_key("EventHorizon 2026 admin session")
            .update(secret)
            .update(token.0.as_bytes())
            .finalize_xof()
            .fill(&mut key);
        Self {
            token: blake3::hash(token.0.as_bytes()),
            key: Key::from(&key),
            secure,
        }
    }

    /// Returns whether `text` is the token, in constant time.
    pub(crate) fn is_token(&self, text: &str) -> bool {
        blake3::hash(text.as_bytes()) == self.token
    }

    /// Returns whether the request has a session that is valid at `now`.
    pub(crate) fn is_valid(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        let cookie = self.jar(headers).get(COOKIE_NAME);
        let expires = cookie.and_then(|cookie| cookie.value().parse().ok());
        expires.is_some_and(|expires| now < Timestamp::from_millis(expires))
    }

    /// Returns the cookie of a session that starts at `now`.
    pub(crate) fn start(&self, headers: &HeaderMap, now: Timestamp) -> SignedCookieJar {
        let expires = now.plus(LIFETIME).as_millis().to_string();
        self.jar(headers).add(self.cookie(expires))
    }

    /// Returns the removal of the cookie.
    pub(crate) fn end(&self, headers: &HeaderMap) -> SignedCookieJar {
        self.jar(headers).remove(self.cookie(String::new()))
    }

    fn cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build((COOKIE_NAME, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Strict)
            .build()
    }

    fn jar(&self, headers: &HeaderMap) -> SignedCookieJar {
        SignedCookieJar::from_headers(headers, self.key.clone())
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        http::{HeaderValue, header},
        response::IntoResponse,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn sessions(token: &str) -> Sessions {
        Sessions::new(&SecretString(token.into()), &[7; 32], false)
    }

    fn signed_in(sessions: &Sessions) -> HeaderMap {
        let response = sessions.start(&HeaderMap::new(), NOW).into_response();
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let pair = cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).unwrap())])
    }

    #[test]
    fn a_session_is_valid_for_its_lifetime() {
        let sessions = sessions("correct horse");
        let headers = signed_in(&sessions);
        assert!(sessions.is_valid(&headers, NOW));
        assert!(!sessions.is_valid(&headers, NOW.plus(LIFETIME)));
        assert!(!sessions.is_valid(&HeaderMap::new(), NOW));
    }

    #[test]
    fn a_new_token_ends_the_sessions_of_the_old_one() {
        let headers = signed_in(&sessions("correct horse"));
        assert!(!sessions("battery staple").is_valid(&headers, NOW));
    }

    #[test]
    fn a_forged_cookie_is_rejected() {
        let far = NOW.plus(LIFETIME).as_millis();
        let forged = HeaderValue::from_str(&format!("horizon_admin={far}")).unwrap();
        assert!(!sessions("correct horse").is_valid(&HeaderMap::from_iter([(header::COOKIE, forged)]), NOW));
    }

    #[test]
    fn only_the_token_is_accepted() {
        assert!(sessions("correct horse").is_token("correct horse"));
        assert!(!sessions("correct horse").is_token("correct hors"));
    }
}
