//! Likes.

use std::collections::HashSet;

use horizon_core::wire::LikeView;
use http::header;

use crate::{
    client::TestResponse,
    site::{AxumSite, topic},
};

const KEY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn assert_like(response: &TestResponse, liked: bool, likes: u64) {
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.headers["cache-control"], "no-store");
    assert_eq!(response.read::<LikeView>(), LikeView { liked, likes });
}

#[tokio::test]
async fn a_reader_likes_a_page_once_and_takes_it_back_once() {
    let site = AxumSite::start().await;
    let first = site.client().send("PUT", "/likes/hello", "").await;
    assert_like(&first, true, 1);
    let reader = site.client().keep_cookie(&first);
    let slug = horizon_core::Slug::new("hello").unwrap();
    assert!(site.likes(&slug, &reader).await.unwrap());
    let again = reader.send("PUT", "/likes/hello", "").await;
    assert_like(&again, true, 1);
    assert!(!again.headers.contains_key(header::SET_COOKIE));
    assert_like(&site.client().send("PUT", "/likes/hello", "").await, true, 2);
    assert_like(&reader.send("DELETE", "/likes/hello", "").await, false, 1);
    assert_like(&reader.send("DELETE", "/likes/hello", "").await, false, 1);
    assert!(!site.likes(&slug, &reader).await.unwrap());
    assert!(!site.likes(&slug, &site.client()).await.unwrap());
}

#[tokio::test]
async fn the_cookie_is_not_accessible_to_scripts_and_other_sites() {
    let site = AxumSite::start().await;
    let response = site.client().send("PUT", "/likes/hello", "").await;
    let cookie = response.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
        assert!(
            cookie.split("; ").any(|part| part == attribute),
            "{attribute}: {cookie}"
        );
    }
    assert!(!cookie.contains("Secure"));
    let site = AxumSite::with(|config, _| config.secure_cookies = true).await;
    let response = site.client().send("PUT", "/likes/hello", "").await;
    assert!(
        response.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("; Secure")
    );
}

#[tokio::test]
async fn reading_and_an_unlike_without_a_like_set_no_cookie() {
    let site = AxumSite::start().await;
    for path in ["/stats/hello", "/stats", "/comments/hello"] {
        assert!(!site.client().get(path).await.headers.contains_key(header::SET_COOKIE));
    }
    assert!(
        !site
            .client()
            .live("/live/hello")
            .await
            .headers
            .contains_key(header::SET_COOKIE)
    );
    let response = site.client().send("DELETE", "/likes/hello", "").await;
    assert_like(&response, false, 0);
    assert!(!response.headers.contains_key(header::SET_COOKIE));
    assert_eq!(site.metric("horizon_events_tracked_total{kind=\"unlike\"}"), 0);
}

#[tokio::test]
async fn a_forged_cookie_is_ignored() {
    let site = AxumSite::start().await;
    let response = site.client().send("PUT", "/likes/hello", "").await;
    let reader = site.client().keep_cookie(&response);
    let cookie = reader.headers["cookie"].to_str().unwrap().to_owned();
    let last = if cookie.ends_with('0') { "1" } else { "0" };
    let forged = reader.with("cookie", &format!("{}{last}", &cookie[..cookie.len() - 1]));
    assert_like(&forged.send("DELETE", "/likes/hello", "").await, false, 1);
    let unsigned = site
        .client()
        .with("cookie", &format!("horizon_reader={}", "0".repeat(32)));
    assert_like(&unsigned.send("DELETE", "/likes/hello", "").await, false, 1);
}

