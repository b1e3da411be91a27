//! Redis 7 forgets how many entries a group was handed when it restarts from its log and when a replica is promoted.

use std::sync::Arc;

use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};

use crate::{Stage, lost, until};

#[tokio::test]
async fn a_restart_from_a_rewritten_log_loses_nothing_and_raises_no_alarm() {
    let mut stage = Stage::new(&["--appendfsync", "always"]).await;
    let mut feed = stage.feed("one");
    stage.track(0..13).await;
    stage.count(&mut feed, 13).await;
    stage.redis(&["BGREWRITEAOF"]).await;
    until("the log is rewritten", async || {
        let state = stage.redis(&["INFO", "persistence"]).await;
        state.contains("aof_rewrite_in_progress:0") && state.contains("aof_rewrite_scheduled:0")
    })
    .await;
    stage.track(13..23).await;
    stage.count(&mut feed, 23).await;
    stage.looked(4).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    stage.track(23..25).await;
    stage.count(&mut feed, 25).await;
    stage.looked(4).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn a_restart_in_the_second_after_a_read_raises_no_alarm() {
    let mut stage = Stage::new(&["--appendfsync", "always"]).await;
    let mut feed = stage.feed("one");
    stage.track(0..13).await;
    stage.count(&mut feed, 13).await;
    stage.looked(4).await;
    // What is read from here on is not followed by a look.
    stage.track(13..23).await;
    stage.count(&mut feed, 23).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    stage.track(23..24).await;
    stage.count(&mut feed, 24).await;
    stage.looked(4).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn a_promoted_replica_that_has_everything_raises_no_alarm() {
    let mut stage = Stage::new(&["--repl-diskless-sync-delay", "0"]).await;
    let mut feed = stage.feed("one");
    stage.track(0..13).await;
    stage.count(&mut feed, 13).await;
    stage.looked(4).await;
    let port = stage.server.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
    until("it has everything", async || {
        stage.redis(&["WAIT", "1", "100"]).await == "1"
    })
    .await;
    stage.track(13..23).await;
    stage.count(&mut feed, 23).await;
    stage.redis(&["WAIT", "1", "1000"]).await;
    drop(feed);
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    stage.config = RedisConfig::new(&replica.url()).unwrap();
    stage.server = replica;
    stage.pipe = RedisBus::connect(&stage.config, Arc::clone(&stage.store) as _).unwrap();
    let mut feed = stage.feed("two");
    stage.track(23..25).await;
    stage.count(&mut feed, 25).await;
    stage.looked(4).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn what_is_trimmed_unread_after_a_restart_is_still_found() {
    let mut stage = Stage::new(&["--appendfsync", "always"]).await;
    let mut feed = stage.feed("one");
    stage.track(0..13).await;
    stage.count(&mut feed, 13).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    stage.track(13..14).await;
    stage.count(&mut feed, 14).await;
    stage.looked(4).await;
    drop(feed);
    stage.track(14..19).await;
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "2"]).await;
    let mut feed = stage.feed("two");
    stage.count(&mut feed, 16).await;
    let (feed, pipe) = (feed.monitor(), stage.pipe.monitor());
    until("three are missing", async || feed.found() + pipe.found() == 3).await;
}
