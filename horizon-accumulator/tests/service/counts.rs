use std::sync::Arc;

use futures::future::join_all;
use horizon_core::{EventBus, Timestamp};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};

use crate::accumulator::{AccumulatorProcess, sqlite, visit, visit_at, wait_until};

const COUNTED: &str = "horizon_events_counted_total";

/// Returns the publishing end of the bus.
pub(crate) fn bus(redis: &RedisServer) -> RedisBus {
    let config = RedisConfig::new(&redis.url()).unwrap();
    RedisBus::connect(&config, Arc::new(MemoryStore::new())).unwrap()
}

/// Returns the published visits of the page.
pub(crate) async fn stored_visits(redis: &RedisServer) -> u64 {
    let totals = redis.cli(&["GET", "stats:{blog:hello}"]).await.unwrap();
    let Some((_, rest)) = totals.split_once("\"visits\":") else {
        return 0;
    };
    rest.split(',').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn two_accumulators_share_a_stream_and_each_event_is_counted_by_one() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let start = async || AccumulatorProcess::start(&[("HORIZON_BUS", &*url)]).await;
    let (one, two) = tokio::join!(start(), start());
    let (bus, mut tracked) = (bus(&redis), 0);
    wait_until("both have a share", async || {
        let some = join_all((0..500).map(|number| bus.track(visit(tracked + number)))).await;
        assert!(some.iter().all(Result::is_ok));
        tracked += 500;
        one.metric(COUNTED).await > 0 && two.metric(COUNTED).await > 0
    })
    .await;
    wait_until("the totals are complete", async || {
        stored_visits(&redis).await == tracked
    })
    .await;
    wait_until("each event was counted by one of them", async || {
        one.metric(COUNTED).await + two.metric(COUNTED).await == tracked
    })
    .await;
}

#[tokio::test]
async fn events_of_the_channel_are_counted() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let bus = redis.url().replace("redis:", "redis+pubsub:");
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &bus), ("HORIZON_STORE", "memory:")]).await;
    wait_until("it listens", async || one.metric("horizon_channel_heard").await == 1).await;
    let event = r#"{"v":1,"topic":"blog:hello","type":"visit"}"#;
    redis.cli(&["PUBLISH", "analytics:events", event]).await.unwrap();
    wait_until("it is counted", async || stored_visits(&redis).await == 1).await;
    assert_eq!(one.metric("horizon_channel_dropped_total").await, 0);
}

#[tokio::test]
async fn events_of_the_last_version_are_counted_from_a_stream() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let seconds = redis.cli(&["TIME"]).await.unwrap();
    let at = format!("{}000", seconds.lines().next().unwrap());
    let events = include_str!("../events-of-0.1.jsonl").replace("AT", &at);
    for event in events.lines() {
        let event = event.replacen('{', "{\"v\":1,", 1);
        redis
            .cli(&["XADD", "analytics:events", "*", "event", &event])
            .await
            .unwrap();
    }
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &redis.url())]).await;
    wait_until("all are counted", async || one.metric(COUNTED).await == 8).await;
    let totals = redis.cli(&["GET", "stats:{blog:hello}"]).await.unwrap();
    assert!(
        totals.contains(r#""visits":1,"likes":1,"comments":2,"comments_revision":2"#),
        "{totals}"
    );
    assert!(
        redis
            .cli(&["GET", "stats:{site}"])
            .await
            .unwrap()
            .contains("\"visits\":1")
    );
    assert_eq!(redis.cli(&["EXISTS", "analytics:refused"]).await.unwrap().trim(), "0");
}

#[tokio::test]
async fn the_metrics_contain_counted_and_rejected_events() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("horizon.db"));
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &redis.url()), ("HORIZON_STORE", &store)]).await;
    let bus = bus(&redis);
    bus.track(visit(1)).await.unwrap();
    bus.track(visit_at(Timestamp::from_millis(0), 2)).await.unwrap();
    redis
        .cli(&["XADD", "analytics:events", "*", "event", "no event"])
        .await
        .unwrap();
    let lines = [
        "horizon_events_counted_total 1\n",
        "horizon_events_refused_total{reason=\"too_old\"} 1\n",
        "horizon_stream_refused_total 1\n",
        "horizon_stream_unread 0\n",
        "horizon_stream_pending 0\n",
        "horizon_stream_lost_total 0\n",
        "store=\"sqlite\"",
    ];
    wait_until("all three are processed", async || {
        let (_, text) = one.get("/metrics").await;
        lines.iter().all(|line| text.contains(line))
    })
    .await;
    let (status, text) = one.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.ends_with("# EOF\n") && !text.contains("hello"), "{text}");
    assert_eq!(one.get("/healthz").await.0, 200);
    assert_eq!(one.get("/elsewhere").await.0, 404);
}
