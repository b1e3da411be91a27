//! Redis 7 loses the number of entries that a group has read when it restarts from its log or promotes a replica.

use std::sync::Arc;

use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};

use crate::{TestStream, lost, until};

#[tokio::test]
async fn a_restart_from_a_rewritten_log_loses_nothing_and_raises_no_alarm() {
    let mut stream = TestStream::new(&["--appendfsync", "always"]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..13).await;
    stream.count(&mut consumer, 13).await;
    stream.redis(&["BGREWRITEAOF"]).await;
    until("the log is rewritten", async || {
        let state = stream.redis(&["INFO", "persistence"]).await;
        state.contains("aof_rewrite_in_progress:0") && state.contains("aof_rewrite_scheduled:0")
    })
    .await;
    stream.track(13..23).await;
    stream.count(&mut consumer, 23).await;
    stream.checked(4).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    stream.track(23..25).await;
    stream.count(&mut consumer, 25).await;
    stream.checked(4).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn a_restart_in_the_second_after_a_read_raises_no_alarm() {
    let mut stream = TestStream::new(&["--appendfsync", "always"]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..13).await;
    stream.count(&mut consumer, 13).await;
    stream.checked(4).await;
    // No check follows the reads after this.
    stream.track(13..23).await;
    stream.count(&mut consumer, 23).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    stream.track(23..24).await;
    stream.count(&mut consumer, 24).await;
    stream.checked(4).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn a_promoted_replica_that_has_everything_raises_no_alarm() {
    let mut stream = TestStream::new(&["--repl-diskless-sync-delay", "0"]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..13).await;
    stream.count(&mut consumer, 13).await;
    stream.checked(4).await;
    let port = stream.server.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await.unwrap();
    until("it has everything", async || {
        stream.redis(&["WAIT", "1", "100"]).await == "1"
    })
    .await;
    stream.track(13..23).await;
    stream.count(&mut consumer, 23).await;
    stream.redis(&["WAIT", "1", "1000"]).await;
    drop(consumer);
    replica.cli(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    stream.config = RedisConfig::new(&replica.url()).unwrap();
    stream.server = replica;
    stream.bus = RedisBus::connect(&stream.config, Arc::clone(&stream.store) as _).unwrap();
    let mut consumer = stream.consumer("two");
    stream.track(23..25).await;
    stream.count(&mut consumer, 25).await;
    stream.checked(4).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn events_trimmed_unread_after_a_restart_are_found() {
    let mut stream = TestStream::new(&["--appendfsync", "always"]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..13).await;
    stream.count(&mut consumer, 13).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    stream.track(13..14).await;
    stream.count(&mut consumer, 14).await;
    stream.checked(4).await;
    drop(consumer);
    stream.track(14..19).await;
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "2"]).await;
    let mut consumer = stream.consumer("two");
    stream.count(&mut consumer, 16).await;
    let (consumer, bus) = (consumer.monitor(), stream.bus.monitor());
    until("three are missing", async || consumer.found() + bus.found() == 3).await;
}
