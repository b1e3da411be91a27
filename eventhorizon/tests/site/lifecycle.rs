//! Opening and closing a site.

use std::time::Duration;

use eventhorizon::{Horizon, LikeRequest, LiveOptions, Slug};
use futures::StreamExt;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

fn any(_: &Slug) -> bool {
    true
}

#[tokio::test]
async fn likes_and_the_reader_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("numbers.db").display());
    let open = async || Horizon::from_urls("memory:", &store).unwrap().start(any).await;
    let horizon = open().await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let stranger = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    let cookie = horizon.like(&bread, &stranger).await.unwrap().set_cookie.unwrap();
    let second = open().await.unwrap_err().to_string();
    assert!(second.contains("another process counts into"), "{second}");
    horizon.close().await.unwrap();

    let horizon = open().await.unwrap();
    let pair = cookie.split(';').next().unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("cookie", pair), ("user-agent", FIREFOX)]);
    assert!(horizon.is_liked_by(&bread, &ada).await.unwrap());
    assert_eq!(horizon.unlike(&bread, &ada).await.unwrap().view.likes, 0);
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn an_error_names_the_setting_of_an_invalid_url_and_does_not_repeat_it() {
    for (bus, store, what) in [
        ("hunter2", "memory:", "the bus is wrong: "),
        ("memory:", "hunter2", "the store is wrong: "),
        ("stdin:", "memory:", "the bus is wrong: "),
    ] {
        let error = Horizon::from_urls(bus, store).unwrap_err();
        let sentence = error.to_string();
        assert!(
            sentence.starts_with(what) && !sentence.contains("hunter2"),
            "{sentence}"
        );
        assert!(!error.is_retryable());
    }
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn a_redis_bus_with_a_store_in_memory_is_rejected() {
    let error = Horizon::from_urls("redis://127.0.0.1", "memory:").unwrap_err();
    assert!(
        error.to_string().contains("cannot count into a store in memory"),
        "{error}"
    );
}

#[cfg(not(feature = "redis"))]
#[tokio::test]
async fn a_build_without_redis_names_the_missing_feature() {
    let error = Horizon::from_urls("redis://127.0.0.1", "memory:").unwrap_err();
    assert!(error.to_string().contains("the feature `redis`"), "{error}");
}

#[tokio::test]
async fn the_error_for_a_store_that_cannot_be_opened_has_its_path() {
    let builder = Horizon::from_urls("memory:", "sqlite:/no/such/folder/numbers.db").unwrap();
    let error = builder.start(any).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/folder/numbers.db"), "{error}");
}

#[tokio::test]
async fn a_heartbeat_outside_its_range_is_rejected() {
    for millis in [0, 999, 60_001] {
        let builder = Horizon::in_memory().configure(|config| config.heartbeat = Duration::from_millis(millis));
        let error = builder.start(any).await.unwrap_err().to_string();
        assert!(error.contains("`heartbeat` must be 1s to 60s"), "{error}");
    }
}

#[tokio::test]
async fn closing_ends_open_streams_and_opens_none() {
    let horizon = Horizon::in_memory().start(any).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    let mut live = horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap();
    let reading = tokio::spawn(async move { while live.next().await.is_some() {} });
    timeout(PATIENCE, horizon.close()).await.unwrap().unwrap();
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(
        horizon
            .live(&ada, LiveOptions::page(&bread))
            .await
            .unwrap_err()
            .status(),
        503
    );
    timeout(PATIENCE, horizon.close()).await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_ends_open_streams() {
    let horizon = Horizon::in_memory().start(any).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
    let mut live = horizon.live(&ada, LiveOptions::page(&bread)).await.unwrap();
    live.next().await.unwrap();
    drop(horizon);
    let ended = async { while live.next().await.is_some() {} };
    timeout(PATIENCE, ended).await.unwrap();
}

#[tokio::test]
async fn concurrent_likes_of_a_watched_page_return_a_number_that_includes_them() {
    let horizon = Horizon::in_memory().start(|_: &Slug| true).await.unwrap();
    let bread = horizon.page("bread").await.unwrap();
    let from = |number: u8| horizon.caller([192, 0, 2, number].into(), [("user-agent", FIREFOX)]);
    let _live = horizon.live(&from(0), LiveOptions::page(&bread)).await.unwrap();
    for likes in 1..=100 {
        let liked = horizon.like(&bread, &from(likes)).await.unwrap();
        assert_eq!(liked.view.likes, u64::from(likes));
        let cookie = liked.set_cookie.unwrap();
        let known = [("user-agent", FIREFOX), ("cookie", cookie.split(';').next().unwrap())];
        let known = horizon.caller([192, 0, 2, likes].into(), known);
        for (liked, expected) in [(false, likes - 1), (true, likes)] {
            let request = if liked {
                LikeRequest::like()
            } else {
                LikeRequest::unlike()
            };
            let view = horizon.like_with(&bread, &known, request).await.unwrap().view;
            assert_eq!(view.likes, u64::from(expected));
        }
    }
}
