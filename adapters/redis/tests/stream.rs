//! What the stream promises beyond a pipe: through the death of Redis, of connections and of accumulators.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use horizon_core::{
    Analytics, Event, EventConsumer, EventKind, Stamp, Stats, StatsStore, StatsStoreExt, Timestamp, Topic, Update,
    process_batch,
};
use horizon_memory::MemoryStats;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer};
use tokio::time::{sleep, timeout};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

struct Stage {
    server: RedisServer,
    config: RedisConfig,
    store: Arc<MemoryStats>,
    pipe: RedisBus,
}

impl Stage {
    async fn new(options: &[&str]) -> Self {
        let server = RedisServer::start(options).await.unwrap();
        let config = RedisConfig::new(&server.url()).unwrap();
        let store = Arc::new(MemoryStats::new());
        let pipe = RedisBus::connect(&config, Arc::clone(&store) as _).unwrap();
        Self {
            server,
            config,
            store,
            pipe,
        }
    }

    fn feed(&self, name: &str) -> RedisConsumer {
        let mut feed = ConsumerConfig::new(name);
        feed.claim_after = Duration::from_millis(200);
        RedisConsumer::connect(&self.config, feed).unwrap()
    }

    /// Tracks, and tries again until it is taken.
    async fn track(&self, event: &Event) {
        let tracked = async {
            while let Err(error) = self.pipe.track(event.clone()).await {
                assert!(error.is_retryable(), "{error:?}");
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, tracked).await.expect("the event is taken in the end");
    }

    /// Counts until the site has so many visits.
    async fn count(&self, feed: &mut RedisConsumer, visits: u64) {
        let counted = async {
            while self.visits().await < visits {
                // A failed step repeats itself, as the accumulator's does.
                let _ = process_batch(feed, &*self.store, &|| NOW, NonZeroUsize::MAX).await;
            }
        };
        let counted = timeout(PATIENCE, counted).await;
        assert!(
            counted.is_ok(),
            "{} of {visits} visits are counted",
            self.visits().await
        );
    }

    async fn visits(&self) -> u64 {
        self.store.total(&Topic::Site).await.unwrap().stats.visits
    }

    async fn redis(&self, words: &[&str]) -> String {
        self.server.cli(words).await.unwrap().trim().to_owned()
    }
}

fn hit(number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event::new(Stamp::new(NOW, random), Topic::Site, EventKind::Visit { visitor: None })
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let held = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(held.await.is_ok(), "{what}");
}

async fn hears(totals: &mut (impl futures::Stream<Item = Stats> + Unpin), visits: u64) {
    let heard = async { while totals.next().await.is_some_and(|stats| stats.visits < visits) {} };
    assert!(
        timeout(PATIENCE, heard).await.is_ok(),
        "the watch hears of {visits} visits"
    );
}

#[tokio::test]
async fn the_stream_is_trimmed_behind_the_slowest_group() {
    let stage = Stage::new(&[]).await;
    stage
        .redis(&["XGROUP", "CREATE", "analytics:events", "slow", "0", "MKSTREAM"])
        .await;
    let mut feed = stage.feed("one");
    for number in 0..10 {
        stage.track(&hit(number)).await;
    }
    stage.count(&mut feed, 10).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        stage.redis(&["XLEN", "analytics:events"]).await,
        "10",
        "the slow group has read nothing"
    );
    stage.redis(&["XGROUP", "DESTROY", "analytics:events", "slow"]).await;
    until("what everybody has acknowledged goes", async || {
        stage.redis(&["XLEN", "analytics:events"]).await == "1"
    })
    .await;
    assert_eq!(feed.state()().lost, 0);
}

#[tokio::test]
async fn removing_what_nobody_has_read_raises_an_alarm() {
    let stage = Stage::new(&[]).await;
    for number in 0..3 {
        stage.track(&hit(number)).await;
    }
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "1"]).await;
    let mut feed = stage.feed("one");
    let state = feed.state();
    stage.count(&mut feed, 1).await;
    until("the two that are gone are told", async || state().lost == 2).await;
    drop(feed);
    until("its connection is gone", async || {
        !stage.redis(&["CLIENT", "LIST"]).await.contains("cmd=xreadgroup")
    })
    .await;
    stage.track(&hit(3)).await;
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let feed = stage.feed("two");
    let state = feed.state();
    until("also where nothing is left to read", async || state().lost == 1).await;
}

#[tokio::test]
async fn removing_what_was_read_and_not_counted_raises_an_alarm() {
    let stage = Stage::new(&[]).await;
    stage.track(&hit(0)).await;
    let mut dead = stage.feed("dead");
    dead.next_batch(NonZeroUsize::MIN).await.unwrap();
    drop(dead);
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "0"]).await;
    let feed = stage.feed("alive");
    let state = feed.state();
    until("the one that is gone is told", async || state().lost == 1).await;
}

