//! What is being read now, on several nodes that share a Redis.

use std::{sync::Arc, time::Duration};

use eventhorizon::{Horizon, Live, LiveOptions, NowSnapshot, Slug};
use futures::StreamExt;
use horizon_core::Timestamp;
use horizon_redis::{HEARTBEAT_INTERVAL, NodeInfo, NodeRegistry, NodeRole, RedisConfig, testing::RedisServer};
use tokio::time::{sleep, timeout};

use crate::snapshots::{pages, sources};

/// How long a test waits for a snapshot: 30 seconds.
const PATIENCE: Duration = Duration::from_secs(30);

async fn node(redis: &RedisServer, name: &str) -> Horizon {
    let url = redis.url();
    let builder = Horizon::from_urls(&url, &url).unwrap().node_name(name.parse().unwrap());
    builder.start(|_: &Slug| true).await.unwrap()
}

/// Opens a live stream of a page to which a link of this page led.
async fn open(horizon: &Horizon, page: &str, user_agent: &str, referrer: &str) -> Live {
    let page = horizon.page(page).await.unwrap();
    let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", user_agent)]);
    let options = LiveOptions::page(&page).referrer(referrer);
    horizon.live(&caller, options).await.unwrap()
}

/// Waits for a snapshot that fulfils the condition.
async fn wait_for(horizon: &Horizon, is_expected: impl Fn(&NowSnapshot) -> bool) -> Arc<NowSnapshot> {
    let (mut snapshots, mut last) = (horizon.watch_now(), None);
    let expected = async {
        loop {
            let snapshot = snapshots.next().await.unwrap();
            if is_expected(&snapshot) {
                return snapshot;
            }
            last = Some(snapshot);
        }
    };
    let found = timeout(PATIENCE, expected).await;
    found.unwrap_or_else(|_| panic!("the last snapshot was {last:?}"))
}

/// Writes a record with the current time, again and again.
async fn send_heartbeats(redis: &RedisServer, name: &str, record: &str) {
    let script = "local now = redis.call('TIME')[1] * 1000 \
                  return redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])";
    loop {
        let arguments = ["EVAL", script, "1", "horizon:cluster", name, record];
        redis.cli(&arguments).await.unwrap();
        sleep(HEARTBEAT_INTERVAL).await;
    }
}

#[tokio::test]
async fn a_visitor_on_two_nodes_counts_once_in_a_page_and_twice_in_a_source() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let [first, second, third] = [
        node(&redis, "web-1").await,
        node(&redis, "web-2").await,
        node(&redis, "web-3").await,
    ];
    let google = "https://www.google.com/";
    let _open = [
        open(&first, "bread", "Firefox", google).await,
        open(&first, "bread", "Chrome", "").await,
        open(&second, "bread", "Firefox", google).await,
        open(&second, "bread", "Safari", "").await,
        open(&second, "soup", "Safari", "").await,
        open(&first, "stew", "Firefox", "").await,
    ];
    // The third node has no viewers, so it knows the pages only from the others.
    for horizon in [&first, &second, &third] {
        let expected = [("bread", 3), ("soup", 1), ("stew", 1)];
        let now = wait_for(horizon, |now| pages(now) == expected && now.viewers == Some(3)).await;
        assert_eq!(sources(&now), [("", 2), ("google", 2)]);
        assert_eq!((now.nodes, now.silent_nodes), (3, 0));
        assert_eq!(horizon.active_pages(1).await, now.pages[..1]);
    }
    second.close().await.unwrap();
    let now = wait_for(&third, |now| pages(now) == [("bread", 2), ("stew", 1)]).await;
    assert_eq!(sources(&now), [("", 1), ("google", 1)]);
    assert_eq!((now.nodes, now.silent_nodes), (2, 0));
    first.close().await.unwrap();
    third.close().await.unwrap();
}

