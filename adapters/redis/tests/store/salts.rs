//! Erased salts are erased from the append-only file, too.

use std::fs;
use std::path::Path;

use horizon_core::{SaltStore, StatsStore};
use horizon_redis::testing::RedisServer;
use tempfile::TempDir;
use tokio::time::sleep;

use super::{DAY, MILLI, NOW, connect};

const SECRET: [u8; 32] = [0xa7; 32];

async fn start(folder: &TempDir) -> RedisServer {
    let folder = folder.path().display().to_string();
    RedisServer::start(&["--dir", &folder, "--appendfsync", "always"])
        .await
        .expect("a redis-server")
}

/// Returns whether a file of the folder contains the salt.
fn is_on_disk(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path);
        }
        // Redis deletes the old file in the background.
        let bytes = fs::read(&path).unwrap_or_default();
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    })
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
    while is_on_disk(folder.path()) {
        sleep(10 * MILLI).await;
    }
    assert_eq!(
        server.cli(&["EXISTS", "horizon:aof-rewrite-due"]).await.unwrap().trim(),
        "0"
    );
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
