//! Who takes part is listed, and who falls silent is seen to be.

use std::time::Duration;

use horizon_core::Timestamp;
use horizon_redis::testing::RedisServer;
use horizon_redis::{NodeInfo, NodeRegistry, NodeRole, RedisConfig, RegisteredNode};

fn about(name: &str, viewers: u64) -> NodeInfo {
    let mut about = NodeInfo::new(name, Timestamp::from_millis(7), NodeRole::Web { viewers });
    about.round_trip = Some(123);
    about
}

/// What was said, without what tells a process from others of its name.
fn said(member: &RegisteredNode) -> NodeInfo {
    let mut about = member.info.clone();
    assert!(about.instance.take().is_some());
    about
}

#[tokio::test]
async fn everybody_is_listed_with_what_they_last_said_and_how_long_ago() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    assert!(registry.nodes().await.unwrap().is_empty());
    registry.heartbeat(&about("b", 1)).await.unwrap();
    registry.heartbeat(&about("a", 2)).await.unwrap();
    server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    registry.heartbeat(&about("b", 3)).await.unwrap();
    server
        .cli(&["HSET", "horizon:cluster", "later", "1 {\"from\":\"a later version\"}"])
        .await
        .unwrap();
    let members = registry.nodes().await.unwrap();
    let said: Vec<_> = members.iter().map(said).collect();
    assert_eq!(said, [about("a", 2), about("b", 3)]);
    assert!(members.iter().all(|member| member.silent_for < Duration::from_secs(10)));
    registry.deregister("a").await.unwrap();
    assert_eq!(registry.nodes().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_process_that_leaves_does_not_remove_its_successor_of_the_same_name() {
    let server = RedisServer::start(&[]).await.unwrap();
    let connect = || NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let (old, new) = (connect(), connect());
    old.heartbeat(&about("web-1", 1)).await.unwrap();
    new.heartbeat(&about("web-1", 2)).await.unwrap();
    old.deregister("web-1").await.unwrap();
    let members: Vec<_> = new.nodes().await.unwrap().iter().map(said).collect();
    assert_eq!(members, [about("web-1", 2)]);
    server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    new.deregister("web-1").await.unwrap();
    assert!(old.nodes().await.unwrap().is_empty());
    new.deregister("web-1").await.unwrap();
}

#[tokio::test]
async fn a_process_that_leaves_keeps_the_record_of_another_version() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    // The last version says no instance; of a later version nothing is known.
    let last = r#"1 {"name":"web-1","started":7,"round_trip":null,"role":"web","viewers":4}"#;
    for record in [last, "1 7", "1 [", "1", "later"] {
        server.cli(&["HSET", "horizon:cluster", "web-1", record]).await.unwrap();
        registry.deregister("web-1").await.unwrap();
        let kept = server.cli(&["HGET", "horizon:cluster", "web-1"]).await.unwrap();
        assert_eq!(kept.trim(), record);
    }
}

#[tokio::test]
async fn who_has_long_been_silent_is_forgotten() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    registry.heartbeat(&about("dead", 1)).await.unwrap();
    let said = server.cli(&["HGET", "horizon:cluster", "dead"]).await.unwrap();
    let (at, json) = said.trim().split_once(' ').unwrap();
    let long_ago = at.parse::<u64>().unwrap() - 601_000;
    server
        .cli(&["HSET", "horizon:cluster", "dead", &format!("{long_ago} {json}")])
        .await
        .unwrap();
    assert_eq!(registry.nodes().await.unwrap()[0].silent_for.as_secs(), 601);
    registry.heartbeat(&about("alive", 1)).await.unwrap();
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
async fn problems_are_listed_within_their_bound_and_records_without_them_stay_readable() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let mut many = about("many", 1);
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
async fn two_processes_of_one_name_both_hear_of_the_other_and_a_restarted_one_does_not() {
    let server = RedisServer::start(&[]).await.unwrap();
    let connect = || NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let (dead, one, other) = (connect(), connect(), connect());
    dead.heartbeat(&about("web-1", 1)).await.unwrap();
    assert_eq!(
        one.heartbeat(&about("web-1", 2)).await.unwrap().name_conflict,
        None,
        "a dead one says no more"
    );
    assert_eq!(one.heartbeat(&about("web-1", 2)).await.unwrap().name_conflict, None);
    assert_eq!(
        other.heartbeat(&about("web-1", 3)).await.unwrap().name_conflict,
        None,
        "it may have just taken over"
    );
    let role = |info: Option<NodeInfo>| info.map(|info| info.role);
    let heard = one.heartbeat(&about("web-1", 2)).await.unwrap().name_conflict;
    assert_eq!(role(heard), Some(NodeRole::Web { viewers: 3 }));
    let heard = other.heartbeat(&about("web-1", 3)).await.unwrap().name_conflict;
    assert_eq!(role(heard), Some(NodeRole::Web { viewers: 2 }));
    other.deregister("web-1").await.unwrap();
    assert_eq!(one.heartbeat(&about("web-1", 2)).await.unwrap().name_conflict, None);
    // A process of the last version does not say which one it is.
    let old = r#"{"name":"web-1","started":7,"round_trip":null,"role":"web","viewers":4}"#;
    server
        .cli(&["HSET", "horizon:cluster", "web-1", &format!("1 {old}")])
        .await
        .unwrap();
    assert!(one.heartbeat(&about("web-1", 2)).await.unwrap().name_conflict.is_some());
}

#[tokio::test]
async fn an_answer_tells_the_time_of_redis() {
    let server = RedisServer::start(&[]).await.unwrap();
    let registry = NodeRegistry::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let time = async || {
        let answer = server.cli(&["TIME"]).await.unwrap();
        answer.lines().next().unwrap().parse::<i64>().unwrap() * 1_000
    };
    let before = time().await;
    let told = registry.heartbeat(&about("web-1", 1)).await.unwrap().time.as_millis();
    assert!(before <= told && told < time().await + 1_000, "{told}");
}