#[tokio::test]
async fn coming_and_going_events_raise_no_alarm() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    let state = feed.state();
    for number in 0..300 {
        stage.track(&hit(number)).await;
        if number % 3 == 0 {
            stage.count(&mut feed, number + 1).await;
        }
    }
    stage.count(&mut feed, 300).await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!((state().lost, state().unread, state().pending), (0, 0, 0));
}

#[tokio::test]
async fn what_is_no_event_is_put_aside_with_its_reason_and_the_rest_is_counted() {
    let stage = Stage::new(&[]).await;
    stage
        .redis(&["XADD", "analytics:events", "*", "event", "nonsense"])
        .await;
    stage.redis(&["XADD", "analytics:events", "*", "other", "field"]).await;
    stage
        .redis(&[
            "XADD",
            "analytics:events",
            "*",
            "event",
            r#"{"v":9,"topic":"site","type":"visit"}"#,
        ])
        .await;
    stage.track(&hit(0)).await;
    let mut feed = stage.feed("one");
    stage.count(&mut feed, 1).await;
    let aside = stage.redis(&["XRANGE", "analytics:refused", "-", "+"]).await;
    for reason in ["nonsense", "it has no field `event`", "its version is 9"] {
        assert!(aside.contains(reason), "{aside}");
    }
    until("nothing of it comes again", async || feed.state()().pending == 0).await;
    assert_eq!(feed.state()().refused, 3);
}

#[tokio::test]
async fn what_is_added_by_hand_counts_once_though_it_has_no_id() {
    let stage = Stage::new(&[]).await;
    let by_hand = r#"{"v":1,"topic":"site","type":"visit"}"#;
    stage.redis(&["XADD", "analytics:events", "*", "event", by_hand]).await;
    let mut first = stage.feed("one");
    let batch = first.next_batch(NonZeroUsize::MIN).await.unwrap();
    stage.store.apply(&batch.events).await.unwrap();
    drop(first);
    let mut second = stage.feed("two");
    let again = second.next_batch(NonZeroUsize::MIN).await.unwrap();
    stage.store.apply(&again.events).await.unwrap();
    assert_eq!(stage.visits().await, 1);
}

#[tokio::test]
async fn two_accumulators_share_the_work_and_one_finishes_what_the_other_leaves() {
    let stage = Stage::new(&[]).await;
    let (mut one, mut two) = (stage.feed("one"), stage.feed("two"));
    for number in 0..100 {
        stage.track(&hit(number)).await;
    }
    let (first, second) = tokio::join!(one.next_batch(NonZeroUsize::MIN), two.next_batch(NonZeroUsize::MIN));
    assert_ne!(first.unwrap().events, second.unwrap().events);
    drop(one);
    stage.count(&mut two, 100).await;
    assert!(two.state()().claimed > 0);
}

#[tokio::test]
async fn an_accumulator_that_is_long_gone_is_forgotten_once_its_work_is_done() {
    let stage = Stage::new(&[]).await;
    stage.track(&hit(0)).await;
    let mut dead = stage.feed("dead");
    dead.next_batch(NonZeroUsize::MIN).await.unwrap();
    drop(dead);
    let mut config = ConsumerConfig::new("alive");
    config.claim_after = Duration::from_secs(2);
    config.forget_after = Duration::from_millis(1_500);
    let mut alive = RedisConsumer::connect(&stage.config, config).unwrap();
    let consumers = async || {
        stage
            .redis(&["XINFO", "CONSUMERS", "analytics:events", "accumulators"])
            .await
    };
    sleep(Duration::from_millis(1_800)).await;
    assert!(consumers().await.contains("dead"), "it still has something to do");
    stage.count(&mut alive, 1).await;
    until("the dead one is forgotten", async || {
        !consumers().await.contains("dead")
    })
    .await;
    assert!(consumers().await.contains("alive"));
}

#[tokio::test]
async fn a_watch_hears_what_was_published_while_its_connection_was_gone() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    let mut totals = stage.pipe.watch(Topic::Site);
    for number in 0..10 {
        stage.redis(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        stage.track(&hit(number)).await;
        stage.count(&mut feed, number + 1).await;
        hears(&mut totals, number + 1).await;
    }
}

