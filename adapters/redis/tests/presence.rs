//! The conformance suite of presence, and presence over several nodes.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use horizon_core::presence::{NodeId, Timing};
use horizon_core::testing::PresenceHarness;
use horizon_core::{Presence, PresenceExt, PresenceGuard, Result, Slug, Topic, VisitorKey};
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisConfig, RedisPresence};
use tokio::time::{Instant, timeout};

const ADA: VisitorKey = VisitorKey::from_u128(1);
const BOB: VisitorKey = VisitorKey::from_u128(2);

/// The timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a count waits for other nodes, if there are any.
const SETTLE_WAIT: Duration = Duration::from_millis(500);

/// A grace that is quick to wait for.
const GRACE: Duration = Duration::from_millis(400);

fn node(server: &RedisServer, name: &str) -> RedisPresence {
    let mut timing = Timing::default();
    timing.grace = GRACE;
    let config = RedisConfig::new(&server.url()).unwrap();
    RedisPresence::with_timing(&config, NodeId::new(name).unwrap(), timing).unwrap()
}

/// A presence that keeps its server running.
struct PresenceOnServer {
    presence: RedisPresence,
    /// Without viewers, but it exchanges messages.
    _other: RedisPresence,
    _server: RedisServer,
}

#[async_trait]
impl Presence for PresenceOnServer {
    async fn track(&self, topic: Topic, visitor: VisitorKey) -> Result<PresenceGuard> {
        self.presence.track(topic, visitor).await
    }
    fn watch(&self, topic: Topic) -> BoxStream<'static, u64> {
        self.presence.watch(topic)
    }
}

async fn make() -> PresenceHarness {
    let server = RedisServer::start(&[]).await.unwrap();
    let presence = PresenceOnServer {
        presence: node(&server, "one"),
        _other: node(&server, "two"),
        _server: server,
    };
    PresenceHarness {
        presence: Box::new(presence),
        grace: GRACE,
    }
}

horizon_core::presence_suite!(make);

async fn wait_for_viewers(counts: &mut BoxStream<'static, u64>, want: u64) -> Duration {
    let start = Instant::now();
    let mut last = None;
    let seen = async {
        while last != Some(want) {
            last = counts.next().await;
        }
    };
    assert!(
        timeout(PATIENCE, seen).await.is_ok(),
        "the watch returned {last:?} instead of {want}"
    );
    start.elapsed()
}

fn page(slug: &str) -> Topic {
    Slug::new(slug).unwrap().into()
}

#[tokio::test]
async fn a_viewer_counts_once_on_both_nodes() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let (mut here, mut there) = (one.watch(Topic::Site), two.watch(Topic::Site));
    let ada = one.track(Topic::Site, ADA).await.unwrap();
    wait_for_viewers(&mut here, 1).await;
    wait_for_viewers(&mut there, 1).await;
    let again = two.track(Topic::Site, ADA).await.unwrap();
    let bob = two.track(Topic::Site, BOB).await.unwrap();
    wait_for_viewers(&mut here, 2).await;
    wait_for_viewers(&mut there, 2).await;
    assert_eq!((one.own_viewers(&Topic::Site), two.own_viewers(&Topic::Site)), (1, 2));
    drop((ada, bob));
    wait_for_viewers(&mut here, 1).await;
    wait_for_viewers(&mut there, 1).await;
    drop(again);
    wait_for_viewers(&mut here, 0).await;
}

/// Channels are not patterns: a viewer of one of these pages is not a viewer of another.
#[tokio::test]
async fn pages_whose_names_look_like_patterns_are_counted_apart() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let pages = ["/", "ab", "a*", "a?", "a[b]", "{ab}", "docs/a b/é"].map(page);
    let mut watches: Vec<_> = pages.iter().map(|page| two.watch(page.clone())).collect();
    let mut guards = Vec::new();
    for (number, page) in (1..).zip(&pages) {
        for visitor in 0..number {
            guards.push(one.track(page.clone(), VisitorKey::from_u128(visitor)).await.unwrap());
        }
    }
    for (number, watch) in (1..).zip(&mut watches) {
        wait_for_viewers(watch, number).await;
    }
    for (number, page) in (1..).zip(&pages) {
        assert_eq!(two.viewers(page.clone()).await, number, "{page}");
    }
}

#[tokio::test]
async fn a_reload_on_another_node_changes_nothing() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let mut counts = two.watch(Topic::Site);
    let ada = one.track(Topic::Site, ADA).await.unwrap();
    wait_for_viewers(&mut counts, 1).await;
    drop(ada);
    let _again = two.track(Topic::Site, ADA).await.unwrap();
    let change = timeout(GRACE * 3, counts.next()).await;
    assert!(change.is_err(), "{change:?}");
}

