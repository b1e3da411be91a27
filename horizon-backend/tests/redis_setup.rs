//! The check of the Redis that a process uses.

use horizon_backend::{BackendUrls, Health, ProgramKind, RedisSetupCheck};
use horizon_redis::testing::RedisServer;

#[tokio::test]
async fn an_unavailable_redis_of_events_does_not_leave_the_one_of_numbers_unchecked() {
    let options = ["--maxmemory-policy", "allkeys-lru"];
    let server = RedisServer::start(&options).await.unwrap();
    let urls = BackendUrls::parse(ProgramKind::Accumulator, "redis://127.0.0.1:1", &server.url()).unwrap();
    let check = RedisSetupCheck::new(&urls, false).unwrap();
    let health = Health::default();
    assert!(
        check.check(&health).await.is_err(),
        "the Redis of events is unavailable"
    );
    let problems = health.problems();
    assert!(
        problems.iter().any(|problem| problem.contains("allkeys-lru")),
        "{problems:?}"
    );
}
