//! Who takes part is listed, and who falls silent is seen to be.

use std::time::Duration;

use horizon_core::Timestamp;
use horizon_redis::testing::RedisServer;
use horizon_redis::{About, RedisCluster, RedisConfig, Work};

fn about(name: &str, viewers: u64) -> About {
    About {
        name: name.into(),
        started: Timestamp::from_millis(7),
        round_trip: Some(123),
        problems: Vec::new(),
        work: Work::Web { viewers },
    }
}

#[tokio::test]
async fn everybody_is_listed_with_what_they_last_said_and_how_long_ago() {
    let server = RedisServer::start(&[]).await.unwrap();
    let cluster = RedisCluster::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    assert!(cluster.members().await.unwrap().is_empty());
    cluster.say(&about("b", 1)).await.unwrap();
    cluster.say(&about("a", 2)).await.unwrap();
    server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
    cluster.say(&about("b", 3)).await.unwrap();
    server
        .cli(&["HSET", "horizon:cluster", "later", "1 {\"from\":\"a later version\"}"])
        .await
        .unwrap();
    let members = cluster.members().await.unwrap();
    let said: Vec<_> = members.iter().map(|member| &member.about).collect();
    assert_eq!(said, [&about("a", 2), &about("b", 3)]);
    assert!(members.iter().all(|member| member.silent_for < Duration::from_secs(10)));
    cluster.leave("a").await.unwrap();
    assert_eq!(cluster.members().await.unwrap().len(), 1);
}

#[tokio::test]
async fn who_has_long_been_silent_is_forgotten() {
    let server = RedisServer::start(&[]).await.unwrap();
    let cluster = RedisCluster::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    cluster.say(&about("dead", 1)).await.unwrap();
    let said = server.cli(&["HGET", "horizon:cluster", "dead"]).await.unwrap();
    let (at, json) = said.trim().split_once(' ').unwrap();
    let long_ago = at.parse::<u64>().unwrap() - 601_000;
    server
        .cli(&["HSET", "horizon:cluster", "dead", &format!("{long_ago} {json}")])
        .await
        .unwrap();
    assert_eq!(cluster.members().await.unwrap()[0].silent_for.as_secs(), 601);
    cluster.say(&about("alive", 1)).await.unwrap();
    let names: Vec<_> = cluster
        .members()
        .await
        .unwrap()
        .into_iter()
        .map(|member| member.about.name)
        .collect();
    assert_eq!(names, ["alive"]);
}

#[tokio::test]
async fn problems_are_listed_within_their_bound_and_records_without_them_stay_readable() {
    let server = RedisServer::start(&[]).await.unwrap();
    let cluster = RedisCluster::connect(&RedisConfig::new(&server.url()).unwrap()).unwrap();
    let mut many = about("many", 1);
    many.problems = (0..20)
        .map(|number| format!("{number}: {}", "\u{fc}".repeat(400)))
        .collect();
    cluster.say(&many).await.unwrap();
    let old = r#"1 {"name":"old","started":7,"round_trip":null,"role":"web","viewers":3}"#;
    server.cli(&["HSET", "horizon:cluster", "old", old]).await.unwrap();
    let members = cluster.members().await.unwrap();
    let problems: Vec<_> = members.iter().map(|member| member.about.problems.clone()).collect();
    assert_eq!(problems[0].len(), 16);
    assert!(problems[0].iter().all(|problem| (299..=300).contains(&problem.len())));
    assert!(problems[0][15].starts_with("15: "), "{}", problems[0][15]);
    assert_eq!(problems[1], Vec::<String>::new());
}
