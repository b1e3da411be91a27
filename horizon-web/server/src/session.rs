//! Admin sessions: signed cookies with an expiry time.

use std::time::Duration;

use axum::http::HeaderMap;
use cookie::{Cookie, CookieJar, Key, SameSite};
use eventhorizon::{HOST_COOKIE_PREFIX, cookie_values};
use horizon_backend::{LoginKey, SecretString};
use horizon_core::{Result, Timestamp};

/// The lifetime of a session: 12 hours.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// The start of the cookie's name. Eight hexadecimal digits follow, so that the blogs on one host do not sign each
/// other's author out.
const COOKIE_NAME_START: &str = "horizon-admin-";

/// Checks the admin token and signs session cookies.
pub(crate) struct Sessions {
    token: blake3::Hash,
    /// Derived from the secret of the site and the token, so that a new token ends all sessions.
    secret: [u8; 32],
    /// Replaced when a session ends, so that its cookie is invalid on every node.
    login_key: LoginKey,
    cookie_name: String,
    secure: bool,
}

impl Sessions {
    pub(crate) fn new(token: &SecretString, secret: &[u8; 32], login_key: LoginKey, secure: bool) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("EventHorizon 2026 admin session");
        hasher.update(secret).update(token.0.as_bytes());
        Self {
            token: blake3::hash(token.0.as_bytes()),
            secret: *hasher.finalize().as_bytes(),
            login_key,
            cookie_name: cookie_name(secret, secure),
            secure,
        }
    }

    /// Returns whether `text` is the token, in constant time.
    pub(crate) fn is_token(&self, text: &str) -> bool {
        blake3::hash(text.as_bytes()) == self.token
    }

    /// Returns whether the request has the cookie of a session, valid or not.
    pub(crate) fn has_cookie(&self, headers: &HeaderMap) -> bool {
        cookie_values(headers, &self.cookie_name).next().is_some()
    }

    /// Returns whether the request has a session that is valid at `now`.
    ///
    /// # Errors
    /// The store does not respond.
    pub(crate) async fn is_valid(&self, headers: &HeaderMap, now: Timestamp) -> Result<bool> {
        if !self.has_cookie(headers) {
            return Ok(false);
        }
        let key = self.key().await?;
        let mut expires = cookie_values(headers, &self.cookie_name).filter_map(|value| {
            let verified = CookieJar::new()
                .signed(&key)
                .verify(Cookie::new("", value.into_owned()))?;
            verified.value().parse().ok().map(Timestamp::from_millis)
        });
        Ok(expires.any(|expires| now < expires))
    }

    /// Returns the `Set-Cookie` header of a session that starts at `now`.
    ///
    /// # Errors
    /// The store does not respond.
    pub(crate) async fn start(&self, now: Timestamp) -> Result<String> {
        let cookie = self.cookie(now.plus(LIFETIME).as_millis().to_string());
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.key().await?).add(cookie);
        Ok(jar.iter().map(|only| only.encoded().to_string()).collect())
    }

    /// Ends all sessions on all nodes, and returns the `Set-Cookie` header that removes the cookie.
    ///
    /// # Errors
    /// The store does not respond; the sessions may not have ended.
    pub(crate) async fn end_all(&self) -> Result<String> {
        self.login_key.replace().await?;
        let mut cookie = self.cookie(String::new());
        cookie.make_removal();
        Ok(cookie.encoded().to_string())
    }

    fn cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build((self.cookie_name.clone(), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Strict)
            .build()
    }

    async fn key(&self) -> Result<Key> {
        let mut key = [0; 64];
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher
            .update(&self.login_key.read().await?)
            .finalize_xof()
            .fill(&mut key);
        Ok(Key::from(&key))
    }
}

