//! Entries that were removed one by one, and a Redis that has no memory left.

use std::time::Duration;

use horizon_core::Analytics;
use tokio::time::timeout;

use crate::{Stage, hit, lost, until};

/// How long a step may take that acknowledges what was counted before.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(2);

/// How often accumulators read.
async fn reads(stage: &Stage) -> u64 {
    stage.calls("xreadgroup").await
}

/// Tracks five events, lets the feed `one` read them, and ends it with all that it has under way.
async fn five_are_read_by_a_feed_that_ends(stage: &Stage) {
    stage.track(0..5).await;
    stage.looked(2).await;
    let before = stage.clients().await;
    let feed = stage.feed("one");
    until("they are read", async || {
        let pending = stage.redis(&["XPENDING", "analytics:events", "accumulators"]).await;
        pending.starts_with("5")
    })
    .await;
    drop(feed);
    until("its connections are closed", async || stage.clients().await <= before).await;
}

#[tokio::test]
async fn entries_that_are_gone_are_counted_once_although_the_sum_cannot_be_written_at_first() {
    let stage = Stage::new(&[]).await;
    five_are_read_by_a_feed_that_ends(&stage).await;
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    stage.redis(&["ACL", "SETUSER", "default", "-hincrby"]).await;
    let before = reads(&stage).await;
    let feed = stage.feed("one");
    until("it tries three times", async || reads(&stage).await >= before + 3).await;
    stage.redis(&["ACL", "SETUSER", "default", "+hincrby"]).await;
    let monitors = [feed.monitor(), stage.pipe.monitor()];
    until("both know", async || monitors.iter().all(|monitor| lost(monitor) > 0)).await;
    stage.looked(4).await;
    assert_eq!((monitors.each_ref().map(lost), monitors[0].found()), ([5, 5], 5));
}

#[tokio::test]
async fn entries_of_a_dead_consumer_that_are_gone_are_counted_once() {
    let stage = Stage::new(&[]).await;
    five_are_read_by_a_feed_that_ends(&stage).await;
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let (two, three) = (stage.feed("two"), stage.feed("three"));
    let monitors = [two.monitor(), three.monitor(), stage.pipe.monitor()];
    until("all of them know", async || {
        monitors.iter().all(|monitor| lost(monitor) > 0)
    })
    .await;
    stage.looked(6).await;
    assert_eq!(monitors.each_ref().map(lost), [5, 5, 5]);
    assert_eq!(monitors.iter().map(horizon_redis::BusMonitor::found).sum::<u64>(), 5);
}

#[tokio::test]
async fn a_full_redis_is_drained_by_an_accumulator_that_connects_while_it_is_full() {
    let stage = Stage::new(&["--maxmemory", "4mb", "--maxmemory-policy", "noeviction"]).await;
    drop(stage.feed("zero"));
    let mut taken = 0;
    // An entry that holds no event stands in the way.
    stage
        .redis(&["XADD", "analytics:events", "*", "event", "nonsense"])
        .await;
    for first in (0..).step_by(500) {
        let some = (first..first + 500).map(|number| stage.pipe.track(hit(number)));
        let answers = futures::future::join_all(some).await;
        taken += answers.iter().filter(|answer| answer.is_ok()).count() as u64;
        if answers.iter().any(Result::is_err) {
            break;
        }
    }
    let mut feed = stage.feed("one");
    stage.count(&mut feed, taken).await;
    until("one is taken again", async || {
        let _ = timeout(ACKNOWLEDGED_WITHIN, stage.step(&mut feed)).await;
        stage.pipe.track(hit(1_000_000)).await.is_ok()
    })
    .await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn an_entry_that_is_deleted_ahead_does_not_make_all_events_ever_added_wait() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    stage.track(0..50).await;
    stage.count(&mut feed, 50).await;
    stage.looked(4).await;
    drop(feed);
    stage.track(50..55).await;
    let entries = stage
        .redis(&["XREVRANGE", "analytics:events", "+", "-", "COUNT", "3"])
        .await;
    let third = entries
        .lines()
        .filter(|line| line.contains('-') && !line.contains('{'))
        .nth(2);
    stage.redis(&["XDEL", "analytics:events", third.unwrap().trim()]).await;
    // Read up to the gap, the group does not know any more how much it was handed.
    let read = ["XREADGROUP", "GROUP", "accumulators", "other", "COUNT", "1"];
    stage
        .redis(&[&read[..], &["STREAMS", "analytics:events", ">"]].concat())
        .await;
    stage.looked(2).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    let monitor = stage.pipe.monitor();
    until("the loss is found", async || lost(&monitor) > 0).await;
    assert!(lost(&monitor) <= 5, "{} are lost of five", lost(&monitor));
}
