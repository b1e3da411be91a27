//! The reader's cookie next to those of other applications on the same host.

use std::collections::BTreeMap;

use horizon_core::wire::LikeView;
use http::header;

use crate::site::AxumSite;

/// The cookie of a reader as version 0.1 wrote it, with the secret of the test sites.
const OLD_COOKIE: (&str, &str) = (
    "horizon_reader",
    "YuKb0TnP04R7hNaUwdUo1LCZ39an8ZvKkkmmSvtudbc%3D000000000000000000000000000000aa",
);

/// The cookies of a browser for one host. Ports do not separate cookies (RFC 6265 §8.5).
#[derive(Default)]
struct CookieJar(BTreeMap<String, String>);

impl CookieJar {
    fn with(mut self, (name, value): (&str, &str)) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sends a request with the cookies, and keeps those that the response sets.
    async fn send(&mut self, site: &AxumSite, method: &str) -> LikeView {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = site
            .client()
            .with("cookie", &cookies.join("; "))
            .send(method, "/likes/hello", "")
            .await;
        for cookie in response.headers.get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = value.split(';').next().unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        response.read()
    }
}

const LIKED: LikeView = LikeView { liked: true, likes: 1 };
const NOT_LIKED: LikeView = LikeView { liked: false, likes: 0 };

#[tokio::test]
async fn two_sites_on_one_host_do_not_share_a_cookie() {
    let first = AxumSite::start().await;
    let others = [
        AxumSite::with_secret(8, |_, _| {}).await,
        AxumSite::with(|config, _| config.site = "shop".into()).await,
    ];
    for second in &others {
        let mut jar = CookieJar::default();
        for site in [&first, second, &first, second, &first] {
            assert_eq!(jar.send(site, "PUT").await, LIKED);
        }
        assert_eq!(jar.0.len(), 2, "{:?}", jar.0);
        for site in [&first, second] {
            assert_eq!(jar.send(site, "DELETE").await, NOT_LIKED);
        }
    }
}

#[tokio::test]
async fn a_reader_with_a_cookie_of_version_0_1_keeps_their_likes() {
    let (site, other) = (AxumSite::start().await, AxumSite::with_secret(8, |_, _| {}).await);
    let mut jar = CookieJar::default().with(OLD_COOKIE);
    assert_eq!(jar.send(&site, "PUT").await, LIKED);
    assert_eq!(jar.0.len(), 2, "the cookie is renewed under its new name");
    assert_eq!(jar.send(&other, "PUT").await, LIKED);
    let mut old_only = CookieJar::default().with(OLD_COOKIE);
    assert_eq!(old_only.send(&site, "GET").await, LIKED);
    assert_eq!(old_only.send(&site, "PUT").await, LIKED);
    jar.0.remove(OLD_COOKIE.0);
    assert_eq!(jar.send(&site, "DELETE").await, NOT_LIKED);
}

#[tokio::test]
async fn a_cookie_of_another_script_does_not_hide_the_readers() {
    let site = AxumSite::start().await;
    let mut jar = CookieJar::default()
        .with(("city", "Zürich"))
        .with(("z", "\"ü"))
        .with(("a b", ""));
    for _ in 0..3 {
        assert_eq!(jar.send(&site, "PUT").await, LIKED);
    }
    assert_eq!(jar.send(&site, "DELETE").await, NOT_LIKED);
}

#[tokio::test]
async fn a_secure_site_reads_the_cookie_from_before_it_was_secure() {
    let before = AxumSite::start().await;
    let after = AxumSite::with(|config, _| config.secure_cookies = true).await;
    let mut jar = CookieJar::default();
    assert_eq!(jar.send(&before, "PUT").await, LIKED);
    let before = jar.0.clone();
    assert_eq!(jar.send(&after, "PUT").await, LIKED);
    assert!(
        jar.0.keys().any(|name| name.starts_with("__Host-horizon-reader-")),
        "{:?}",
        jar.0
    );
    let mut jar = CookieJar(before);
    assert_eq!(jar.send(&after, "DELETE").await, NOT_LIKED);
}