#[tokio::test]
async fn a_like_whose_response_was_lost_counts_once_after_a_retry() {
    let site = AxumSite::start().await;
    let stranger = site.client().with("idempotency-key", KEY);
    let (first, second) = tokio::join!(
        stranger.send("PUT", "/likes/hello", ""),
        stranger.send("PUT", "/likes/hello", "")
    );
    assert_like(&stranger.send("PUT", "/likes/hello", "").await, true, 1);
    assert_eq!(first.headers[header::SET_COOKIE], second.headers[header::SET_COOKIE]);
    let form = site
        .client()
        .form("/likes/hello", &format!("liked=true&id={KEY}"))
        .await;
    assert_eq!(form.headers[header::SET_COOKIE], first.headers[header::SET_COOKIE]);
    let other = stranger.send("PUT", "/likes/other", "").await;
    assert_ne!(other.headers[header::SET_COOKIE], first.headers[header::SET_COOKIE]);
}

#[tokio::test]
async fn many_readers_at_once_are_counted_exactly() {
    let site = AxumSite::start().await;
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let client = site.client();
            tokio::spawn(async move { client.send("PUT", "/likes/hello", "").await })
        })
        .collect();
    let mut cookies = HashSet::new();
    for reader in readers {
        let response = reader.await.unwrap();
        cookies.insert(response.headers[header::SET_COOKIE].clone());
    }
    assert_eq!(cookies.len(), 100);
    assert_eq!(site.horizon.stats(&[topic("hello")]).await.unwrap()[0].likes, 100);
}

#[tokio::test]
async fn a_reader_can_ask_whether_they_like_a_page() {
    let site = AxumSite::start().await;
    let stranger = site.client();
    assert_like(&stranger.get("/likes/hello").await, false, 0);
    let reader = site
        .client()
        .keep_cookie(&stranger.send("PUT", "/likes/hello", "").await);
    assert_like(&reader.get("/likes/hello").await, true, 1);
    assert_like(&reader.get("/likes/other").await, false, 0);
    let response = stranger.get("/likes/hello").await;
    assert_like(&response, false, 1);
    assert!(!response.headers.contains_key(header::SET_COOKIE));
    reader.send("DELETE", "/likes/hello", "").await;
    assert_like(&reader.get("/likes/hello").await, false, 0);
}

#[tokio::test]
async fn a_plain_form_likes_and_redirects_back() {
    let site = AxumSite::start().await;
    let response = site
        .client()
        .form("/likes/hello", "liked=true&back=%2Fblog%2Fhello")
        .await;
    assert_eq!(
        (response.status.as_u16(), response.headers["location"].to_str().unwrap()),
        (303, "/blog/hello")
    );
    let reader = site.client().keep_cookie(&response);
    assert_eq!(site.client().numbers("/stats/hello").await.likes, 1);
    let response = reader.form("/likes/hello", "liked=false").await;
    assert_eq!(
        (response.status.as_u16(), response.headers["location"].to_str().unwrap()),
        (303, "/")
    );
    assert_eq!(site.client().numbers("/stats/hello").await.likes, 0);
}

#[tokio::test]
async fn a_like_that_the_bus_rejects_can_be_retried() {
    let site = AxumSite::start().await;
    site.bus.set_down(true);
    let stranger = site.client().with("idempotency-key", KEY);
    let response = stranger.send("PUT", "/likes/hello", "").await;
    assert_eq!(response.problem(), (503, "unavailable".into(), None));
    assert!(response.headers.contains_key("retry-after"));
    assert!(!response.headers.contains_key(header::SET_COOKIE));
    assert_eq!(site.metric("horizon_events_failed_total{kind=\"like\"}"), 1);
    site.bus.set_down(false);
    assert_like(&stranger.send("PUT", "/likes/hello", "").await, true, 1);
}

#[tokio::test]
async fn the_numbers_of_a_watched_page_include_a_like_at_once() {
    let site = AxumSite::start().await;
    let mut live = site.client().live("/live/hello").await;
    live.viewers(1).await;
    let first = site.client().send("PUT", "/likes/hello", "").await;
    let reader = site.client().keep_cookie(&first);
    for _ in 0..20 {
        assert_eq!(reader.numbers("/stats/hello").await.likes, 1);
        reader.send("DELETE", "/likes/hello", "").await;
        assert_eq!(reader.numbers("/stats/hello").await.likes, 0);
        reader.send("PUT", "/likes/hello", "").await;
    }
}
