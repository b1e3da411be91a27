//! Delivery through failures of Redis, of connections and of accumulators.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use horizon_core::{EventBus, EventConsumer, Stats, StatsStore, Topic, Update};
use horizon_redis::{ConsumerConfig, RedisBus, RedisConsumer};
use tokio::time::{sleep, timeout};

use crate::{PATIENCE, TestStream, hit, until};

async fn wait_for_visits(totals: &mut (impl futures::Stream<Item = Stats> + Unpin), visits: u64) {
    let received = async { while totals.next().await.is_some_and(|stats| stats.visits < visits) {} };
    assert!(
        timeout(PATIENCE, received).await.is_ok(),
        "the watch did not return {visits} visits"
    );
}

#[tokio::test]
async fn the_stream_is_trimmed_behind_the_slowest_group() {
    let stream = TestStream::new(&[]).await;
    stream
        .redis(&["XGROUP", "CREATE", "analytics:events", "slow", "0", "MKSTREAM"])
        .await;
    let mut consumer = stream.consumer("one");
    for number in 0..10 {
        stream.track_with_retries(number).await;
    }
    stream.count(&mut consumer, 10).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        stream.redis(&["XLEN", "analytics:events"]).await,
        "10",
        "the slow group has read nothing"
    );
    stream.redis(&["XGROUP", "DESTROY", "analytics:events", "slow"]).await;
    until("acknowledged entries are trimmed", async || {
        stream.redis(&["XLEN", "analytics:events"]).await == "1"
    })
    .await;
    assert_eq!(consumer.state()().lost, 0);
}

#[tokio::test]
async fn removing_unread_events_is_reported() {
    let stream = TestStream::new(&[]).await;
    for number in 0..3 {
        stream.track_with_retries(number).await;
    }
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "1"]).await;
    let mut consumer = stream.consumer("one");
    let state = consumer.state();
    stream.count(&mut consumer, 1).await;
    until("two events are lost", async || state().lost == 2).await;
    drop(consumer);
    until("its connection is closed", async || {
        !stream.redis(&["CLIENT", "LIST"]).await.contains("cmd=xreadgroup")
    })
    .await;
    stream.track_with_retries(3).await;
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let consumer = stream.consumer("two");
    let state = consumer.state();
    until("one event is lost", async || state().lost == 1).await;
}

#[tokio::test]
async fn removing_pending_events_is_reported() {
    let stream = TestStream::new(&[]).await;
    stream.track_with_retries(0).await;
    let mut dead = stream.consumer("dead");
    dead.next_batch(NonZeroUsize::MIN).await.unwrap();
    drop(dead);
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let consumer = stream.consumer("alive");
    let state = consumer.state();
    until("one event is lost", async || state().lost == 1).await;
}

#[tokio::test]
async fn normal_traffic_is_not_reported_as_a_loss() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    let state = consumer.state();
    for number in 0..300 {
        stream.track_with_retries(number).await;
        if number % 3 == 0 {
            stream.count(&mut consumer, number + 1).await;
        }
    }
    stream.count(&mut consumer, 300).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!((state().lost, state().unread, state().pending), (0, 0, 0));
}

#[tokio::test]
async fn an_entry_that_is_not_an_event_is_rejected_with_a_reason_and_the_rest_is_counted() {
    let stream = TestStream::new(&[]).await;
    stream
        .redis(&["XADD", "analytics:events", "*", "event", "nonsense"])
        .await;
    stream.redis(&["XADD", "analytics:events", "*", "other", "field"]).await;
    stream
        .redis(&[
            "XADD",
            "analytics:events",
            "*",
            "event",
            r#"{"v":9,"topic":"site","type":"visit"}"#,
        ])
        .await;
    stream.track_with_retries(0).await;
    let mut consumer = stream.consumer("one");
    stream.count(&mut consumer, 1).await;
    let aside = stream.redis(&["XRANGE", "analytics:refused", "-", "+"]).await;
    for reason in ["nonsense", "missing field `event`", "version 9 is not supported"] {
        assert!(aside.contains(reason), "{aside}");
    }
    until("nothing is pending", async || consumer.state()().pending == 0).await;
    assert_eq!(consumer.state()().rejected, 3);
}

#[tokio::test]
async fn an_event_without_an_id_counts_once() {
    let stream = TestStream::new(&[]).await;
    let by_hand = r#"{"v":1,"topic":"site","type":"visit"}"#;
    stream.redis(&["XADD", "analytics:events", "*", "event", by_hand]).await;
    let mut first = stream.consumer("one");
    let batch = first.next_batch(NonZeroUsize::MIN).await.unwrap();
    stream.store.apply(&batch.events).await.unwrap();
    drop(first);
    let mut second = stream.consumer("two");
    let again = second.next_batch(NonZeroUsize::MIN).await.unwrap();
    stream.store.apply(&again.events).await.unwrap();
    assert_eq!(stream.visits().await, 1);
}

#[tokio::test]
async fn two_consumers_share_the_events_and_one_takes_over_from_the_other() {
    let stream = TestStream::new(&[]).await;
    let (mut one, mut two) = (stream.consumer("one"), stream.consumer("two"));
    for number in 0..100 {
        stream.track_with_retries(number).await;
    }
    let (first, second) = tokio::join!(one.next_batch(NonZeroUsize::MIN), two.next_batch(NonZeroUsize::MIN));
    assert_ne!(first.unwrap().events, second.unwrap().events);
    drop(one);
    stream.count(&mut two, 100).await;
    assert!(two.state()().claimed > 0);
}