#[tokio::test]
async fn a_short_watch_on_another_node_counts_the_viewers_of_all_nodes() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two, three) = (node(&server, "one"), node(&server, "two"), node(&server, "three"));
    let _ada = one.track(page("hello"), ADA).await.unwrap();
    let _bob = two.track(page("hello"), BOB).await.unwrap();
    wait_for_viewers(&mut one.watch(page("hello")), 2).await;
    assert_eq!(three.viewers(page("hello")).await, 2);
}

/// A call that waits takes at least [`SETTLE_WAIT`]. On a busy machine one that does not wait may take as long.
#[tokio::test]
async fn a_count_of_a_topic_without_other_nodes_does_not_wait_for_them() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let _ada = two.track(page("hello"), ADA).await.unwrap();
    let mut topics = (0..).map(|number| page(&format!("page-{number}")));
    let fast_call = async {
        loop {
            let start = Instant::now();
            assert_eq!(one.viewers(topics.next().unwrap()).await, 0);
            if start.elapsed() < SETTLE_WAIT {
                break;
            }
        }
    };
    assert!(timeout(PATIENCE, fast_call).await.is_ok(), "every call waits");
}

#[tokio::test]
async fn a_node_subscribes_only_to_topics_of_its_own_viewers() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let _ada = one.track(page("one"), ADA).await.unwrap();
    let _bob = two.track(page("two"), BOB).await.unwrap();
    wait_for_viewers(&mut one.watch(page("one")), 1).await;
    wait_for_viewers(&mut two.watch(page("two")), 1).await;
    for channel in ["presence:blog:one", "presence:blog:two"] {
        let subscribers = server.cli(&["PUBSUB", "NUMSUB", channel]).await.unwrap();
        assert_eq!(subscribers.split_whitespace().last(), Some("1"), "{subscribers}");
    }
}

#[tokio::test]
async fn viewers_of_a_stopped_node_leave_within_a_second_and_of_a_killed_one_within_ten() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (stopped, killed, alive) = (
        node(&server, "stopped"),
        node(&server, "killed"),
        node(&server, "alive"),
    );
    let mut counts = alive.watch(Topic::Site);
    let _ada = stopped.track(Topic::Site, ADA).await.unwrap();
    let _bob = killed.track(Topic::Site, BOB).await.unwrap();
    wait_for_viewers(&mut counts, 2).await;
    stopped.close().await;
    let took = wait_for_viewers(&mut counts, 1).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(killed);
    let took = wait_for_viewers(&mut counts, 0).await;
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_restarted_node_replaces_its_earlier_run() {
    let server = RedisServer::start(&[]).await.unwrap();
    let (first, other) = (node(&server, "web"), node(&server, "other"));
    let mut counts = other.watch(Topic::Site);
    let _ada = first.track(Topic::Site, ADA).await.unwrap();
    wait_for_viewers(&mut counts, 1).await;
    drop(first);
    let second = node(&server, "web");
    let _bob = second.track(Topic::Site, BOB).await.unwrap();
    let _eve = second.track(Topic::Site, VisitorKey::from_u128(3)).await.unwrap();
    wait_for_viewers(&mut counts, 2).await;
}

#[tokio::test]
async fn presence_recovers_after_the_connection_was_down() {
    let mut server = RedisServer::start(&[]).await.unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let mut counts = two.watch(Topic::Site);
    let mut guards = Vec::new();
    for number in 1..=10_u64 {
        server.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
        let visitor = VisitorKey::from_u128(number.into());
        guards.push(one.track(Topic::Site, visitor).await.unwrap());
        wait_for_viewers(&mut counts, number).await;
    }
    server.kill().await.unwrap();
    guards.truncate(5);
    server.start_again().await.unwrap();
    wait_for_viewers(&mut counts, 5).await;
}

#[tokio::test]
async fn invalid_messages_are_dropped() {
    let server = RedisServer::start(&[]).await.unwrap();
    let one = node(&server, "one");
    let mut counts = one.watch(Topic::Site);
    wait_for_viewers(&mut counts, 0).await;
    for nonsense in [
        "",
        "nonsense",
        r#"{"v":2}"#,
        r#"{"v":1,"node":"x","incarnation":1,"type":"state"}"#,
    ] {
        server.cli(&["PUBLISH", "presence:site", nonsense]).await.unwrap();
    }
    let joined = concat!(
        r#"{"v":1,"node":"by-hand","incarnation":1,"type":"state","version":1,"#,
        r#""members":["00000000000000000000000000000007"]}"#
    );
    server.cli(&["PUBLISH", "presence:site", joined]).await.unwrap();
    wait_for_viewers(&mut counts, 1).await;
}
