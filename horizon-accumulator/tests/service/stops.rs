use std::time::Duration;

use futures::future::join_all;
use horizon_core::{Analytics, StatsStoreExt};
use horizon_redis::testing::RedisServer;
use horizon_sqlite::SqliteStats;
use tokio::time::sleep;

use crate::accumulator::{Accumulator, page, sqlite, visit, wait_until};
use crate::counts::pipe;

/// How long it may take to end.
const END_WAIT: Duration = Duration::from_secs(10);

/// How many events are in the stream, read, and acknowledged.
async fn acknowledged(redis: &RedisServer) -> u64 {
    let said = redis.cli(&["XINFO", "GROUPS", "analytics:events"]).await.unwrap();
    let field = |name: &str| {
        let mut lines = said.lines().skip_while(|line| *line != name);
        lines
            .nth(1)
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or_default()
    };
    field("entries-read") - field("pending")
}

#[tokio::test]
async fn asked_to_stop_while_events_flow_it_acknowledges_what_it_counted_and_leaves_the_rest() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("horizon.db");
    let (url, store) = (redis.url(), sqlite(&database));
    let settings = [
        ("HORIZON_BUS", &*url),
        ("HORIZON_STORE", &*store),
        ("HORIZON_NODE", "one"),
    ];
    let one = Accumulator::start(&settings).await;
    let pipe = pipe(&redis);
    let mut tracked = 0;
    let flow = async {
        loop {
            let some = join_all((0..200).map(|number| pipe.track(visit(tracked + number)))).await;
            assert!(some.iter().all(Result::is_ok));
            tracked += 200;
            sleep(Duration::from_millis(1)).await;
        }
    };
    let stop = async {
        sleep(Duration::from_millis(500)).await;
        one.stop().await
    };
    let (status, took, log) = tokio::select! {
        ended = stop => ended,
        () = flow => unreachable!("it flows for ever"),
    };
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(took < END_WAIT, "it took {took:?}");
    let visits = async || {
        let store = SqliteStats::open(&database).unwrap();
        store.total(&page()).await.unwrap().stats.visits
    };
    assert_eq!(visits().await, acknowledged(&redis).await, "{log}");
    assert!(visits().await > 0);

    // Under its old name it finds at once what it had taken.
    let _again = Accumulator::start(&settings).await;
    wait_until("all is counted", async || visits().await >= tracked).await;
}

#[tokio::test]
async fn asked_to_stop_while_redis_is_away_or_silent_it_ends_in_time() {
    let mut redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let start = async || Accumulator::start(&[("HORIZON_BUS", &*url), ("HORIZON_STORE", "memory:")]).await;
    let (silent, away) = tokio::join!(start(), start());
    tokio::join!(silent.until_ready_says(200), away.until_ready_says(200));
    pipe(&redis).track(visit(1)).await.unwrap();
    let _idle = (silent.connect().await, away.connect().await);
    redis.pause().await.unwrap();
    silent.until_ready_says(503).await;
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
