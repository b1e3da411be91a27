use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use eventhorizon::{Caller, Live};
use futures::StreamExt;
use horizon_core::{Error, Timestamp, VISIT_GAP};
use horizon_memory::testing::{Call, Clock, Fake};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

/// The application on fakes, and what a test does to them.
struct Stage {
    horizon: Horizon,
    fake: Fake,
    clock: Clock,
}

impl Stage {
    async fn new() -> Self {
        let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
        let fake = Fake::new(clock.clone());
        let now = clock.clone();
        // The one line: in production it is `Horizon::from_urls(redis, redis)?`.
        let builder = Horizon::from_ports(fake.ports());
        let horizon = builder.clock(move || now.now()).start(is_recipe).await.unwrap();
        Self { horizon, fake, clock }
    }

    async fn asks(&self, method: &str, path: &str) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("idempotency-key", "0190a5dac96774bbcceb302099a80570")
            .body(Body::empty())
            .unwrap();
        let answer = app(&self.horizon).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn caller(&self, browser: &str) -> Caller {
        self.horizon.caller([192, 0, 2, 1].into(), [("user-agent", browser)])
    }

    async fn reads(&self, recipe: &str, browser: &str) -> Live {
        let slug = self.horizon.page(recipe).unwrap();
        self.horizon
            .live(Some(&slug), &self.caller(browser), false)
            .await
            .unwrap()
    }

    /// Waits until the visits of a recipe are so many: for the event, not for the clock.
    async fn visits(&self, recipe: &str, visits: u64) {
        let topic = self.horizon.page(recipe).unwrap().into();
        let mut totals = self.fake.analytics().watch(topic);
        while totals.next().await.unwrap().visits < visits {}
    }
}

#[tokio::test]
async fn the_front_page_names_what_is_read_most() {
    let stage = Stage::new().await;
    assert!(stage.asks("GET", "/").await.1.ends_with("the first today."));
    let _ada = stage.reads("soup", "Firefox").await;
    let _ben = stage.reads("soup", "Safari").await;
    let _eve = stage.reads("bread", "Firefox").await;
    assert!(stage.asks("GET", "/").await.1.ends_with("at the soup now: 2."));
}

#[tokio::test]
async fn a_reader_is_gone_three_seconds_after_they_left() {
    let stage = Stage::new().await;
    drop(stage.reads("soup", "Firefox").await);
    stage.clock.advance(Duration::from_millis(2_999));
    assert!(stage.asks("GET", "/").await.1.ends_with("at the soup now: 1."));
    stage.clock.advance(Duration::from_millis(1));
    assert!(stage.asks("GET", "/").await.1.ends_with("the first today."));
}

#[tokio::test]
async fn without_its_store_the_front_page_still_welcomes() {
    let stage = Stage::new().await;
    stage.fake.fail_next(Call::Get, Error::unavailable("the disk is full"));
    assert_eq!(stage.asks("GET", "/").await, (StatusCode::OK, "Welcome!".into()));
}

#[tokio::test]
async fn a_like_that_was_not_taken_says_so_and_one_whose_answer_was_lost_counts_once() {
    let stage = Stage::new().await;
    stage.fake.fail_next(Call::Track, Error::unavailable("Redis is away"));
    stage
        .fake
        .lose_next_reply(Call::Track, Error::unavailable("the line broke"));
    assert_eq!(
        stage.asks("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(stage.fake.tracked().is_empty());
    assert_eq!(
        stage.asks("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(stage.fake.tracked().len(), 1, "it was taken all the same");
    let answer = stage.asks("PUT", "/horizon/likes/soup").await;
    assert_eq!(answer, (StatusCode::OK, r#"{"liked":true,"likes":1}"#.into()));
}

#[tokio::test]
async fn coming_back_within_half_an_hour_is_one_visit_and_later_it_is_two() {
    let stage = Stage::new().await;
    drop(stage.reads("bread", "Firefox").await);
    stage.visits("bread", 1).await;
    stage.clock.advance(VISIT_GAP);
    drop(stage.reads("bread", "Firefox").await);
    stage.clock.advance(VISIT_GAP + Duration::from_millis(1));
    drop(stage.reads("bread", "Firefox").await);
    stage.visits("bread", 2).await;
    stage.horizon.close().await.unwrap();
    let topic = stage.horizon.page("bread").unwrap().into();
    assert_eq!(stage.fake.stats().get(&[topic]).await.unwrap()[0].stats.visits, 2);
}

#[tokio::test]
async fn while_the_backend_is_away_a_stream_stays_open_and_catches_up() {
    let stage = Stage::new().await;
    let mut live = stage.reads("soup", "Firefox").await;
    let mut said = String::new();
    stage.fake.disconnect();
    assert_eq!(
        stage.asks("PUT", "/horizon/likes/soup").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    stage.fake.reconnect();
    assert_eq!(stage.asks("PUT", "/horizon/likes/soup").await.0, StatusCode::OK);
    while !said.contains(r#""likes":1"#) {
        said = String::from_utf8(live.next().await.unwrap().to_vec()).unwrap();
    }
}
