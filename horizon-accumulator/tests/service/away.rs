use horizon_core::Analytics;
use horizon_redis::testing::RedisServer;

use crate::accumulator::{Accumulator, sqlite, visit, wait_until};
use crate::counts::{kept_visits, pipe};

#[tokio::test]
async fn while_redis_is_away_it_says_why_and_goes_on_once_redis_is_back() {
    // With `everysec` a kill could lose the last event, and the accumulator would say so.
    let mut redis = RedisServer::start(&["--appendfsync", "always"]).await.unwrap();
    redis.kill().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(&folder.path().join("horizon.db"));
    let one = Accumulator::start(&[("HORIZON_BUS", &redis.url()), ("HORIZON_STORE", &store)]).await;
    let pipe = pipe(&redis);
    for round in 1..=2 {
        one.until_ready_says(503).await;
        let said = one.get("/readyz").await.1;
        assert!(said.starts_with("Redis cannot be reached: "), "{said}");
        assert_eq!(one.get("/healthz").await.0, 200);
        assert!(one.log().contains("Connection refused"), "{}", one.log());
        redis.start_again().await.unwrap();
        one.until_ready_says(200).await;
        wait_until("an event is taken", async || pipe.track(visit(round)).await.is_ok()).await;
        wait_until("it is counted", async || kept_visits(&redis).await == round).await;
        redis.kill().await.unwrap();
    }
}

#[tokio::test]
async fn a_password_is_used_and_reaches_no_log() {
    let redis = RedisServer::start(&["--requirepass", "correct-horse"]).await.unwrap();
    for (password, status, said) in [("correct-horse", 200, "writable"), ("hunter2", 503, "reached")] {
        let pipe = redis.url().replace("redis://", &format!("redis://:{password}@"));
        let settings = [
            ("HORIZON_BUS", pipe.as_str()),
            ("HORIZON_STORE", "memory:"),
            ("RUST_LOG", "trace"),
        ];
        let one = Accumulator::start(&settings).await;
        one.until_ready_says(status).await;
        assert!(one.get("/readyz").await.1.contains(said));
        let (status, _, log) = one.stop().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains(password), "{log}");
    }
}
