use std::time::Duration;

use futures::future::join_all;
use horizon_core::{EventBus, StatsStoreExt};
use horizon_redis::testing::RedisServer;
use horizon_sqlite::SqliteStore;
use tokio::time::sleep;

use crate::accumulator::{AccumulatorProcess, page, sqlite, visit, wait_until};
use crate::counts::bus;

/// The longest time to stop.
const END_WAIT: Duration = Duration::from_secs(10);

/// Returns how many events were read and acknowledged.
async fn acknowledged(redis: &RedisServer) -> u64 {
    let reply = redis.cli(&["XINFO", "GROUPS", "analytics:events"]).await.unwrap();
    let field = |name: &str| {
        let mut lines = reply.lines().skip_while(|line| *line != name);
        lines
            .nth(1)
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or_default()
    };
    field("entries-read") - field("pending")
}

#[tokio::test]
async fn on_shutdown_under_load_it_acknowledges_counted_events_and_leaves_the_rest() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("horizon.db");
    let (url, store) = (redis.url(), sqlite(&database));
    let settings = [
        ("HORIZON_BUS", &*url),
        ("HORIZON_STORE", &*store),
        ("HORIZON_NODE", "one"),
    ];
    let one = AccumulatorProcess::start(&settings).await;
    let bus = bus(&redis);
    let mut tracked = 0;
    let flow = async {
        loop {
            let some = join_all((0..200).map(|number| bus.track(visit(tracked + number)))).await;
            assert!(some.iter().all(Result::is_ok));
            tracked += 200;
            sleep(Duration::from_millis(1)).await;
        }
    };
    let stop = async {
        wait_until("events are counted", async || {
            one.metric("horizon_events_counted_total").await > 0
        })
        .await;
        one.stop().await
    };
    let (status, took, log) = tokio::select! {
        stopped = stop => stopped,
        () = flow => unreachable!("events are published without end"),
    };
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < END_WAIT, "it took {took:?}");
    let visits = async || {
        let store = SqliteStore::open(&database).unwrap();
        store.total(&page()).await.unwrap().stats.visits
    };
    assert_eq!(visits().await, acknowledged(&redis).await, "{log}");
    assert!(visits().await > 0);

    // With its old name it continues its pending events at once.
    let _again = AccumulatorProcess::start(&settings).await;
    wait_until("all is counted", async || visits().await >= tracked).await;
}

#[tokio::test]
async fn on_shutdown_without_a_working_redis_it_ends_in_time() {
    let mut redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let start = async || AccumulatorProcess::start(&[("HORIZON_BUS", &*url), ("HORIZON_STORE", "memory:")]).await;
    let (silent, away) = tokio::join!(start(), start());
    tokio::join!(silent.wait_for_readyz(200), away.wait_for_readyz(200));
    bus(&redis).track(visit(1)).await.unwrap();
    let _idle = (silent.connect().await, away.connect().await);
    redis.pause().await.unwrap();
    silent.wait_for_readyz(503).await;
    let (status, took, log) = silent.stop().await;
    assert!(
        status.code() == Some(0) && took < END_WAIT,
        "{status} after {took:?}: {log}"
    );
    redis.kill().await.unwrap();
    let (status, took, log) = away.stop().await;
    assert!(
        status.code() == Some(0) && took < END_WAIT,
        "{status} after {took:?}: {log}"
    );
}
