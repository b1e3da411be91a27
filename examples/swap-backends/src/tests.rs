use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use eventhorizon::{Caller, Live, LiveOptions};
use futures::StreamExt;
use horizon_core::{Error, Timestamp, VISIT_GAP};
use horizon_memory::testing::{Call, Clock, Fake};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

/// The application on fakes.
struct TestApp {
    horizon: Horizon,
    fake: Fake,
    clock: Clock,
}

impl TestApp {
    async fn new() -> Self {
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let now = clock.clone();
        // In production this line is `Horizon::from_urls(redis, redis)?`.
        let builder = Horizon::from_ports(fake.ports());
        let horizon = builder.clock(move || now.now()).start(is_recipe).await.unwrap();
        Self { horizon, fake, clock }
    }

    async fn request(&self, method: &str, path: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("idempotency-key", "0190a5dac96774bbcceb302099a80570")
            .body(Body::empty())
            .unwrap();
        let response = app(&self.horizon).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn caller(&self, browser: &str) -> Caller {
        self.horizon.caller([192, 0, 2, 1].into(), [("user-agent", browser)])
    }

    async fn open_live_stream(&self, recipe: &str, browser: &str) -> Live {
        let slug = self.horizon.page(recipe).await.unwrap();
        self.horizon
            .live(&self.caller(browser), LiveOptions::page(&slug))
            .await
            .unwrap()
    }

    /// Waits until a recipe has this many visits.
    async fn wait_for_visits(&self, recipe: &str, visits: u64) {
        let topic = self.horizon.page(recipe).await.unwrap().into();
        let mut totals = self.fake.bus().watch(topic);
        while totals.next().await.unwrap().visits < visits {}
    }
}

#[tokio::test]
async fn the_front_page_names_the_recipe_with_most_viewers() {
    let app = TestApp::new().await;
    assert!(app.request("GET", "/").await.1.ends_with("the first today."));
    let _ada = app.open_live_stream("soup", "Firefox").await;
    let _ben = app.open_live_stream("soup", "Safari").await;
    let _eve = app.open_live_stream("bread", "Firefox").await;
    assert!(app.request("GET", "/").await.1.ends_with("at the soup now: 2."));
}

#[tokio::test]
async fn a_viewer_leaves_after_the_grace_of_three_seconds() {
    let app = TestApp::new().await;
    drop(app.open_live_stream("soup", "Firefox").await);
    app.clock.advance(Duration::from_millis(2_999));
    assert!(app.request("GET", "/").await.1.ends_with("at the soup now: 1."));
    app.clock.advance(Duration::from_millis(1));
    assert!(app.request("GET", "/").await.1.ends_with("the first today."));
}

#[tokio::test]
async fn without_its_store_the_front_page_still_loads() {
    let app = TestApp::new().await;
    app.fake.fail_next(Call::Get, Error::unavailable("the disk is full"));
    assert_eq!(app.request("GET", "/").await, (StatusCode::OK, "Welcome!".into()));
}

#[tokio::test]
async fn a_failed_like_is_an_error_and_a_retry_after_a_lost_reply_counts_once() {
    let app = TestApp::new().await;
    app.fake.fail_next(Call::Track, Error::unavailable("Redis is down"));
    app.fake
        .lose_next_reply(Call::Track, Error::unavailable("connection reset"));
    assert_eq!(
        app.request("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(app.fake.tracked().is_empty());
    assert_eq!(
        app.request("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(app.fake.tracked().len(), 1, "the like was tracked");
    let response = app.request("PUT", "/horizon/likes/soup").await;
    assert_eq!(response, (StatusCode::OK, r#"{"liked":true,"likes":1}"#.into()));
}

#[tokio::test]
async fn a_return_within_half_an_hour_is_the_same_visit() {
    let app = TestApp::new().await;
    drop(app.open_live_stream("bread", "Firefox").await);
    app.wait_for_visits("bread", 1).await;
    app.clock.advance(VISIT_GAP);
    drop(app.open_live_stream("bread", "Firefox").await);
    app.clock.advance(VISIT_GAP + Duration::from_millis(1));
    drop(app.open_live_stream("bread", "Firefox").await);
    app.wait_for_visits("bread", 2).await;
    app.horizon.close().await.unwrap();
    let topic = app.horizon.page("bread").await.unwrap().into();
    assert_eq!(app.fake.stats().totals(&[topic]).await.unwrap()[0].stats.visits, 2);
}

#[tokio::test]
async fn a_live_stream_stays_open_while_the_backend_is_down_and_catches_up() {
    let app = TestApp::new().await;
    let mut live = app.open_live_stream("soup", "Firefox").await;
    let mut frame = String::new();
    app.fake.disconnect();
    assert_eq!(
        app.request("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    app.fake.reconnect();
    assert_eq!(app.request("PUT", "/horizon/likes/soup").await.0, StatusCode::OK);
    while !frame.contains(r#""likes":1"#) {
        frame = String::from_utf8(live.next().await.unwrap().to_vec()).unwrap();
    }
}
