use horizon_core::EventBus;
use horizon_redis::testing::RedisServer;

use crate::accumulator::{AccumulatorProcess, sqlite, visit, wait_until};
use crate::counts::{bus, stored_visits};

#[tokio::test]
async fn it_reports_an_unavailable_redis_and_continues_once_redis_is_back() {
    // With `everysec` a kill could lose the last event, which is an alarm.
    let mut redis = RedisServer::start(&["--appendfsync", "always"]).await.unwrap();
    redis.kill().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("horizon.db"));
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &redis.url()), ("HORIZON_STORE", &store)]).await;
    let bus = bus(&redis);
    for round in 1..=2 {
        // Another problem may be listed too, such as a Redis that was still loading its data when it was last checked.
        wait_until("/readyz reports it", async || {
            let (status, body) = one.get("/readyz").await;
            status == 503 && body.lines().any(|line| line.starts_with("Redis cannot be reached: "))
        })
        .await;
        assert_eq!(one.get("/healthz").await.0, 200);
        one.wait_for_line(&["Connection refused"]).await;
        redis.start_again().await.unwrap();
        one.wait_for_readyz(200).await;
        wait_until("an event is taken", async || bus.track(visit(round)).await.is_ok()).await;
        wait_until("it is counted", async || stored_visits(&redis).await == round).await;
        redis.kill().await.unwrap();
    }
}

#[tokio::test]
async fn a_password_is_used_and_not_logged() {
    let redis = RedisServer::start(&["--requirepass", "correct-horse"]).await.unwrap();
    for (password, status, text) in [("correct-horse", 200, "writable"), ("hunter2", 503, "reached")] {
        let bus = redis.url().replace("redis://", &format!("redis://:{password}@"));
        let settings = [
            ("HORIZON_BUS", bus.as_str()),
            ("HORIZON_STORE", "memory:"),
            ("RUST_LOG", "trace"),
        ];
        let one = AccumulatorProcess::start(&settings).await;
        one.wait_for_readyz(status).await;
        assert!(one.get("/readyz").await.1.contains(text));
        let (status, _, log) = one.stop().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains(password), "{log}");
    }
}
