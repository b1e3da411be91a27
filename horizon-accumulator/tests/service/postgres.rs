//! Accumulators with a Redis bus and a store in PostgreSQL.

use futures::future::join_all;
use horizon_core::EventBus;
use horizon_redis::testing::RedisServer;
use horizon_test_support::TestDatabase;

use crate::accumulator::{AccumulatorProcess, program, run, visit, wait_until};
use crate::counts::{bus, stored_visits};

/// Returns the visits of the page in PostgreSQL.
async fn visits_in(database: &TestDatabase) -> u64 {
    let rows = database
        .execute("SELECT visits FROM eventhorizon.topics WHERE name = 'blog:hello'")
        .await
        .unwrap();
    rows.first().map_or(0, |visits| visits.parse().unwrap())
}

#[tokio::test]
async fn two_accumulators_count_each_event_once_also_if_one_is_killed() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let database = TestDatabase::create().await.unwrap();
    let (bus_url, bus) = (redis.url(), bus(&redis));
    let settings = [("HORIZON_BUS", &*bus_url), ("HORIZON_STORE", database.url())];
    let (one, two) = tokio::join!(
        AccumulatorProcess::start(&settings),
        AccumulatorProcess::start(&settings)
    );
    let mut tracked = 0;
    let mut track = async || {
        let some = join_all((0..500).map(|number| bus.track(visit(tracked + number)))).await;
        assert!(some.iter().all(Result::is_ok));
        tracked += 500;
        tracked
    };
    wait_until("both have a share", async || {
        track().await;
        one.metric("horizon_events_counted_total").await > 0 && two.metric("horizon_events_counted_total").await > 0
    })
    .await;
    track().await;
    drop(one); // kills it
    let tracked = track().await;
    wait_until("all are counted", async || visits_in(&database).await >= tracked).await;
    wait_until("the totals are published", async || {
        stored_visits(&redis).await == tracked
    })
    .await;
    assert_eq!(visits_in(&database).await, tracked);
    assert!(two.get("/metrics").await.1.contains("store=\"postgres\""));
    assert_eq!(two.stop().await.0.code(), Some(0));

    for (command, expected) in [("verify", "All totals are the sums"), ("report", "pageviews")] {
        let output = program(&[("HORIZON_STORE", database.url())]).arg(command).output();
        let output = output.await.unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn the_commands_neither_create_nor_change_a_schema() {
    let database = TestDatabase::create().await.unwrap();
    let output = program(&[("HORIZON_STORE", database.url())])
        .arg("report")
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let schemas = database
        .execute("SELECT 1 FROM pg_namespace WHERE nspname = 'eventhorizon'")
        .await
        .unwrap();
    assert!(schemas.is_empty(), "the command created the schema");
}

#[tokio::test]
async fn a_password_is_in_no_error() {
    let server = TestDatabase::create()
        .await
        .unwrap()
        .url()
        .replace("postgres@", "nobody:hunter2@");
    for url in [
        &server,
        "postgres://u:hunter2@localhost/x?sslmode=hunter2",
        "postgres://u:hunter2@h:hunter2/x",
    ] {
        let output = run(&[("HORIZON_BUS", "redis://127.0.0.1:1"), ("HORIZON_STORE", url)]).await;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success() && !text.contains("hunter2"), "{text}");
    }
}
