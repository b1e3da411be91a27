//! The store: conformance, several processes, and a Redis that is killed, full or without its scripts.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod conformance;
mod failures;
mod names;
mod pages;
mod privacy;
mod processes;
mod random;
mod reports;
mod salts;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{
    Draft, Event, EventId, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, VisitorKey,
};
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisConfig, RedisStore};
use tokio::time::sleep;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const MILLI: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn start() -> (RedisServer, Arc<RedisStore>) {
    let server = RedisServer::start(&[]).await.expect("a redis-server");
    let store = connect(&server);
    (server, store)
}

fn connect(server: &RedisServer) -> Arc<RedisStore> {
    let config = RedisConfig::new(&server.url()).expect("its address");
    Arc::new(RedisStore::connect(&config).expect("a connection that is not made yet"))
}

/// Returns whether a file of the folder contains the bytes.
fn contains(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return contains(&path, bytes);
        }
        // Redis deletes the old file in the background.
        let file = fs::read(&path).unwrap_or_default();
        file.windows(bytes.len()).any(|window| window == bytes)
    })
}

fn page(slug: &str) -> Topic {
    Slug::new(slug).expect("a slug").into()
}

fn event(topic: &Topic, at: Timestamp, number: u64, kind: EventKind) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(at, random), topic.clone(), kind)
}

fn hit(topic: &Topic, number: u64) -> Event {
    event(topic, NOW, number, EventKind::visit(None))
}

fn visit(topic: &Topic, number: u64) -> Event {
    let visitor = Some(VisitorKey::from_u128(number.into()));
    event(topic, NOW, number, EventKind::visit(visitor))
}

fn like(topic: &Topic, number: u64, reader: u64, likes: bool) -> Event {
    let reader = ReaderId::from_u128(reader.into());
    let kind = if likes {
        EventKind::Like { reader }
    } else {
        EventKind::Unlike { reader }
    };
    event(topic, NOW, number, kind)
}

fn comment(topic: &Topic, number: u64, parent: Option<EventId>, held: bool) -> Event {
    let reader = ReaderId::from_u128(7);
    let draft = Draft::new("Ada", &number.to_string(), parent).expect("a draft");
    event(
        topic,
        NOW,
        number,
        EventKind::Comment {
            reader,
            draft,
            pending: held,
        },
    )
}

async fn visits(store: &RedisStore, topic: &Topic) -> u64 {
    store.total(topic).await.expect("the store reads").stats.visits
}

/// Applies the events, with retries like an accumulator.
async fn apply(store: &RedisStore, events: &[Event]) {
    while let Err(error) = store.apply(events).await {
        assert!(error.is_retryable(), "{error:?}");
        sleep(10 * MILLI).await;
    }
}
