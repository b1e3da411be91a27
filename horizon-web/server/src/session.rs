//! The author's session: a signed cookie that says until when it is good.

use axum::http::HeaderMap;
use axum_extra::extract::{
    SignedCookieJar,
    cookie::{Cookie, Key, SameSite},
};
use horizon_backend::SecretString;
use horizon_core::Timestamp;

/// How long the author stays signed in.
const SESSION: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

const NAME: &str = "horizon_admin";

/// Knows the token that opens `/admin`, and the cookies it handed out.
pub(crate) struct Sessions {
    token: blake3::Hash,
    key: Key,
    secure: bool,
}

impl Sessions {
    /// Sessions signed under `secret`. They end when the token changes, because it is part of the key.
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

    /// Whether `attempt` is the token. Takes as long for a near miss as for a far one.
    pub(crate) fn opens(&self, attempt: &str) -> bool {
        blake3::hash(attempt.as_bytes()) == self.token
    }

    /// Whether the request comes from a session that is still good at `now`.
    pub(crate) fn holds(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        let until = self
            .jar(headers)
            .get(NAME)
            .and_then(|cookie| cookie.value().parse().ok());
        until.is_some_and(|until| now < Timestamp::from_millis(until))
    }

    /// The cookie of a session that starts at `now`.
    pub(crate) fn start(&self, headers: &HeaderMap, now: Timestamp) -> SignedCookieJar {
        let until = now.plus(SESSION).as_millis().to_string();
        self.jar(headers).add(self.cookie(until))
    }

    /// Takes the cookie away.
    pub(crate) fn end(&self, headers: &HeaderMap) -> SignedCookieJar {
        self.jar(headers).remove(self.cookie(String::new()))
    }

    fn cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build((NAME, value))
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
    fn a_session_holds_for_half_a_day() {
        let sessions = sessions("correct horse");
        let headers = signed_in(&sessions);
        assert!(sessions.holds(&headers, NOW));
        assert!(!sessions.holds(&headers, NOW.plus(SESSION)));
        assert!(!sessions.holds(&HeaderMap::new(), NOW));
    }

    #[test]
    fn a_new_token_ends_the_sessions_of_the_old_one() {
        let headers = signed_in(&sessions("correct horse"));
        assert!(!sessions("battery staple").holds(&headers, NOW));
    }

    #[test]
    fn a_forged_cookie_opens_nothing() {
        let far = NOW.plus(SESSION).as_millis();
        let forged = HeaderValue::from_str(&format!("horizon_admin={far}")).unwrap();
        assert!(!sessions("correct horse").holds(&HeaderMap::from_iter([(header::COOKIE, forged)]), NOW));
    }

    #[test]
    fn only_the_token_opens() {
        assert!(sessions("correct horse").opens("correct horse"));
        assert!(!sessions("correct horse").opens("correct hors"));
    }
}
