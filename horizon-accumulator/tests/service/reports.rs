use std::time::Duration;

use horizon_core::{EventBus, StatsStore};
use horizon_redis::testing::RedisServer;
use horizon_sqlite::SqliteStore;

use crate::accumulator::{AccumulatorProcess, now, run, sqlite, visit, visit_at, wait_until};
use crate::counts::bus;

const COUNTED: &str = "horizon_events_counted_total";

#[tokio::test]
async fn another_time_zone_is_refused_at_the_start_or_once_redis_responds() {
    let mut redis = RedisServer::start(&["--appendfsync", "always"]).await.unwrap();
    let (url, events) = (redis.url(), bus(&redis));
    let berlin = [("HORIZON_BUS", url.as_str()), ("HORIZON_TIMEZONE", "Europe/Berlin")];
    let first = AccumulatorProcess::start(&berlin).await;
    events.track(visit(1)).await.unwrap();
    wait_until("the event is counted", async || first.metric(COUNTED).await == 1).await;
    assert_eq!(first.stop().await.0.code(), Some(0));

    let utc = [("HORIZON_BUS", url.as_str())];
    let refused = run(&utc).await;
    let text = String::from_utf8(refused.stderr).unwrap();
    assert_eq!((refused.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    for part in ["is UTC", "time zone Europe/Berlin", "HORIZON_TIMEZONE"] {
        assert!(text.contains(part), "{text}");
    }

    redis.kill().await.unwrap();
    let late = AccumulatorProcess::start(&utc).await;
    redis.start_again().await.unwrap();
    wait_until("an event is taken", async || events.track(visit(2)).await.is_ok()).await;
    wait_until("/readyz names the time zones", async || {
        let (status, body) = late.get("/readyz").await;
        status == 503 && body.contains("time-zone: the time zone is UTC, but")
    })
    .await;
    late.wait_for_line(&["a batch cannot be counted", "Europe/Berlin"])
        .await;
    assert_eq!(late.metric(COUNTED).await, 0);
    late.stop().await;
    let right = AccumulatorProcess::start(&berlin).await;
    wait_until("the event is counted", async || right.metric(COUNTED).await == 1).await;
    right.stop().await;
}

#[tokio::test]
async fn visits_of_closed_days_are_a_metric() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("horizon.db");
    let store = SqliteStore::open(&path).unwrap();
    let late = visit_at(now().minus(Duration::from_secs(9 * 24 * 3_600)), 2);
    store.apply(&[visit(1), late]).await.unwrap();
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &redis.url()), ("HORIZON_STORE", &sqlite(&path))]).await;
    assert_eq!(one.metric("horizon_late_events_total").await, 1);
}
