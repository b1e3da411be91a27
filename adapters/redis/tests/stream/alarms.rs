use horizon_core::EventBus;

use crate::{TestStream, hit, lost, until};

/// Tracks five events without an accumulator, and waits until the bus has checked the stream.
async fn five_wait(stream: &TestStream) {
    stream.track(0..5).await;
    stream.checked(2).await;
}

#[tokio::test]
async fn a_deleted_stream_is_found_by_the_bus_and_by_a_later_consumer() {
    let stream = TestStream::new(&[]).await;
    five_wait(&stream).await;
    stream.redis(&["DEL", "analytics:events"]).await;
    let monitor = stream.bus.monitor();
    until("the bus finds the loss", async || lost(&monitor) == 5).await;
    assert_eq!(monitor.found(), 5);
    stream.checked(3).await;
    assert_eq!(lost(&monitor), 5, "it is found once");
    let mut consumer = stream.consumer("one");
    stream.track(5..7).await;
    stream.count(&mut consumer, 2).await;
    assert_eq!((consumer.state()().lost, lost(&monitor)), (0, 5));
}

#[tokio::test]
async fn a_new_consumer_finds_that_the_stream_was_replaced() {
    let mut stream = TestStream::new(&[]).await;
    five_wait(&stream).await;
    // No bus checks the stream, and the new stream becomes longer than the old one.
    let other = horizon_redis::RedisBus::connect(&stream.config, stream.store.clone()).unwrap();
    drop(std::mem::replace(&mut stream.bus, other));
    stream.redis(&["DEL", "analytics:events"]).await;
    for number in 5..15 {
        stream.bus.track(hit(number)).await.unwrap();
    }
    let mut consumer = stream.consumer("one");
    stream.count(&mut consumer, 10).await;
    let (consumer, bus) = (consumer.monitor(), stream.bus.monitor());
    until("one of them finds it", async || consumer.found() + bus.found() == 5).await;
}

#[tokio::test]
async fn emptying_redis_is_found() {
    let stream = TestStream::new(&[]).await;
    five_wait(&stream).await;
    stream.redis(&["FLUSHALL"]).await;
    let monitor = stream.bus.monitor();
    until("the bus finds the loss", async || lost(&monitor) == 5).await;
}

#[tokio::test]
async fn emptying_redis_is_found_by_an_accumulator_although_everything_was_counted() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..5).await;
    stream.count(&mut consumer, 5).await;
    stream.checked(4).await;
    stream.redis(&["FLUSHALL"]).await;
    let (consumer, bus) = (consumer.monitor(), stream.bus.monitor());
    until("both know", async || consumer.loss().is_some() && bus.loss().is_some()).await;
    assert_eq!(consumer.found() + bus.found(), 1, "it is counted once");
}

#[tokio::test]
async fn a_restart_without_data_is_found() {
    let mut stream = TestStream::new(&["--appendonly", "no"]).await;
    five_wait(&stream).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    let monitor = stream.bus.monitor();
    until("the bus finds the loss", async || lost(&monitor) == 5).await;
}

#[tokio::test]
async fn a_restart_with_an_older_state_is_found() {
    let mut stream = TestStream::new(&["--appendonly", "no"]).await;
    five_wait(&stream).await;
    stream.redis(&["SAVE"]).await;
    stream.track(5..8).await;
    stream.checked(2).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    let monitor = stream.bus.monitor();
    until("the bus finds the loss", async || lost(&monitor) > 0).await;
}

#[tokio::test]
async fn eviction_is_found() {
    let stream = TestStream::new(&["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"]).await;
    let monitor = stream.bus.monitor();
    let mut number = 0;
    until("the bus finds the loss", async || {
        let some = (number..number + 500).map(|number| stream.bus.track(hit(number)));
        futures::future::join_all(some).await;
        number += 500;
        lost(&monitor) > 0
    })
    .await;
}

#[tokio::test]
async fn a_restart_with_all_data_raises_no_alarm() {
    let mut stream = TestStream::new(&["--appendfsync", "always"]).await;
    five_wait(&stream).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    let mut consumer = stream.consumer("one");
    stream.count(&mut consumer, 5).await;
    stream.checked(4).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn deleting_the_stream_while_nothing_waits_raises_no_alarm() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    for round in 1..=3 {
        stream.track((round - 1) * 5..round * 5).await;
        stream.count(&mut consumer, round * 5).await;
        // Bus and consumer alternate, so six checks are about three of each.
        stream.checked(6).await;
        stream.redis(&["DEL", "analytics:events"]).await;
        stream.checked(4).await;
    }
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
}

#[tokio::test]
async fn setting_the_group_back_raises_no_alarm() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..10).await;
    stream.count(&mut consumer, 10).await;
    until("it is trimmed", async || {
        stream.redis(&["XLEN", "analytics:events"]).await == "1"
    })
    .await;
    stream
        .redis(&["XGROUP", "SETID", "analytics:events", "accumulators", "0"])
        .await;
    stream.track(10..11).await;
    stream.count(&mut consumer, 11).await;
    stream.checked(4).await;
    assert_eq!((lost(&stream.bus.monitor()), lost(&consumer.monitor())), (0, 0));
    assert_eq!(stream.visits().await, 11);
}

#[tokio::test]
async fn a_loss_is_counted_once_and_reported_by_two_consumers_and_two_buses() {
    let stream = TestStream::new(&[]).await;
    let second = horizon_redis::RedisBus::connect(&stream.config, stream.store.clone()).unwrap();
    five_wait(&stream).await;
    stream.track(5..10).await;
    stream.redis(&["XTRIM", "analytics:events", "MAXLEN", "3"]).await;
    let (mut one, mut two) = (stream.consumer("one"), stream.consumer("two"));
    until("what is left is counted", async || {
        tokio::join!(stream.count(&mut one, 3), stream.count(&mut two, 3));
        true
    })
    .await;
    let all = [one.monitor(), two.monitor(), stream.bus.monitor(), second.monitor()];
    let found = || all.iter().map(horizon_redis::StreamMonitor::found).sum::<u64>();
    until("the seven that were removed are found", async || found() == 7).await;
    stream.checked(8).await;
    assert_eq!(found(), 7);
    let before = all.each_ref().map(lost);
    stream.redis(&["FLUSHALL"]).await;
    until("all of them know of the further loss", async || {
        all.iter().zip(before).all(|(monitor, before)| lost(monitor) > before)
    })
    .await;
    assert_eq!(found(), 8);
}

#[tokio::test]
async fn a_destroyed_group_under_load_loses_nothing_and_raises_no_alarm() {
    const EVENTS: u64 = 6_000;
    let stream = TestStream::new(&[]).await;
    let (mut one, mut two) = (stream.consumer("one"), stream.consumer("two"));
    let track = async {
        for first in (0..EVENTS).step_by(100) {
            let some = (first..first + 100).map(|number| stream.bus.track(hit(number)));
            assert!(futures::future::join_all(some).await.iter().all(Result::is_ok));
            if first % 1_000 == 0 {
                stream
                    .redis(&["XGROUP", "DESTROY", "analytics:events", "accumulators"])
                    .await;
            }
            // Some are read, and some are not.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::join!(track, stream.count(&mut one, EVENTS), stream.count(&mut two, EVENTS));
    stream.checked(6).await;
    assert_eq!(stream.visits().await, EVENTS);
    for monitor in [one.monitor(), two.monitor(), stream.bus.monitor()] {
        assert_eq!((lost(&monitor), monitor.found()), (0, 0));
    }
}
