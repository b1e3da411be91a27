//! Erased salts are erased from the append-only file, too.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use horizon_core::{SaltStore, StatsStore};
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tracing::{Level, Metadata, Subscriber, span};

use super::{DAY, MILLI, NOW, connect, contains};

/// How long Redis may take to delete the old file.
const DEADLINE: Duration = Duration::from_secs(30);

const SECRET: [u8; 32] = [0xa7; 32];

async fn start(folder: &TempDir) -> RedisServer {
    let folder = folder.path().display().to_string();
    RedisServer::start(&["--dir", &folder, "--appendfsync", "always"])
        .await
        .expect("a redis-server")
}

/// Returns whether a file of the folder contains the salt.
fn is_on_disk(folder: &Path) -> bool {
    contains(folder, &SECRET)
}

#[tokio::test]
async fn an_erased_salt_is_removed_from_the_append_only_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let (web, accumulator) = (connect(&server), connect(&server));
    web.salt(NOW.day(), SECRET).await.unwrap();
    assert!(is_on_disk(folder.path()), "the test reads the right files");
    // The next day's first visitor erases it.
    web.salt(NOW.plus(3 * DAY).day(), [1; 32]).await.unwrap();
    assert!(is_on_disk(folder.path()));
    accumulator.expire(NOW.plus(3 * DAY)).await.unwrap();
    let erased = timeout(DEADLINE, async {
        while is_on_disk(folder.path()) {
            sleep(10 * MILLI).await;
        }
    });
    erased
        .await
        .expect("the append-only file still contains the salt after 30 seconds");
    assert_eq!(
        server.cli(&["EXISTS", "horizon:aof-rewrite-due"]).await.unwrap().trim(),
        "0"
    );
}

/// Counts the warnings of the code.
#[derive(Clone, Default)]
struct WarningCount(Arc<AtomicUsize>);

impl Subscriber for WarningCount {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn of_two_accumulators_one_rewrites_the_file_and_none_warns() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let (one, two) = (connect(&server), connect(&server));
    one.salt(NOW.day(), SECRET).await.unwrap();
    // So that a rewrite takes longer than the two take to ask for one: 500 ms a key.
    let slow = ["CONFIG", "SET", "rdb-key-save-delay", "500000"];
    server.cli(&slow).await.unwrap();
    let warnings = WarningCount::default();
    let guard = tracing::subscriber::set_default(warnings.clone());
    let later = NOW.plus(3 * DAY);
    let (first, second) = tokio::join!(one.expire(later), two.expire(later));
    drop(guard);
    first.unwrap();
    second.unwrap();
    assert_eq!(warnings.0.load(Ordering::Relaxed), 0);
    let stats = server.cli(&["INFO", "persistence"]).await.unwrap();
    assert!(stats.contains("aof_rewrites:1\r\n"), "{stats}");
}

#[tokio::test]
async fn the_append_only_file_is_rewritten_only_after_salts_were_erased() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder).await;
    let store = connect(&server);
    let rewrites = async || {
        let stats = server.cli(&["INFO", "persistence"]).await.unwrap();
        let line = stats.lines().find(|line| line.starts_with("aof_rewrites:"));
        line.unwrap().trim().to_owned()
    };
    store.salt(NOW.day(), SECRET).await.unwrap();
    store.expire(NOW).await.unwrap();
    assert_eq!(rewrites().await, "aof_rewrites:0");
    for _ in 0..3 {
        store.expire(NOW.plus(3 * DAY)).await.unwrap();
    }
    assert_eq!(rewrites().await, "aof_rewrites:1");
}

#[tokio::test]
async fn data_is_expired_where_a_rewrite_is_forbidden_or_there_is_no_file() {
    for (option, value) in [("--rename-command", "BGREWRITEAOF"), ("--appendonly", "no")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display().to_string();
        let mut options = vec!["--dir", &path, option, value];
        options.extend((option == "--rename-command").then_some("HIDDEN"));
        let server = RedisServer::start(&options).await.unwrap();
        let store = connect(&server);
        store.salt(NOW.day(), SECRET).await.unwrap();
        store.expire(NOW.plus(3 * DAY)).await.unwrap();
        assert_eq!(server.cli(&["HLEN", "horizon:salts"]).await.unwrap().trim(), "0");
        assert_eq!(
            server.cli(&["EXISTS", "horizon:aof-rewrite-due"]).await.unwrap().trim(),
            "0"
        );
        assert_eq!(folder.path().join("appendonlydir").exists(), value != "no");
    }
}
