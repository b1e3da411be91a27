use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use eventhorizon::{
    Error,
    testing::{Call, TestSite},
};
use horizon_core::VISIT_GAP;
use horizon_memory::MemoryStore;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

async fn start() -> TestSite {
    // In production this line is `start_on_redis(redis)`.
    TestSite::start(RECIPES).await
}

async fn request(horizon: &Horizon, method: &str, path: &str) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("idempotency-key", "0190a5dac96774bbcceb302099a80570")
        .body(Body::empty())
        .unwrap();
    let response = app(horizon).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn front_page_of(site: &TestSite) -> String {
    request(&site.horizon, "GET", "/").await.1
}

async fn like_soup(site: &TestSite) -> (StatusCode, String) {
    request(&site.horizon, "PUT", "/horizon/likes/soup").await
}

#[tokio::test]
async fn the_front_page_names_the_recipe_with_most_viewers() {
    let site = start().await;
    assert!(front_page_of(&site).await.ends_with("the first today."));
    let _ada = site.open("soup", "Firefox").await;
    let _ben = site.open("soup", "Safari").await;
    let _eve = site.open("bread", "Firefox").await;
    assert!(front_page_of(&site).await.ends_with("at the soup now: 2."));
}

#[tokio::test]
async fn a_viewer_leaves_after_the_grace_of_three_seconds() {
    let site = start().await;
    drop(site.open("soup", "Firefox").await);
    site.clock.advance(Duration::from_millis(2_999));
    assert!(front_page_of(&site).await.ends_with("at the soup now: 1."));
    site.clock.advance(Duration::from_millis(1));
    assert!(front_page_of(&site).await.ends_with("the first today."));
}

#[tokio::test]
async fn without_its_store_the_front_page_still_loads() {
    let site = start().await;
    let outage = site.fake.fail(Call::Get, Error::unavailable("the disk is full"));
    assert_eq!(front_page_of(&site).await, "Welcome!");
    outage.restore();
    assert!(front_page_of(&site).await.ends_with("the first today."));
}

#[tokio::test]
async fn a_failed_like_is_an_error_and_a_retry_after_a_lost_reply_counts_once() {
    let site = start().await;
    site.fake.fail_next(Call::Track, Error::unavailable("Redis is down"));
    site.fake
        .lose_next_reply(Call::Track, Error::unavailable("connection reset"));
    assert_eq!(like_soup(&site).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert!(site.fake.tracked().is_empty());
    assert_eq!(like_soup(&site).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(site.fake.tracked().len(), 1, "the like was tracked");
    let response = like_soup(&site).await;
    assert_eq!(response, (StatusCode::OK, r#"{"liked":true,"likes":1}"#.into()));
}

#[tokio::test]
async fn a_return_within_half_an_hour_is_the_same_visit() {
    let site = start().await;
    let mut other = site.open("bread", "Safari").await;
    other.wait_for("live", |stats| stats["visits"] == 1).await;
    drop(site.open("bread", "Firefox").await);
    other.wait_for("live", |stats| stats["visits"] == 2).await;
    drop(other);
    site.clock.advance(VISIT_GAP);
    drop(site.open("bread", "Firefox").await);
    site.clock.advance(VISIT_GAP + Duration::from_millis(1));
    drop(site.open("bread", "Firefox").await);
    site.horizon.close().await.unwrap(); // sends the last visits
    let bread = site.page("bread").await.into();
    assert_eq!(site.fake.stats().totals(&[bread]).await.unwrap()[0].stats.visits, 3);
}

#[tokio::test]
async fn a_live_stream_stays_open_while_the_backend_is_down_and_catches_up() {
    let site = start().await;
    let mut live = site.open("soup", "Firefox").await;
    site.fake.disconnect();
    assert_eq!(like_soup(&site).await.0, StatusCode::SERVICE_UNAVAILABLE);
    site.fake.reconnect();
    assert_eq!(like_soup(&site).await.0, StatusCode::OK);
    live.wait_for("live", |stats| stats["likes"] == 1).await;
}

#[tokio::test]
async fn the_application_runs_on_a_store_of_its_own() {
    let secret = Secret::new("a sentence of at least 32 characters").unwrap();
    let horizon = start_on_store(MemoryStore::new(), secret).await.unwrap();
    let response = request(&horizon, "PUT", "/horizon/likes/soup").await;
    assert_eq!(response, (StatusCode::OK, r#"{"liked":true,"likes":1}"#.into()));
    horizon.close().await.unwrap();
}
