//! The keys of visitors are erased from Redis and from its files.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use horizon_core::{Event, EventBus, EventConsumer, EventKind, StatsStore, Topic, Visit, VisitCause, VisitorKey};
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer, RedisStore};
use tokio::time::{sleep, timeout};

use super::{DAY, MILLI, NOW, connect, contains, event, hit, page};

/// How long a condition may take to hold.
const DEADLINE: Duration = Duration::from_secs(30);

const VISITOR: VisitorKey = VisitorKey::from_u128(0xa7c3_51d2_9b0e_4f68_8e17_b5a4_c96d_2f3b);

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(DEADLINE, async {
        while !holds().await {
            sleep(10 * MILLI).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}

/// Returns the forms in which the files contain the key: as 16 bytes and as digits.
fn forms_in(folder: &Path) -> [bool; 2] {
    let bytes = VISITOR.as_u128().to_be_bytes();
    let digits = format!("{:032x}", VISITOR.as_u128());
    [contains(folder, &bytes), contains(folder, digits.as_bytes())]
}

fn visit(topic: &Topic, number: u64) -> Event {
    let mut visit = Visit::of(Some(VISITOR));
    visit.cause = Some(VisitCause::Open);
    event(topic, NOW, number, EventKind::Visit(visit))
}

/// Applies events and acknowledges them until there were this many.
async fn count(consumer: &mut RedisConsumer, store: &RedisStore, events: usize) {
    let mut counted = 0;
    while counted < events {
        let batch = consumer.next_batch(NonZeroUsize::MAX).await.unwrap();
        counted += batch.events.len();
        store.apply(&batch.events).await.unwrap();
        consumer.acknowledge(batch.ack).await.unwrap();
    }
}

#[tokio::test]
async fn a_visitor_key_is_nowhere_after_the_day_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let options = ["--dir", &path, "--appendfsync", "always", "--rdbcompression", "no"];
    // With a text in front, so that the rewritten file is searched, too.
    let server = RedisServer::start(&[&options[..], &["--aof-use-rdb-preamble", "no"]].concat())
        .await
        .unwrap();
    let config = RedisConfig::new(&server.url()).unwrap();
    let (store, other) = (connect(&server), connect(&server));
    let bus = RedisBus::connect(&config, connect(&server)).unwrap();
    for (topic, number) in [(Topic::Site, 1), (page("one"), 2)] {
        bus.track(visit(&topic, number)).await.unwrap();
    }
    let broken = format!(
        r#"{{"v":9,"topic":"site","type":"visit","visitor":"{:032x}"}}"#,
        VISITOR.as_u128()
    );
    for entry in [broken.as_str(), broken.trim_end_matches('}')] {
        server
            .cli(&["XADD", "analytics:events", "*", "event", entry])
            .await
            .unwrap();
    }
    let mut consumer = RedisConsumer::connect(&config, ConsumerConfig::new("one")).unwrap();
    // Redis keeps the bytes of trimmed entries until their node of at most 100 entries or 4 KB is empty.
    for number in 3..103 {
        bus.track(hit(&Topic::Site, number)).await.unwrap();
    }
    count(&mut consumer, &store, 102).await;
    until("the broken entries are rejected", async || {
        server.cli(&["XLEN", "analytics:refused"]).await.unwrap().trim() == "2"
    })
    .await;
    let refused = server.cli(&["XRANGE", "analytics:refused", "-", "+"]).await.unwrap();
    assert!(!refused.contains(&format!("{:032x}", VISITOR.as_u128())), "{refused}");
    server.cli(&["SAVE"]).await.unwrap();
    assert_eq!(forms_in(folder.path()), [true, true], "the test reads the right files");
    until("the events are trimmed", async || {
        server.cli(&["XLEN", "analytics:events"]).await.unwrap().trim() == "1"
    })
    .await;
    drop(consumer);
    other.expire(NOW.plus(DAY * 4)).await.unwrap();
    // A snapshot keeps the keys until the next one.
    server.cli(&["SAVE"]).await.unwrap();
    until("the key is in no file", async || {
        forms_in(folder.path()) == [false, false]
    })
    .await;
}

/// Returns how often the append-only file was rewritten.
async fn rewrites(server: &RedisServer) -> String {
    let stats = server.cli(&["INFO", "persistence"]).await.unwrap();
    let line = stats.lines().find(|line| line.starts_with("aof_rewrites:"));
    line.unwrap().trim().to_owned()
}

#[tokio::test]
async fn the_file_is_rewritten_after_visitors_of_the_last_version_were_erased() {
    let server = RedisServer::start(&[]).await.unwrap();
    let store = connect(&server);
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    let seen = NOW.as_millis().to_string();
    let add = async |member: &str| {
        let words = ["ZADD", "horizon:{site}:visitors", &seen, member];
        server.cli(&words).await.unwrap();
    };
    add("sixteen bytes 01").await;
    store.expire(NOW).await.unwrap();
    assert_eq!(rewrites(&server).await, "aof_rewrites:0");
    store.expire(NOW.plus(DAY * 2)).await.unwrap();
    assert_eq!(rewrites(&server).await, "aof_rewrites:1");
    // A visitor who comes back has a state from then on.
    add("sixteen bytes 02").await;
    let back = VisitorKey::from_u128(u128::from_be_bytes(*b"sixteen bytes 02"));
    store
        .apply(&[event(&Topic::Site, NOW, 2, EventKind::visit(Some(back)))])
        .await
        .unwrap();
    let left = server.cli(&["ZCARD", "horizon:{site}:visitors"]).await.unwrap();
    assert_eq!(left.trim(), "0");
    store.expire(NOW).await.unwrap();
    assert_eq!(rewrites(&server).await, "aof_rewrites:2");
}

#[tokio::test]
async fn the_file_is_rewritten_only_after_states_were_erased() {
    let server = RedisServer::start(&[]).await.unwrap();
    let store = connect(&server);
    store.apply(&[visit(&Topic::Site, 1)]).await.unwrap();
    store.expire(NOW.plus(DAY)).await.unwrap();
    assert_eq!(rewrites(&server).await, "aof_rewrites:0");
    for _ in 0..2 {
        store.expire(NOW.plus(DAY * 4)).await.unwrap();
    }
    assert_eq!(rewrites(&server).await, "aof_rewrites:1");
    // The batch that closes a day erases the states that it reads.
    let mut later = visit(&Topic::Site, 2);
    later.at = NOW.plus(DAY * 5);
    let mut much_later = visit(&page("one"), 3);
    much_later.at = NOW.plus(DAY * 10);
    store.apply(&[later]).await.unwrap();
    store.apply(&[much_later]).await.unwrap();
    store.expire(NOW.plus(DAY * 10)).await.unwrap();
    assert_eq!(rewrites(&server).await, "aof_rewrites:2");
}
