//! The node registry.

use std::time::Duration;

use horizon_core::{Slug, Timestamp};
use horizon_redis::testing::RedisServer;
use horizon_redis::{NodeInfo, NodeRegistry, NodeRole, RedisConfig, RegisteredNode};

fn info(name: &str, viewers: u64) -> NodeInfo {
    let mut info = NodeInfo::new(name, Timestamp::from_millis(7), NodeRole::Web { viewers });
    info.round_trip = Some(123);
    info
}

/// Returns the state of a node without its random id.
fn without_instance(member: &RegisteredNode) -> NodeInfo {
    let mut info = member.info.clone();
    assert!(info.instance.take().is_some());
    info
}

#[tokio::test]
async fn nodes_are_listed_with_their_last_heartbeat_and_its_age() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    assert!(registry.nodes().await.unwrap().is_empty());
    registry.heartbeat(&info("b", 1)).await.unwrap();
    registry.heartbeat(&info("a", 2)).await.unwrap();
    server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    registry.heartbeat(&info("b", 3)).await.unwrap();
    server
        .cli(&["HSET", "horizon:cluster", "later", "1 {\"from\":\"a later version\"}"])
        .await
        .unwrap();
    let members = registry.nodes().await.unwrap();
    let infos: Vec<_> = members.iter().map(without_instance).collect();
    assert_eq!(infos, [info("a", 2), info("b", 3)]);
    assert!(members.iter().all(|member| member.silent_for < Duration::from_secs(10)));
    registry.deregister("a").await.unwrap();
    assert_eq!(registry.nodes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn deregister_keeps_a_successor_with_the_same_name() {
    let server = RedisServer::start(&[]).await.unwrap();
    let connect = || NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let (old, new) = (connect(), connect());
    old.heartbeat(&info("web-1", 1)).await.unwrap();
    new.heartbeat(&info("web-1", 2)).await.unwrap();
    old.deregister("web-1").await.unwrap();
    let members: Vec<_> = new.nodes().await.unwrap().iter().map(without_instance).collect();
    assert_eq!(members, [info("web-1", 2)]);
    server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    new.deregister("web-1").await.unwrap();
    assert!(old.nodes().await.unwrap().is_empty());
    new.deregister("web-1").await.unwrap();
}

#[tokio::test]
async fn deregister_keeps_records_of_other_versions() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    // Records of an older version without an instance, and of unknown versions.
    let last = r#"1 {"name":"web-1","started":7,"round_trip":null,"role":"web","viewers":4}"#;
    for record in [last, "1 7", "1 [", "1", "later"] {
        server.cli(&["HSET", "horizon:cluster", "web-1", record]).await.unwrap();
        registry.deregister("web-1").await.unwrap();
        let kept = server.cli(&["HGET", "horizon:cluster", "web-1"]).await.unwrap();
        assert_eq!(kept.trim(), record);
    }
}

#[tokio::test]
async fn a_node_that_was_silent_for_ten_minutes_is_removed() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    registry.heartbeat(&info("dead", 1)).await.unwrap();
    let record = server.cli(&["HGET", "horizon:cluster", "dead"]).await.unwrap();
    let (at, json) = record.trim().split_once(' ').unwrap();
    let long_ago = at.parse::<u64>().unwrap() - 601_000;
    server
        .cli(&["HSET", "horizon:cluster", "dead", &format!("{long_ago} {json}")])
        .await
        .unwrap();
    assert_eq!(registry.nodes().await.unwrap()[0].silent_for.as_secs(), 601);
    registry.heartbeat(&info("alive", 1)).await.unwrap();
    let names: Vec<_> = registry
        .nodes()
        .await
        .unwrap()
        .into_iter()
        .map(|member| member.info.name)
        .collect();
    assert_eq!(names, ["alive"]);
}

#[tokio::test]
async fn a_heartbeat_from_the_future_is_silent_and_is_removed_if_it_is_far_away() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let json = r#"{"name":"later","started":7,"round_trip":null,"role":"web","viewers":3}"#;
    let time = server.cli(&["TIME"]).await.unwrap();
    let now = time.lines().next().unwrap().parse::<u64>().unwrap() * 1_000;
    let far = [now + 1_000_000_000_000, u64::MAX].map(|at| at.to_string());
    for at in [far[0].as_str(), &far[1], &"9".repeat(400)] {
        let record = format!("{at} {json}");
        server.cli(&["HSET", "horizon:cluster", at, &record]).await.unwrap();
    }
    let soon = format!("{} {json}", now + 300_000);
    server.cli(&["HSET", "horizon:cluster", "soon", &soon]).await.unwrap();
    let nodes = registry.nodes().await.unwrap();
    let is_silent = |node: &RegisteredNode| node.silent_for > Duration::from_secs(200);
    assert!(nodes.len() == 3 && nodes.iter().all(is_silent), "{nodes:?}");
    registry.heartbeat(&info("alive", 1)).await.unwrap();
    let names = server.cli(&["HKEYS", "horizon:cluster"]).await.unwrap();
    let mut names: Vec<_> = names.lines().collect();
    names.sort_unstable();
    assert_eq!(names, ["alive", "soon"]);
}

#[tokio::test]
async fn problems_are_bounded_and_records_without_them_are_readable() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let mut many = info("many", 1);
    many.problems = (0..20)
        .map(|number| format!("{number}: {}", "\u{fc}".repeat(400)))
        .collect();
    registry.heartbeat(&many).await.unwrap();
    let old = r#"1 {"name":"old","started":7,"round_trip":null,"role":"web","viewers":3}"#;
    server.cli(&["HSET", "horizon:cluster", "old", old]).await.unwrap();
    let members = registry.nodes().await.unwrap();
    let problems: Vec<_> = members.iter().map(|member| member.info.problems.clone()).collect();
    assert_eq!(problems[0].len(), 16);
    assert!(problems[0].iter().all(|problem| (299..=300).contains(&problem.len())));
    assert!(problems[0][15].starts_with("15: "), "{}", problems[0][15]);
    assert_eq!(problems[1], Vec::<String>::new());
}

