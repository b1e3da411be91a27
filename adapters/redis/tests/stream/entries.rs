//! Entries that were removed one by one, and a Redis without memory.

use std::time::Duration;

use horizon_core::EventBus;
use tokio::time::timeout;

use crate::{TestStream, hit, lost, until};

/// How long processing a batch may take that acknowledges events of an earlier one.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(2);

/// Returns how often consumers have read.
async fn reads(stream: &TestStream) -> u64 {
    stream.calls("xreadgroup").await
}

/// Tracks five events, lets the consumer `one` read them, and drops it before it acknowledges them.
async fn five_are_read_and_not_acknowledged(stream: &TestStream) {
    stream.track(0..5).await;
    stream.checked(2).await;
    let before = stream.clients().await;
    let consumer = stream.consumer("one");
    until("they are read", async || {
        let pending = stream.redis(&["XPENDING", "analytics:events", "accumulators"]).await;
        pending.starts_with("5")
    })
    .await;
    drop(consumer);
    until("its connections are closed", async || stream.clients().await <= before).await;
}

#[tokio::test]
async fn missing_entries_are_counted_once_although_the_sum_cannot_be_written_at_first() {
    let stream = TestStream::new(&[]).await;
    five_are_read_and_not_acknowledged(&stream).await;
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    stream.redis(&["ACL", "SETUSER", "default", "-hincrby"]).await;
    let before = reads(&stream).await;
    let consumer = stream.consumer("one");
    until("it retries three times", async || reads(&stream).await >= before + 3).await;
    stream.redis(&["ACL", "SETUSER", "default", "+hincrby"]).await;
    let monitors = [consumer.monitor(), stream.bus.monitor()];
    until("both know", async || monitors.iter().all(|monitor| lost(monitor) > 0)).await;
    stream.checked(4).await;
    assert_eq!((monitors.each_ref().map(lost), monitors[0].found()), ([5, 5], 5));
}

#[tokio::test]
async fn missing_entries_of_a_dead_consumer_are_counted_once() {
    let stream = TestStream::new(&[]).await;
    five_are_read_and_not_acknowledged(&stream).await;
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let (two, three) = (stream.consumer("two"), stream.consumer("three"));
    let monitors = [two.monitor(), three.monitor(), stream.bus.monitor()];
    until("all of them know", async || {
        monitors.iter().all(|monitor| lost(monitor) > 0)
    })
    .await;
    stream.checked(6).await;
    assert_eq!(monitors.each_ref().map(lost), [5, 5, 5]);
    assert_eq!(monitors.iter().map(horizon_redis::StreamMonitor::found).sum::<u64>(), 5);
}

#[tokio::test]
async fn a_full_redis_is_drained_by_an_accumulator_that_connects_while_it_is_full() {
    let stream = TestStream::new(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]).await;
    drop(stream.consumer("zero"));
    let mut taken = 0;
    // The first entry is not an event.
    stream
        .redis(&["XADD", "analytics:events", "*", "event", "nonsense"])
        .await;
    for first in (0..).step_by(500) {
        let some = (first..first + 500).map(|number| stream.bus.track(hit(number)));
        let answers = futures::future::join_all(some).await;
        taken += answers.iter().filter(|answer| answer.is_ok()).count() as u64;
        if answers.iter().any(Result::is_err) {
            break;
        }
    }
    let mut consumer = stream.consumer("one");
    stream.count(&mut consumer, taken).await;
    until("an event is accepted again", async || {
        let _ = timeout(ACKNOWLEDGED_WITHIN, stream.process_batch(&mut consumer)).await;
        stream.bus.track(hit(1_000_000)).await.is_ok()
    })
    .await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn deleting_an_unread_entry_does_not_make_all_entries_pending() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..50).await;
    stream.count(&mut consumer, 50).await;
    stream.checked(4).await;
    drop(consumer);
    stream.track(50..55).await;
    let entries = stream
        .redis(&["XREVRANGE", "analytics:events", "+", "-", "COUNT", "3"])
        .await;
    let third = entries
        .lines()
        .filter(|line| line.contains('-') && !line.contains('{'))
        .nth(2);
    stream.redis(&["XDEL", "analytics:events", third.unwrap().trim()]).await;
    // After a read up to the gap, the group does not know how many entries it has read.
    let read = ["XREADGROUP", "GROUP", "accumulators", "other", "COUNT", "1"];
    stream
        .redis(&[&read[..], &["STREAMS", "analytics:events", ">"]].concat())
        .await;
    stream.checked(2).await;
    stream.redis(&["DEL", "analytics:events"]).await;
    let monitor = stream.bus.monitor();
    until("the loss is found", async || lost(&monitor) > 0).await;
    assert!(lost(&monitor) <= 5, "{} are lost of five", lost(&monitor));
}
