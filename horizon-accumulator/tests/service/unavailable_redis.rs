use horizon_core::EventBus;
use horizon_redis::testing::RedisServer;

use crate::accumulator::{AccumulatorProcess, run, sqlite, visit, wait_until};
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
    let bus = redis.url().replace("redis://", "redis://:correct-horse@");
    let settings = [
        ("HORIZON_BUS", bus.as_str()),
        ("HORIZON_STORE", "memory:"),
        ("RUST_LOG", "trace"),
    ];
    let one = AccumulatorProcess::start(&settings).await;
    one.wait_for_readyz(200).await;
    assert!(one.get("/readyz").await.1.contains("writable"));
    let (status, _, log) = one.stop().await;
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("correct-horse"), "{log}");
}

/// Runs an accumulator whose settings cannot be used, and returns its only line.
async fn refused(bus: &str) -> String {
    let output = run(&[("HORIZON_BUS", bus), ("HORIZON_STORE", "memory:")]).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

#[tokio::test]
async fn a_wrong_user_or_password_is_refused_at_the_start_and_named() {
    let redis = RedisServer::start(&["--requirepass", "correct-horse"]).await.unwrap();
    for (login, user) in [("", "default"), (":hunter2@", "default"), ("ada:hunter2@", "ada")] {
        let line = refused(&redis.url().replace("redis://", &format!("redis://{login}"))).await;
        let address = format!("127.0.0.1:{}", redis.port());
        for part in [
            address.as_str(),
            &format!("the user `{user}` or the password"),
            "HORIZON_BUS",
        ] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("hunter2"), "{line}");
    }
}

#[tokio::test]
async fn tls_on_a_port_without_it_is_refused_at_the_start() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let line = refused(&redis.url().replace("redis://", "rediss://")).await;
    assert!(
        line.contains("it does not use TLS on this port: use `redis://`"),
        "{line}"
    );
}
