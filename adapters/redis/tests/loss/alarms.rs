use horizon_core::Analytics;

use crate::{Stage, hit, lost, until};

/// Tracks five events that nobody counts, and waits until the pipe has looked.
async fn five_wait(stage: &Stage) {
    stage.track(0..5).await;
    stage.looked(2).await;
}

#[tokio::test]
async fn a_deleted_stream_is_found_by_who_wrote_to_it_and_by_who_counts_later() {
    let stage = Stage::new(&[]).await;
    five_wait(&stage).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    let monitor = stage.pipe.monitor();
    until("the pipe finds the loss", async || lost(&monitor) == 5).await;
    assert_eq!(monitor.found(), 5);
    stage.looked(3).await;
    assert_eq!(lost(&monitor), 5, "it is found once");
    let mut feed = stage.feed("one");
    stage.track(5..7).await;
    stage.count(&mut feed, 2).await;
    assert_eq!((feed.state()().lost, lost(&monitor)), (0, 5));
}

#[tokio::test]
async fn an_accumulator_that_starts_finds_that_the_stream_was_deleted_and_made_anew_meanwhile() {
    let mut stage = Stage::new(&[]).await;
    five_wait(&stage).await;
    // No pipe looks any more, and so many events come that the new stream is longer than the old one.
    let other = horizon_redis::RedisBus::connect(&stage.config, stage.store.clone()).unwrap();
    drop(std::mem::replace(&mut stage.pipe, other));
    stage.redis(&["DEL", "analytics:events"]).await;
    for number in 5..15 {
        stage.pipe.track(hit(number)).await.unwrap();
    }
    let mut feed = stage.feed("one");
    stage.count(&mut feed, 10).await;
    let (feed, pipe) = (feed.monitor(), stage.pipe.monitor());
    until("one of them finds it", async || feed.found() + pipe.found() == 5).await;
}

#[tokio::test]
async fn emptying_redis_is_found() {
    let stage = Stage::new(&[]).await;
    five_wait(&stage).await;
    stage.redis(&["FLUSHALL"]).await;
    let monitor = stage.pipe.monitor();
    until("the pipe finds the loss", async || lost(&monitor) == 5).await;
}

#[tokio::test]
async fn emptying_redis_is_found_by_an_accumulator_although_everything_was_counted() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    stage.track(0..5).await;
    stage.count(&mut feed, 5).await;
    stage.looked(4).await;
    stage.redis(&["FLUSHALL"]).await;
    let (feed, pipe) = (feed.monitor(), stage.pipe.monitor());
    until("both know", async || feed.loss().is_some() && pipe.loss().is_some()).await;
    assert_eq!(feed.found() + pipe.found(), 1, "it is counted once");
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_is_found() {
    let mut stage = Stage::new(&["--appendonly", "no"]).await;
    five_wait(&stage).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    let monitor = stage.pipe.monitor();
    until("the pipe finds the loss", async || lost(&monitor) == 5).await;
}

#[tokio::test]
async fn a_redis_that_comes_back_with_an_older_state_is_found() {
    let mut stage = Stage::new(&["--appendonly", "no"]).await;
    five_wait(&stage).await;
    stage.redis(&["SAVE"]).await;
    stage.track(5..8).await;
    stage.looked(2).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    let monitor = stage.pipe.monitor();
    until("the pipe finds the loss", async || lost(&monitor) > 0).await;
}

#[tokio::test]
async fn eviction_is_found() {
    let stage = Stage::new(&["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let monitor = stage.pipe.monitor();
    let mut number = 0;
    until("the pipe finds the loss", async || {
        let some = (number..number + 500).map(|number| stage.pipe.track(hit(number)));
        futures::future::join_all(some).await;
        number += 500;
        lost(&monitor) > 0
    })
    .await;
}

#[tokio::test]
async fn a_restart_with_all_data_raises_no_alarm() {
    let mut stage = Stage::new(&["--appendfsync", "always"]).await;
    five_wait(&stage).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    let mut feed = stage.feed("one");
    stage.count(&mut feed, 5).await;
    stage.looked(4).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn deleting_the_stream_while_nothing_waits_raises_no_alarm() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    for round in 1..=3 {
        stage.track((round - 1) * 5..round * 5).await;
        stage.count(&mut feed, round * 5).await;
        // The pipe looks and then the feed, or the other way round; six are three of each, or nearly.
        stage.looked(6).await;
        stage.redis(&["DEL", "analytics:events"]).await;
        stage.looked(4).await;
    }
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
}

#[tokio::test]
async fn setting_the_group_back_raises_no_alarm() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    stage.track(0..10).await;
    stage.count(&mut feed, 10).await;
    until("it is trimmed", async || {
        stage.redis(&["XLEN", "analytics:events"]).await == "1"
    })
    .await;
    stage
        .redis(&["XGROUP", "SETID", "analytics:events", "accumulators", "0"])
        .await;
    stage.track(10..11).await;
    stage.count(&mut feed, 11).await;
    stage.looked(4).await;
    assert_eq!((lost(&stage.pipe.monitor()), lost(&feed.monitor())), (0, 0));
    assert_eq!(stage.visits().await, 11);
}

#[tokio::test]
async fn two_accumulators_and_two_pipes_count_a_loss_once_and_all_of_them_know() {
    let stage = Stage::new(&[]).await;
    let second = horizon_redis::RedisBus::connect(&stage.config, stage.store.clone()).unwrap();
    five_wait(&stage).await;
    stage.track(5..10).await;
    stage.redis(&["XTRIM", "analytics:events", "MAXLEN", "3"]).await;
    let (mut one, mut two) = (stage.feed("one"), stage.feed("two"));
    until("what is left is counted", async || {
        tokio::join!(stage.count(&mut one, 3), stage.count(&mut two, 3));
        true
    })
    .await;
    let all = [one.monitor(), two.monitor(), stage.pipe.monitor(), second.monitor()];
    let found = || all.iter().map(horizon_redis::BusMonitor::found).sum::<u64>();
    until("the seven that were removed are found", async || found() == 7).await;
    stage.looked(8).await;
    assert_eq!(found(), 7);
    let before = all.each_ref().map(lost);
    stage.redis(&["FLUSHALL"]).await;
    until("everybody knows that more is gone", async || {
        all.iter().zip(before).all(|(monitor, before)| lost(monitor) > before)
    })
    .await;
    assert_eq!(found(), 8);
}

#[tokio::test]
async fn a_destroyed_group_under_load_loses_nothing_and_raises_no_alarm() {
    const EVENTS: u64 = 6_000;
    let stage = Stage::new(&[]).await;
    let (mut one, mut two) = (stage.feed("one"), stage.feed("two"));
    let track = async {
        for first in (0..EVENTS).step_by(100) {
            let some = (first..first + 100).map(|number| stage.pipe.track(hit(number)));
            assert!(futures::future::join_all(some).await.iter().all(Result::is_ok));
            if first % 1_000 == 0 {
                stage
                    .redis(&["XGROUP", "DESTROY", "analytics:events", "accumulators"])
                    .await;
            }
            // Some are read and some are not.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::join!(track, stage.count(&mut one, EVENTS), stage.count(&mut two, EVENTS));
    stage.looked(6).await;
    assert_eq!(stage.visits().await, EVENTS);
    for monitor in [one.monitor(), two.monitor(), stage.pipe.monitor()] {
        assert_eq!((lost(&monitor), monitor.found()), (0, 0));
    }
}