#[tokio::test]
async fn everything_goes_on_when_redis_is_killed_and_comes_back() {
    let mut stage = Stage::new(&["--appendfsync", "always"]).await;
    let mut feed = stage.feed("one");
    let mut totals = stage.pipe.watch(Topic::Site);
    for number in 0..5 {
        stage.track(&hit(number * 2)).await;
        stage.server.kill().await.unwrap();
        let error = stage.pipe.track(hit(number * 2 + 1)).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        stage.server.start_again().await.unwrap();
        stage.track(&hit(number * 2 + 1)).await;
        stage.count(&mut feed, number * 2 + 2).await;
        hears(&mut totals, number * 2 + 2).await;
    }
    assert_eq!(feed.state()().lost, 0);
}

#[tokio::test]
async fn an_event_that_redis_took_too_late_to_say_so_counts_once() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    stage.track(&hit(0)).await;
    stage.count(&mut feed, 1).await;
    stage.server.pause().await.unwrap();
    assert!(stage.pipe.track(hit(1)).await.unwrap_err().is_retryable());
    stage.server.resume().await.unwrap();
    stage.track(&hit(1)).await;
    stage.track(&hit(2)).await;
    stage.count(&mut feed, 3).await;
    assert_eq!(stage.visits().await, 3);
}

#[tokio::test]
async fn without_memory_left_nothing_is_taken_and_nothing_is_lost() {
    let stage = Stage::new(&["--maxmemory-policy", "noeviction"]).await;
    let mut feed = stage.feed("one");
    stage.track(&hit(0)).await;
    stage.redis(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let error = stage.pipe.track(hit(1)).await.unwrap_err();
    assert!(
        error.is_retryable() && format!("{error:?}").contains("OOM"),
        "{error:?}"
    );
    // What is counted is published before it is acknowledged, so that a full Redis can be drained.
    feed.publish(&[Update::empty(Topic::Site)]).await.unwrap();
    stage.redis(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let newer = Update::new(Topic::Site, Stats::default(), 7);
    let error = feed.publish(&[newer]).await.unwrap_err();
    assert!(error.is_retryable(), "several commands at once: {error:?}");
    stage.redis(&["REPLICAOF", "NO", "ONE"]).await;
    stage.redis(&["CONFIG", "SET", "maxmemory", "0"]).await;
    stage.track(&hit(1)).await;
    stage.count(&mut feed, 2).await;
}

#[tokio::test]
async fn while_too_many_events_wait_none_is_taken() {
    let stage = Stage::new(&[]).await;
    let pipe = RedisBus::with_capacity(&stage.config, Arc::clone(&stage.store) as _, 3).unwrap();
    for number in 0..3 {
        pipe.track(hit(number)).await.unwrap();
    }
    let error = pipe.track(hit(3)).await.unwrap_err();
    assert_eq!(error.to_string(), "too many events wait to be counted");
    assert!(error.is_retryable());
    let mut feed = stage.feed("one");
    stage.count(&mut feed, 3).await;
    until("there is room again", async || pipe.track(hit(3)).await.is_ok()).await;
    stage.count(&mut feed, 4).await;
}

#[tokio::test]
async fn events_at_the_same_time_share_round_trips() {
    let stage = Stage::new(&[]).await;
    let before = writes(&stage).await;
    let events: Vec<_> = (0..2_000).map(hit).collect();
    for answer in futures::future::join_all(events.iter().map(|event| stage.pipe.track(event.clone()))).await {
        answer.unwrap();
    }
    // Each group asks once how long the stream is.
    let groups = writes(&stage).await - before;
    assert!((4..=40).contains(&groups), "{groups} round trips for 2,000 events");
    assert_eq!(stage.redis(&["XLEN", "analytics:events"]).await, "2000");
}

async fn writes(stage: &Stage) -> u64 {
    let stats = stage.redis(&["INFO", "commandstats"]).await;
    let line = stats.lines().find(|line| line.starts_with("cmdstat_xlen:"));
    let calls = line.and_then(|line| line.split_once("calls=")?.1.split_once(','));
    calls.map_or(0, |(calls, _)| calls.parse().unwrap())
}

#[tokio::test]
async fn a_false_message_changes_no_number() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    let mut totals = stage.pipe.watch(Topic::Site);
    stage.track(&hit(0)).await;
    stage.count(&mut feed, 1).await;
    hears(&mut totals, 1).await;
    let false_message =
        r#"{"v":1,"topic":"site","revision":999,"visits":999,"likes":0,"comments":0,"comments_revision":0}"#;
    stage.redis(&["PUBLISH", "stats:site", false_message]).await;
    stage.redis(&["PUBLISH", "stats:site", "nonsense"]).await;
    stage.track(&hit(1)).await;
    stage.count(&mut feed, 2).await;
    let next = timeout(PATIENCE, totals.next()).await.unwrap();
    assert_eq!(next.map(|stats| stats.visits), Some(2));
}