fn cookie_name(secret: &[u8; 32], secure: bool) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("EventHorizon 2026 name of the admin cookie");
    let digits = &hasher.update(secret).finalize().to_hex()[..8];
    let prefix = if secure { HOST_COOKIE_PREFIX } else { "" };
    format!("{prefix}{COOKIE_NAME_START}{digits}")
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use horizon_backend::{StoreHandle, StoreUrl};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn sessions(token: &str, store: &StoreUrl, secure: bool) -> Sessions {
        Sessions::new(
            &SecretString(token.into()),
            &[7; 32],
            LoginKey::open(&StoreHandle::open(store).unwrap()).unwrap(),
            secure,
        )
    }

    async fn signed_in(sessions: &Sessions) -> HeaderMap {
        let cookie = sessions.start(NOW).await.unwrap();
        let pair = cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).unwrap())])
    }

    async fn is_valid(sessions: &Sessions, headers: &HeaderMap) -> bool {
        sessions.is_valid(headers, NOW).await.unwrap()
    }

    #[tokio::test]
    async fn a_session_is_valid_for_its_lifetime() {
        let sessions = sessions("correct horse", &StoreUrl::Memory, false);
        let headers = signed_in(&sessions).await;
        assert!(is_valid(&sessions, &headers).await);
        assert!(!sessions.is_valid(&headers, NOW.plus(LIFETIME)).await.unwrap());
        assert!(!is_valid(&sessions, &HeaderMap::new()).await);
    }

    #[tokio::test]
    async fn signing_out_ends_the_sessions_of_all_nodes_and_later_processes() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let [one, other] = [(); 2].map(|()| sessions("correct horse", &store, true));
        let headers = signed_in(&one).await;
        assert!(is_valid(&other, &headers).await);
        let removal = one.end_all().await.unwrap();
        let start = format!(
            "{}=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0;",
            one.cookie_name
        );
        assert!(removal.starts_with(&start), "{removal}");
        assert!(!is_valid(&one, &headers).await && !is_valid(&other, &headers).await);
        let later = sessions("correct horse", &store, true);
        assert!(!is_valid(&later, &headers).await);
        assert!(is_valid(&other, &signed_in(&later).await).await);
    }

    #[tokio::test]
    async fn a_new_token_ends_the_sessions_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let headers = signed_in(&sessions("correct horse", &store, false)).await;
        assert!(!is_valid(&sessions("battery staple", &store, false), &headers).await);
    }

    #[tokio::test]
    async fn over_https_the_cookie_belongs_to_this_host() {
        for (secure, prefix) in [(true, "__Host-horizon-admin-"), (false, "horizon-admin-")] {
            let sessions = sessions("correct horse", &StoreUrl::Memory, secure);
            let cookie = sessions.start(NOW).await.unwrap();
            assert!(cookie.starts_with(prefix) && cookie.contains("Path=/"), "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
            assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        }
    }

    #[tokio::test]
    async fn a_forged_cookie_is_rejected() {
        let far = NOW.plus(LIFETIME).as_millis();
        let sessions = sessions("correct horse", &StoreUrl::Memory, false);
        let forged = HeaderValue::from_str(&format!("{}={far}", sessions.cookie_name)).unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, forged)]);
        assert!(!is_valid(&sessions, &headers).await);
    }

    #[tokio::test]
    async fn other_cookies_of_the_host_do_not_end_a_session() {
        let sessions = sessions("correct horse", &StoreUrl::Memory, false);
        let headers = signed_in(&sessions).await;
        let session = headers[header::COOKIE].to_str().unwrap();
        let name = &sessions.cookie_name;
        for line in [
            format!("city=Zürich; {session}"),
            format!("{session}; \u{fc}"),
            format!("{name}=forged; {session}"),
        ] {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            assert!(is_valid(&sessions, &HeaderMap::from_iter([(header::COOKIE, line)])).await);
        }
        assert_ne!(*name, cookie_name(&[8; 32], false), "each blog has its own");
    }

    #[tokio::test]
    async fn only_the_token_is_accepted() {
        let sessions = sessions("correct horse", &StoreUrl::Memory, false);
        assert!(sessions.is_token("correct horse"));
        assert!(!sessions.is_token("correct hors"));
    }
}