#[tokio::test]
async fn a_name_conflict_is_reported_to_both_processes_and_a_restart_is_not_one() {
    let server = RedisServer::start(&[]).await.unwrap();
    let connect = || NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let (dead, one, other) = (connect(), connect(), connect());
    dead.heartbeat(&info("web-1", 1)).await.unwrap();
    assert_eq!(
        one.heartbeat(&info("web-1", 2)).await.unwrap().name_conflict,
        None,
        "a dead process is not a conflict"
    );
    assert_eq!(one.heartbeat(&info("web-1", 2)).await.unwrap().name_conflict, None);
    assert_eq!(
        other.heartbeat(&info("web-1", 3)).await.unwrap().name_conflict,
        None,
        "it may be a successor"
    );
    let role = |info: Option<NodeInfo>| info.map(|info| info.role);
    let conflict = one.heartbeat(&info("web-1", 2)).await.unwrap().name_conflict;
    assert_eq!(role(conflict), Some(NodeRole::Web { viewers: 3 }));
    let conflict = other.heartbeat(&info("web-1", 3)).await.unwrap().name_conflict;
    assert_eq!(role(conflict), Some(NodeRole::Web { viewers: 2 }));
    other.deregister("web-1").await.unwrap();
    assert_eq!(one.heartbeat(&info("web-1", 2)).await.unwrap().name_conflict, None);
    // A record of an older version has no instance.
    let old = r#"{"name":"web-1","started":7,"round_trip":null,"role":"web","viewers":4}"#;
    server
        .cli(&["HSET", "horizon:cluster", "web-1", &format!("1 {old}")])
        .await
        .unwrap();
    assert!(one.heartbeat(&info("web-1", 2)).await.unwrap().name_conflict.is_some());
}

#[tokio::test]
async fn a_heartbeat_returns_the_time_of_redis() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let time = async || {
        let answer = server.cli(&["TIME"]).await.unwrap();
        answer.lines().next().unwrap().parse::<i64>().unwrap() * 1_000
    };
    let before = time().await;
    let now = registry.heartbeat(&info("web-1", 1)).await.unwrap().time.as_millis();
    assert!(before <= now && now < time().await + 1_000, "{now}");
}

#[tokio::test]
async fn a_heartbeat_carries_the_pages_and_sources_with_the_most_viewers_in_8_kib() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let slug = |name: &str| Slug::new(name).unwrap();
    let mut sent = info("web-1", 1);
    // Long names, of which not all fit, and short ones with fewer viewers.
    let long = |number: u64| (slug(&format!("{number}-{}", "ü".repeat(250))), 1_000 - number);
    sent.pages = (0..100).map(long).collect();
    sent.pages
        .extend((0..100).map(|number| (slug(&format!("short/{number}")), 100 - number)));
    sent.pages.insert(slug("nobody"), 0);
    sent.sources = (0..100).map(|number| (format!("\"\\{number}"), 200 - number)).collect();
    sent.sources.insert(String::new(), 1_000);
    registry.heartbeat(&sent).await.unwrap();

    let record = server.cli(&["HGET", "horizon:cluster", "web-1"]).await.unwrap();
    let json: serde_json::Value = serde_json::from_str(record.split_once(' ').unwrap().1).unwrap();
    let bytes = json["pages"].to_string().len() + json["sources"].to_string().len();
    assert!((5 * 1024..=8 * 1024).contains(&bytes), "{bytes}");
    let received = &registry.nodes().await.unwrap()[0].info;
    assert_eq!(
        received.pages.len(),
        22,
        "11 long ones, and 11 short ones in what is left"
    );
    assert_eq!(
        received.pages.get(&slug(&format!("0-{}", "ü".repeat(250)))),
        Some(&1_000)
    );
    assert_eq!(
        received.pages.get(&slug("short/0")),
        Some(&100),
        "it fits beside the long ones"
    );
    assert!(!received.pages.contains_key(&slug("nobody")));
    assert_eq!(received.sources.len(), 50);
    assert_eq!((received.sources[""], received.sources["\"\\48"]), (1_000, 152));
}

#[tokio::test]
async fn the_pages_of_a_record_are_bounded_and_invalid_ones_are_skipped() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let record = async |name: &str, pages: &str| {
        let json =
            format!(r#"1 {{"name":"{name}","started":7,"round_trip":null,"role":"web","viewers":3,"pages":{pages}}}"#);
        server.cli(&["HSET", "horizon:cluster", name, &json]).await.unwrap();
    };
    let pages = |count: usize| {
        let pages: Vec<_> = (0..count).map(|number| format!("\"page-{number}\":{number}")).collect();
        format!("{{{}}}", pages.join(","))
    };
    record("a-many", &pages(1_000)).await;
    record("b-invalid", r#"{"../etc/passwd":7,"":7,"bread":3}"#).await;
    record("c-too-long", &pages(5_000)).await;
    record("d-none", "{}").await;
    let nodes = registry.nodes().await.unwrap();
    let counts: Vec<_> = nodes
        .iter()
        .map(|node| (&*node.info.name, node.info.pages.len()))
        .collect();
    assert_eq!(counts, [("a-many", 50), ("b-invalid", 1), ("d-none", 0)]);
    assert_eq!(nodes[1].info.pages[&Slug::new("bread").unwrap()], 3);
}
