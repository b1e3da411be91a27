//! Redis is emptied or goes back to an older state, and some processes know more than others.

use std::sync::Arc;

use horizon_redis::{RedisBus, RedisConfig, StreamMonitor};

use crate::{TestStream, lost, until};

fn another_bus(stream: &TestStream) -> RedisBus {
    RedisBus::connect(&stream.config, Arc::clone(&stream.store) as _).unwrap()
}

fn found(monitors: &[StreamMonitor]) -> u64 {
    monitors.iter().map(StreamMonitor::found).sum()
}

#[tokio::test]
async fn a_process_that_starts_on_an_emptied_redis_does_not_hide_the_loss_from_the_others() {
    let stream = TestStream::new(&[]).await;
    let second = another_bus(&stream);
    stream.track(0..5).await;
    stream.checked(4).await;
    // Only the new process checks the stream.
    stream
        .redis(&["ACL", "SETUSER", "new", "on", ">pw", "~*", "&*", "+@all"])
        .await;
    stream.redis(&["ACL", "SETUSER", "default", "-evalsha"]).await;
    stream.redis(&["FLUSHALL"]).await;
    let url = format!("redis://new:pw@127.0.0.1:{}", stream.server.port());
    let third = RedisBus::connect(&RedisConfig::new(&url).unwrap(), Arc::clone(&stream.store) as _).unwrap();
    until("the new process looks", async || {
        stream.redis(&["EXISTS", "horizon:bus"]).await == "1"
    })
    .await;
    stream.redis(&["ACL", "SETUSER", "default", "+evalsha"]).await;
    let all = [stream.bus.monitor(), second.monitor(), third.monitor()];
    until("all of them know", async || {
        all.iter().all(|monitor| lost(monitor) == 5)
    })
    .await;
    stream.checked(6).await;
    assert_eq!(found(&all), 5);
    assert_eq!(all.each_ref().map(lost), [5, 5, 5]);
}

#[tokio::test]
async fn a_backup_with_an_older_stream_is_found() {
    let mut stream = TestStream::new(&["--appendonly", "no"]).await;
    let second = another_bus(&stream);
    let all = [stream.bus.monitor(), second.monitor()];
    stream.track(0..2).await;
    stream.checked(4).await;
    stream.redis(&["SAVE"]).await;
    stream.redis(&["DEL", "analytics:events"]).await;
    until("both know of the first loss", async || {
        all.iter().all(|monitor| lost(monitor) == 2)
    })
    .await;
    stream.track(2..5).await;
    stream.checked(4).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    until("both know of the second", async || {
        all.iter().all(|monitor| lost(monitor) == 5)
    })
    .await;
    stream.checked(6).await;
    assert_eq!((found(&all), all.each_ref().map(lost)), (5, [5, 5]));
}

#[tokio::test]
async fn a_hash_with_fewer_lost_events_than_a_process_is_ignored() {
    let stream = TestStream::new(&[]).await;
    let monitor = stream.bus.monitor();
    stream.track(0..5).await;
    stream.checked(2).await;
    stream.redis(&["DEL", "analytics:events"]).await;
    until("the first loss is found", async || lost(&monitor) == 5).await;
    stream.track(5..8).await;
    stream.checked(2).await;
    stream.redis(&["HSET", "horizon:bus", "lost", "0"]).await;
    stream.redis(&["DEL", "analytics:events"]).await;
    until("the second loss is found", async || monitor.found() == 8).await;
    stream.checked(3).await;
    assert_eq!((monitor.found(), lost(&monitor)), (8, 8));
}

#[tokio::test]
async fn pending_events_of_an_older_state_are_not_lost() {
    let mut stream = TestStream::new(&["--appendonly", "no"]).await;
    let second = another_bus(&stream);
    stream.track(0..5).await;
    stream.checked(4).await;
    stream.redis(&["SAVE"]).await;
    stream.track(5..8).await;
    stream.checked(4).await;
    stream.server.kill().await.unwrap();
    stream.server.start_again().await.unwrap();
    let all = [stream.bus.monitor(), second.monitor()];
    until("both know", async || all.iter().all(|monitor| lost(monitor) > 0)).await;
    stream.checked(6).await;
    assert_eq!((found(&all), all.each_ref().map(lost)), (3, [3, 3]));
}

#[tokio::test]
async fn emptying_redis_without_pending_events_differs_from_a_loss() {
    let stream = TestStream::new(&[]).await;
    let mut consumer = stream.consumer("one");
    stream.track(0..5).await;
    stream.count(&mut consumer, 5).await;
    stream.checked(4).await;
    stream.redis(&["FLUSHALL"]).await;
    for monitor in [consumer.monitor(), stream.bus.monitor()] {
        until("it knows", async || monitor.loss().is_some()).await;
        let loss = monitor.loss().unwrap();
        assert_eq!((loss.events, loss.emptied), (0, 1));
    }
}

#[tokio::test]
async fn trimmed_unread_events_are_reported_although_the_hash_went_back() {
    let stream = TestStream::new(&[]).await;
    let (mut consumer, bus) = (stream.consumer("one"), stream.bus.monitor());
    stream.track(0..5).await;
    stream.count(&mut consumer, 5).await;
    stream.redis(&["HINCRBY", "horizon:bus", "lost", "9"]).await;
    until("the consumer knows of nine", async || lost(&consumer.monitor()) == 9).await;
    // One call, so that no consumer reads between the two commands.
    let script = "redis.call('HSET', 'horizon:bus', 'lost', 0) \
                  redis.call('XADD', 'analytics:events', '*', 'event', 'x') \
                  redis.call('XTRIM', 'analytics:events', 'MAXLEN', 0)";
    stream.redis(&["EVAL", script, "0"]).await;
    until("the tenth lost event is reported", async || {
        consumer.monitor().found() + bus.found() == 1 && lost(&consumer.monitor()) == 10
    })
    .await;
}
