//! Checks of the other nodes and of the clock.

use std::sync::Arc;

use horizon_core::{Event, EventBus, EventKind, Stamp, StatsStoreExt, Topic};
use horizon_redis::testing::RedisServer;
use horizon_redis::{NodeInfo, NodeRegistry, NodeRole, RedisBus, RedisConfig, RedisStore};

use crate::accumulator::{AccumulatorProcess, now, page, sqlite, visit, wait_until};

/// Waits until `/readyz` has this problem, and checks that it is logged as an error.
async fn wait_for_problem(accumulator: &AccumulatorProcess, problem: &str) {
    wait_until(problem, async || {
        let (status, text) = accumulator.get("/readyz").await;
        status == 503 && text.contains(problem)
    })
    .await;
    accumulator
        .wait_for_line(&["ERROR", problem.split(": ").last().unwrap()])
        .await;
}

#[tokio::test]
async fn accumulators_with_different_stores_are_not_ready_until_one_is_gone() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (url, file) = (redis.url(), sqlite(&folder.path().join("numbers.db")));
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &url), ("HORIZON_NODE", "one")]).await;
    let same = AccumulatorProcess::start(&[("HORIZON_BUS", &url), ("HORIZON_NODE", "same")]).await;
    let other = [
        ("HORIZON_BUS", &*url),
        ("HORIZON_STORE", &file),
        ("HORIZON_NODE", "other"),
    ];
    let other = AccumulatorProcess::start(&other).await;
    wait_for_problem(&one, "accumulators: the accumulator `other` counts into another store").await;
    wait_for_problem(&same, "accumulators: the accumulator `other` counts into another store").await;
    wait_for_problem(&other, "accumulators: the accumulator `one` counts into another store").await;
    other.stop().await;
    one.wait_for_readyz(200).await;
    same.wait_for_readyz(200).await;
}

#[tokio::test]
async fn two_accumulators_of_one_name_are_not_ready_until_one_is_gone() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let settings = [("HORIZON_BUS", &*url), ("HORIZON_NODE", "same")];
    let (one, other) = (
        AccumulatorProcess::start(&settings).await,
        AccumulatorProcess::start(&settings).await,
    );
    for accumulator in [&one, &other] {
        wait_for_problem(accumulator, "node-name: another process is named `same`, too").await;
    }
    other.stop().await;
    one.wait_for_readyz(200).await;
}

#[tokio::test]
async fn a_restart_under_the_same_name_is_not_a_problem() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let registry = NodeRegistry::connect(&RedisConfig::new(&url).unwrap()).unwrap();
    let role = NodeRole::Accumulator {
        counted: 0,
        unread: 0,
        pending: 0,
        lost: 0,
    };
    // The last heartbeat of a process that was killed.
    registry.heartbeat(&NodeInfo::new("same", now(), role)).await.unwrap();
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &url), ("HORIZON_NODE", "same")]).await;
    one.wait_for_readyz(200).await;
    let first = one.metric("horizon_start_time_seconds").await;
    wait_until("it sent a few heartbeats", async || {
        let members = registry.nodes().await.unwrap();
        members[0].info.started.as_millis() / 1_000 == i64::try_from(first).unwrap() && members[0].info.store.is_some()
    })
    .await;
    assert_eq!(one.get("/readyz").await.0, 200, "{}", one.log());
    assert!(!one.log().contains("ERROR"), "{}", one.log());
}

#[tokio::test]
async fn an_accumulator_whose_clock_is_minutes_off_checks_events_by_that_of_redis() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let one = AccumulatorProcess::start_with_shifted_clock(&[("HORIZON_BUS", &url)], "-480s").await;
    let store = Arc::new(RedisStore::connect(&RedisConfig::new(&url).unwrap()).unwrap());
    let bus = RedisBus::connect(&RedisConfig::new(&url).unwrap(), store.clone()).unwrap();
    // By the clock of the process it is 65 minutes in the future.
    let mut event = visit(1);
    event.at = now().plus(std::time::Duration::from_secs(57 * 60));
    bus.track(event).await.unwrap();
    wait_until("it is counted", async || {
        store.total(&page()).await.unwrap().stats.visits == 1
    })
    .await;
    assert_eq!(one.get("/readyz").await.0, 200);
    one.wait_for_line(&["differs from that of Redis"]).await;
    let registry = NodeRegistry::connect(&RedisConfig::new(&url).unwrap()).unwrap();
    wait_until("the other nodes know it", async || {
        let offset = registry.nodes().await.unwrap()[0].info.clock_offset;
        offset.is_some_and(|offset| (offset + 480_000).abs() < 1_000)
    })
    .await;
}

#[tokio::test]
async fn an_accumulator_whose_clock_is_a_month_or_hours_off_rejects_and_expires_nothing() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let url = redis.url();
    let store = Arc::new(RedisStore::connect(&RedisConfig::new(&url).unwrap()).unwrap());
    let bus = RedisBus::connect(&RedisConfig::new(&url).unwrap(), store.clone()).unwrap();
    let once = Event::new(Stamp::new(now(), [9; 10]), Topic::Site, EventKind::visit(None));
    horizon_core::StatsStore::apply(&*store, std::slice::from_ref(&once))
        .await
        .unwrap();
    for (number, offset) in [(1, "+31d"), (2, "-2h")] {
        let wrong = AccumulatorProcess::start_with_shifted_clock(&[("HORIZON_BUS", &url)], offset).await;
        wait_for_problem(&wrong, "clock: the clock of this machine is").await;
        bus.track(visit(number)).await.unwrap();
        wait_until("it tried", async || {
            wrong
                .metric("horizon_batch_failures_total{reason=\"unavailable\"}")
                .await
                > 0
        })
        .await;
        assert_eq!(wrong.metric("horizon_events_refused_total").await, 0);
        wrong.stop().await;
    }
    // No event id is forgotten, and an accumulator with the right time counts the pending events.
    let right = AccumulatorProcess::start(&[("HORIZON_BUS", &url)]).await;
    wait_until("both are counted", async || {
        store.total(&page()).await.unwrap().stats.visits == 2
    })
    .await;
    bus.track(once).await.unwrap();
    wait_until("the repeat is acknowledged", async || {
        right.metric("horizon_events_counted_total").await == 3
    })
    .await;
    assert_eq!(store.total(&Topic::Site).await.unwrap().stats.visits, 1);
}

#[tokio::test]
async fn a_user_without_the_right_to_time_is_a_problem() {
    let redis = RedisServer::start(&[]).await.unwrap();
    let user = [
        "ACL", "SETUSER", "timeless", "on", ">secret", "~*", "&*", "+@all", "-time",
    ];
    redis.cli(&user).await.unwrap();
    let url = format!("redis://timeless:secret@127.0.0.1:{}", redis.port());
    let one = AccumulatorProcess::start(&[("HORIZON_BUS", &url)]).await;
    wait_for_problem(&one, "cluster: Redis rejects the heartbeat of this process").await;
    assert!(!one.log().contains("secret"), "{}", one.log());
}