#[tokio::test]
async fn silent_nodes_accumulators_and_records_of_older_versions_nominate_nothing() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let horizon = node(&redis, "web-1").await;
    let hset = async |name: &str, record: &str| redis.cli(&["HSET", "horizon:cluster", name, record]).await.unwrap();
    let time = redis.cli(&["TIME"]).await.unwrap();
    let seconds = time.lines().next().unwrap().parse::<u64>().unwrap();
    let silent_since = (seconds - 10) * 1_000;
    let role = r#""role":"web","viewers":7"#;
    let names = r#""pages":{"old":7},"sources":{"old":7}"#;
    let silent = format!(r#"{{"name":"web-2","started":7,"round_trip":null,{names},{role}}}"#);
    hset("web-2", &format!("{silent_since} {silent}")).await;
    let future = format!(r#"{{"name":"web-4","started":7,"round_trip":null,{names},{role}}}"#);
    hset("web-4", &format!("{} {future}", seconds * 1_000 + 300_000)).await;
    let old_version = format!(r#"{{"name":"web-3","started":7,"round_trip":null,{role}}}"#);
    let url = RedisConfig::new(&redis.url()).unwrap();
    let accumulator = NodeRole::Accumulator {
        counted: 1,
        unread: 0,
        pending: 0,
        lost: 0,
    };
    let mut counts = NodeInfo::new("counts-1", Timestamp::default(), accumulator);
    counts.pages.insert(Slug::new("counted").unwrap(), 7);
    NodeRegistry::connect(&url).unwrap().heartbeat(&counts).await.unwrap();

    let now = tokio::select! {
        now = wait_for(&horizon, |now| now.nodes == 2) => now,
        () = send_heartbeats(&redis, "web-3", &old_version) => unreachable!(),
    };
    assert_eq!((pages(&now), sources(&now), now.silent_nodes), (vec![], vec![], 2));
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn a_broken_record_shows_no_more_viewers_than_the_site_has() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let horizon = node(&redis, "web-1").await;
    let _open = [
        open(&horizon, "bread", "Firefox", "https://www.google.com/").await,
        open(&horizon, "soup", "Safari", "").await,
    ];
    let highest = u64::MAX;
    let names = format!(r#""pages":{{"bread":7,"stew":{highest}}},"sources":{{"bing":{highest}}}"#);
    let record =
        format!(r#"{{"name":"web-2","started":7,"round_trip":null,{names},"role":"web","viewers":{highest}}}"#);
    let expected = [("stew", 2), ("bread", 1), ("soup", 1)];
    let has_all = |now: &NowSnapshot| now.nodes == 2 && now.viewers == Some(2) && pages(now) == expected;
    let now = tokio::select! {
        now = wait_for(&horizon, has_all) => now,
        () = send_heartbeats(&redis, "web-2", &record) => unreachable!(),
    };
    assert_eq!(sources(&now), [("bing", 2), ("", 1), ("google", 1)]);
    assert_eq!(horizon.active_pages(1).await, now.pages[..1]);
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn without_redis_a_node_shows_its_own_viewers() {
    let mut redis = RedisServer::start(&[]).await.unwrap();
    let [first, second] = [node(&redis, "web-1").await, node(&redis, "web-2").await];
    let _first = open(&first, "bread", "Firefox", "https://www.google.com/").await;
    let _second = open(&second, "soup", "Safari", "").await;
    wait_for(&first, |now| now.pages.len() == 2 && now.viewers == Some(2)).await;
    redis.kill().await.unwrap();
    let now = wait_for(&first, |now| now.nodes == 1 && now.viewers == Some(1)).await;
    assert_eq!((pages(&now), sources(&now)), (vec![("bread", 1)], vec![("google", 1)]));
    redis.start_again().await.unwrap();
    wait_for(&first, |now| {
        now.nodes == 2 && pages(now) == [("bread", 1), ("soup", 1)]
    })
    .await;
}
