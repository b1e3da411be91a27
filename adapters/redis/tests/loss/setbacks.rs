//! Redis is emptied or goes back to an older state, and some processes know more than others.

use std::sync::Arc;

use horizon_redis::{BusMonitor, RedisBus, RedisConfig};

use crate::{Stage, lost, until};

fn another_pipe(stage: &Stage) -> RedisBus {
    RedisBus::connect(&stage.config, Arc::clone(&stage.store) as _).unwrap()
}

fn found(monitors: &[BusMonitor]) -> u64 {
    monitors.iter().map(BusMonitor::found).sum()
}

#[tokio::test]
async fn a_process_that_starts_on_an_emptied_redis_does_not_hide_the_loss_from_the_others() {
    let stage = Stage::new(&[]).await;
    let second = another_pipe(&stage);
    stage.track(0..5).await;
    stage.looked(4).await;
    // Only the new process may look.
    stage
        .redis(&["ACL", "SETUSER", "new", "on", ">pw", "~*", "&*", "+@all"])
        .await;
    stage.redis(&["ACL", "SETUSER", "default", "-evalsha"]).await;
    stage.redis(&["FLUSHALL"]).await;
    let url = format!("redis://new:pw@127.0.0.1:{}", stage.server.port());
    let third = RedisBus::connect(&RedisConfig::new(&url).unwrap(), Arc::clone(&stage.store) as _).unwrap();
    until("the new process looks", async || {
        stage.redis(&["EXISTS", "horizon:bus"]).await == "1"
    })
    .await;
    stage.redis(&["ACL", "SETUSER", "default", "+evalsha"]).await;
    let all = [stage.pipe.monitor(), second.monitor(), third.monitor()];
    until("all of them know", async || {
        all.iter().all(|monitor| lost(monitor) == 5)
    })
    .await;
    stage.looked(6).await;
    assert_eq!(found(&all), 5);
    assert_eq!(all.each_ref().map(lost), [5, 5, 5]);
}

#[tokio::test]
async fn a_backup_that_knows_an_older_stream_is_found() {
    let mut stage = Stage::new(&["--appendonly", "no"]).await;
    let second = another_pipe(&stage);
    let all = [stage.pipe.monitor(), second.monitor()];
    stage.track(0..2).await;
    stage.looked(4).await;
    stage.redis(&["SAVE"]).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    until("both know of the first loss", async || {
        all.iter().all(|monitor| lost(monitor) == 2)
    })
    .await;
    stage.track(2..5).await;
    stage.looked(4).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    until("both know of the second", async || {
        all.iter().all(|monitor| lost(monitor) == 5)
    })
    .await;
    stage.looked(6).await;
    assert_eq!((found(&all), all.each_ref().map(lost)), (5, [5, 5]));
}

#[tokio::test]
async fn a_hash_that_knows_of_fewer_lost_events_than_a_process_does_no_harm() {
    let stage = Stage::new(&[]).await;
    let monitor = stage.pipe.monitor();
    stage.track(0..5).await;
    stage.looked(2).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    until("the first loss is found", async || lost(&monitor) == 5).await;
    stage.track(5..8).await;
    stage.looked(2).await;
    stage.redis(&["HSET", "horizon:bus", "lost", "0"]).await;
    stage.redis(&["DEL", "analytics:events"]).await;
    until("the second loss is found", async || monitor.found() == 8).await;
    stage.looked(3).await;
    assert_eq!((monitor.found(), lost(&monitor)), (8, 8));
}

#[tokio::test]
async fn what_still_waits_in_an_older_state_is_not_counted_as_lost() {
    let mut stage = Stage::new(&["--appendonly", "no"]).await;
    let second = another_pipe(&stage);
    stage.track(0..5).await;
    stage.looked(4).await;
    stage.redis(&["SAVE"]).await;
    stage.track(5..8).await;
    stage.looked(4).await;
    stage.server.kill().await.unwrap();
    stage.server.start_again().await.unwrap();
    let all = [stage.pipe.monitor(), second.monitor()];
    until("both know", async || all.iter().all(|monitor| lost(monitor) > 0)).await;
    stage.looked(6).await;
    assert_eq!((found(&all), all.each_ref().map(lost)), (3, [3, 3]));
}

#[tokio::test]
async fn emptying_redis_while_nothing_waits_is_told_apart_from_lost_events() {
    let stage = Stage::new(&[]).await;
    let mut feed = stage.feed("one");
    stage.track(0..5).await;
    stage.count(&mut feed, 5).await;
    stage.looked(4).await;
    stage.redis(&["FLUSHALL"]).await;
    for monitor in [feed.monitor(), stage.pipe.monitor()] {
        until("it knows", async || monitor.loss().is_some()).await;
        let loss = monitor.loss().unwrap();
        assert_eq!((loss.events, loss.emptied), (0, 1));
    }
}

#[tokio::test]
async fn unread_events_that_are_trimmed_are_told_although_the_hash_went_back() {
    let stage = Stage::new(&[]).await;
    let (mut feed, pipe) = (stage.feed("one"), stage.pipe.monitor());
    stage.track(0..5).await;
    stage.count(&mut feed, 5).await;
    stage.redis(&["HINCRBY", "horizon:bus", "lost", "9"]).await;
    until("the feed has heard of nine", async || lost(&feed.monitor()) == 9).await;
    // One call, so that nobody reads between the two.
    let script = "redis.call('HSET', 'horizon:bus', 'lost', 0) \
                  redis.call('XADD', 'analytics:events', '*', 'event', 'x') \
                  redis.call('XTRIM', 'analytics:events', 'MAXLEN', 0)";
    stage.redis(&["EVAL", script, "0"]).await;
    until("the tenth is told", async || {
        feed.monitor().found() + pipe.found() == 1 && lost(&feed.monitor()) == 10
    })
    .await;
}