#[tokio::test]
async fn a_silent_consumer_is_removed_once_it_has_no_pending_events() {
    let stream = TestStream::new(&[]).await;
    stream.track_with_retries(0).await;
    let mut dead = stream.consumer("dead");
    dead.next_batch(NonZeroUsize::MIN).await.unwrap();
    drop(dead);
    let mut config = ConsumerConfig::new("alive");
    config.claim_after = Duration::from_secs(2);
    config.forget_after = Duration::from_millis(1_500);
    let mut alive = RedisConsumer::connect(&stream.config, config).unwrap();
    let consumers = async || {
        stream
            .redis(&["XINFO", "CONSUMERS", "analytics:events", "accumulators"])
            .await
    };
    sleep(Duration::from_millis(1_800)).await;
    assert!(consumers().await.contains("dead"), "it has a pending event");
    stream.count(&mut alive, 1).await;
    until("the dead consumer is removed", async || {
        !consumers().await.contains("dead")
    })
    .await;
    assert!(consumers().await.contains("alive"));
}

#[tokio::test]
async fn a_watch_gets_totals_that_were_published_while_its_connection_was_down() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    let mut totals = stream.bus.watch(Topic::Site);
    for number in 0..10 {
        stream.redis(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        stream.track_with_retries(number).await;
        stream.count(&mut consumer, number + 1).await;
        wait_for_visits(&mut totals, number + 1).await;
    }
}

#[tokio::test]
async fn bus_consumer_and_watch_recover_after_redis_is_killed() {
    let mut stream = TestStream::new(&["--appendfsync", "always"]).await;
    let mut consumer = stream.consumer("one");
    let mut totals = stream.bus.watch(Topic::Site);
    for number in 0..5 {
        stream.track_with_retries(number * 2).await;
        stream.server.kill().await.unwrap();
        let error = stream.bus.track(hit(number * 2 + 1)).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        stream.server.start_again().await.unwrap();
        stream.track_with_retries(number * 2 + 1).await;
        stream.count(&mut consumer, number * 2 + 2).await;
        wait_for_visits(&mut totals, number * 2 + 2).await;
    }
    assert_eq!(consumer.state()().lost, 0);
}

#[tokio::test]
async fn an_event_that_redis_confirmed_too_late_counts_once() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    stream.track_with_retries(0).await;
    stream.count(&mut consumer, 1).await;
    stream.server.pause().await.unwrap();
    assert!(stream.bus.track(hit(1)).await.unwrap_err().is_retryable());
    stream.server.resume().await.unwrap();
    stream.track_with_retries(1).await;
    stream.track_with_retries(2).await;
    stream.count(&mut consumer, 3).await;
    assert_eq!(stream.visits().await, 3);
}

#[tokio::test]
async fn without_memory_events_are_rejected_and_none_is_lost() {
    let stream = TestStream::new(&["--maxmemory-policy", "noeviction"]).await;
    let mut consumer = stream.consumer("one");
    stream.track_with_retries(0).await;
    stream.redis(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let error = stream.bus.track(hit(1)).await.unwrap_err();
    assert!(
        error.is_retryable() && format!("{error:?}").contains("OOM"),
        "{error:?}"
    );
    // Totals are published before events are acknowledged, and a full Redis can still be drained.
    consumer.publish(&[Update::empty(Topic::Site)]).await.unwrap();
    stream.redis(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let newer = Update::new(Topic::Site, Stats::default(), 7);
    let error = consumer.publish(&[newer]).await.unwrap_err();
    assert!(error.is_retryable(), "several commands at once: {error:?}");
    stream.redis(&["REPLICAOF", "NO", "ONE"]).await;
    stream.redis(&["CONFIG", "SET", "maxmemory", "0"]).await;
    stream.track_with_retries(1).await;
    stream.count(&mut consumer, 2).await;
}

#[tokio::test]
async fn a_full_stream_rejects_events() {
    let stream = TestStream::new(&[]).await;
    let bus = RedisBus::with_capacity(&stream.config, Arc::clone(&stream.store) as _, 3).unwrap();
    for number in 0..3 {
        bus.track(hit(number)).await.unwrap();
    }
    let error = bus.track(hit(3)).await.unwrap_err();
    assert_eq!(error.to_string(), "too many events wait to be counted");
    assert!(error.is_retryable());
    let mut consumer = stream.consumer("one");
    stream.count(&mut consumer, 3).await;
    until("events are accepted again", async || bus.track(hit(3)).await.is_ok()).await;
    stream.count(&mut consumer, 4).await;
}

#[tokio::test]
async fn concurrent_events_share_round_trips() {
    let stream = TestStream::new(&[]).await;
    let before = stream.calls("xlen").await;
    let events: Vec<_> = (0..2_000).map(hit).collect();
    for answer in futures::future::join_all(events.iter().map(|event| stream.bus.track(event.clone()))).await {
        answer.unwrap();
    }
    // Each group reads the length of the stream once.
    let groups = stream.calls("xlen").await - before;
    assert!((4..=40).contains(&groups), "{groups} round trips for 2,000 events");
    assert_eq!(stream.redis(&["XLEN", "analytics:events"]).await, "2000");
}

#[tokio::test]
async fn a_forged_message_does_not_change_the_totals() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    let mut totals = stream.bus.watch(Topic::Site);
    stream.track_with_retries(0).await;
    stream.count(&mut consumer, 1).await;
    wait_for_visits(&mut totals, 1).await;
    let false_message =
        r#"{"v":1,"topic":"site","revision":999,"visits":999,"likes":0,"comments":0,"comments_revision":0}"#;
    stream.redis(&["PUBLISH", "stats:site", false_message]).await;
    stream.redis(&["PUBLISH", "stats:site", "nonsense"]).await;
    stream.track_with_retries(1).await;
    stream.count(&mut consumer, 2).await;
    let next = timeout(PATIENCE, totals.next()).await.unwrap();
    assert_eq!(next.map(|stats| stats.visits), Some(2));
}
