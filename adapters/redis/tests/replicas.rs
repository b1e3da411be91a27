//! `?wait=N`: acknowledged writes are on the replicas, and survive the promotion of one.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use horizon_core::{Day, Event, EventBus, EventId, EventKind, SaltStore, Stamp, StatsStore, Timestamp, Topic};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{NodeRegistry, RedisBus, RedisConfig, RedisPubSubBus, RedisStore};

/// How long an unconfirmed write may take to fail. The adapter waits one second for replicas.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// Starts a master with a replica that is in sync.
async fn pair() -> (RedisServer, RedisServer) {
    let master = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await.unwrap();
    let port = master.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
    // WAIT returns at once while no replica is connected.
    while master.cli(&["WAIT", "1", "1000"]).await.unwrap().trim() != "1" {}
    (master, replica)
}

fn bus(master: &RedisServer, query: &str) -> RedisBus {
    let config = RedisConfig::new(&format!("{}{query}", master.url())).unwrap();
    RedisBus::connect(&config, Arc::new(MemoryStore::new())).unwrap()
}

fn store(master: &RedisServer, query: &str) -> RedisStore {
    RedisStore::connect(&RedisConfig::new(&format!("{}{query}", master.url())).unwrap()).unwrap()
}

fn visit(number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), random);
    Event::new(stamp, Topic::Site, EventKind::visit(None))
}

/// Tracks these events concurrently, and returns the ids of the acknowledged ones.
async fn acknowledged(bus: &RedisBus, numbers: std::ops::Range<u64>) -> HashSet<EventId> {
    let tracked = numbers.map(|number| async move {
        let event = visit(number);
        let id = event.id;
        bus.track(event).await.is_ok().then_some(id)
    });
    join_all(tracked).await.into_iter().flatten().collect()
}

/// Returns how many of these events are not in the server's stream.
async fn missing(server: &RedisServer, ids: &HashSet<EventId>) -> usize {
    let entries = server.cli(&["XRANGE", "analytics:events", "-", "+"]).await.unwrap();
    ids.iter().filter(|id| !entries.contains(&id.to_string())).count()
}

/// Promotes the replica while events are tracked on the old master, which keeps running.
async fn missing_after_a_promotion(query: &str) -> (usize, usize) {
    let (master, replica) = pair().await;
    let bus = bus(&master, query);
    let mut ids = acknowledged(&bus, 0..50).await;
    assert_eq!(ids.len(), 50, "everything is acknowledged while the replica confirms");
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    ids.extend(acknowledged(&bus, 50..100).await);
    (ids.len(), missing(&replica, &ids).await)
}

#[tokio::test]
async fn events_acknowledged_with_wait_are_on_a_promoted_replica() {
    let (acknowledged, missing) = missing_after_a_promotion("?wait=1").await;
    assert_eq!((acknowledged, missing), (50, 0));
}

#[tokio::test]
async fn events_acknowledged_without_wait_may_be_missing_on_a_promoted_replica() {
    let (acknowledged, missing) = missing_after_a_promotion("").await;
    assert_eq!(acknowledged, 100);
    assert!(missing >= 50, "{missing} are missing");
}

#[tokio::test]
async fn an_event_is_acknowledged_again_once_the_replica_is_back() {
    let (master, replica) = pair().await;
    let bus = bus(&master, "?wait=1");
    replica.pause().await.unwrap();
    let start = Instant::now();
    let error = bus.track(visit(1)).await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("only 0 of 1 replicas"),
        "{error}"
    );
    assert!(start.elapsed() < REFUSED_WITHIN, "{:?}", start.elapsed());
    replica.resume().await.unwrap();
    while let Err(error) = bus.track(visit(1)).await {
        assert!(error.is_retryable(), "{error}");
    }
    assert_eq!(missing(&replica, &HashSet::from([visit(1).id])).await, 0);
}

#[tokio::test]
async fn events_that_a_replica_confirms_late_count_once() {
    let (master, replica) = pair().await;
    let (store, reader) = (store(&master, "?wait=1"), store(&master, ""));
    replica.pause().await.unwrap();
    let start = Instant::now();
    assert!(store.apply(&[visit(1)]).await.unwrap_err().is_retryable());
    assert!(
        store
            .salt(Day::from_number(20_000), [1; 32])
            .await
            .unwrap_err()
            .is_retryable()
    );
    assert!(store.secret([2; 32]).await.unwrap_err().is_retryable());
    assert!(store.check_writable().await.unwrap_err().is_retryable());
    assert!(start.elapsed() < 4 * REFUSED_WITHIN, "{:?}", start.elapsed());
    // Reads do not wait behind a write that waits for replicas.
    let second = [visit(2)];
    let (applied, read) = tokio::join!(store.apply(&second), async {
        let start = Instant::now();
        (store.totals(&[Topic::Site]).await.unwrap(), start.elapsed())
    });
    assert!(applied.is_err() && read.1 < Duration::from_millis(900), "{read:?}");
    replica.resume().await.unwrap();
    master.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    while let Err(error) = store.apply(&[visit(1), visit(2)]).await {
        assert!(error.is_retryable(), "{error}");
    }
    assert_eq!(reader.totals(&[Topic::Site]).await.unwrap()[0].stats.visits, 2);
    assert_eq!(store.secret([2; 32]).await.unwrap(), [2; 32]);
    assert_eq!(store.secret([3; 32]).await.unwrap(), [2; 32]);
}

#[tokio::test]
async fn the_check_of_the_replicas_fails_while_a_replica_is_stopped() {
    let (master, replica) = pair().await;
    let connect = |query: &str| {
        let config = RedisConfig::new(&format!("{}{query}", master.url())).unwrap();
        NodeRegistry::connect(&config).unwrap()
    };
    let (waiting, other) = (connect("?wait=1"), connect(""));
    waiting.check_replicas().await.unwrap();
    replica.pause().await.unwrap();
    let error = waiting.check_replicas().await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("only 0 of 1 replicas"),
        "{error}"
    );
    other.check_replicas().await.unwrap();
    let expires = master.cli(&["PTTL", "horizon:replica-check"]).await.unwrap();
    assert!(expires.trim().parse::<i64>().unwrap() > 0, "{expires}");
    replica.resume().await.unwrap();
    while let Err(error) = waiting.check_replicas().await {
        assert!(error.is_retryable(), "{error}");
    }
}

#[tokio::test]
async fn a_bus_without_a_stream_rejects_wait() {
    let config = RedisConfig::new("redis://127.0.0.1:1?wait=1").unwrap();
    let refusal = RedisPubSubBus::connect(&config, Arc::new(MemoryStore::new())).unwrap_err();
    assert!(
        !refusal.is_retryable() && refusal.to_string().contains("`wait`"),
        "{refusal}"
    );
}
