use std::time::Duration;

use futures::{FutureExt, StreamExt};
use horizon_core::{Slug, Topic};
use horizon_memory::testing::Fake;

use crate::{ADA, BOB, GRACE, clock, fake, next_now};

const MILLI: Duration = Duration::from_millis(1);

#[tokio::test]
async fn a_visitor_leaves_when_the_clock_passes_the_grace_and_not_before() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    drop(fake.presence().track(Topic::Site, ADA).await.unwrap());
    clock.advance(GRACE - MILLI);
    assert_eq!(fake.present_visitors(&Topic::Site), [ADA]);
    clock.advance(MILLI);
    assert_eq!(fake.present_visitors(&Topic::Site), []);
}

#[tokio::test]
async fn a_return_within_the_grace_is_not_a_new_join() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    drop(fake.presence().track(Topic::Site, ADA).await.unwrap());
    let mut counts = fake.presence().watch(Topic::Site);
    clock.advance(GRACE - MILLI);
    let _guard = fake.presence().track(Topic::Site, ADA).await.unwrap();
    clock.advance(GRACE * 2);
    assert_eq!((next_now(&mut counts), next_now(&mut counts)), (Some(1), None));
}

#[tokio::test]
async fn moving_the_clock_wakes_a_task_that_awaits_a_watch() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let mut counts = fake.presence().watch(Topic::Site);
    let guard = fake.presence().track(Topic::Site, ADA).await.unwrap();
    assert_eq!(counts.next().await, Some(1));
    let waits = tokio::spawn(async move { counts.next().await });
    tokio::task::yield_now().await;
    drop(guard);
    clock.advance(GRACE);
    assert_eq!(waits.await.unwrap(), Some(0));
}

#[tokio::test]
async fn present_visitors_are_listed_by_topic_each_once() {
    let fake = fake();
    let page = Topic::from(Slug::new("hello").unwrap());
    let presence = fake.presence();
    let mut guards = Vec::new();
    for (topic, visitor) in [(&page, BOB), (&page, ADA), (&page, ADA), (&Topic::Site, BOB)] {
        guards.push(presence.track(topic.clone(), visitor).await.unwrap());
    }
    assert_eq!(fake.present_visitors(&page), [ADA, BOB]);
    assert_eq!(fake.present_visitors(&Topic::Site), [BOB]);
}

#[tokio::test]
async fn the_clock_may_be_moved_after_the_fake_is_dropped() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let guard = fake.presence().track(Topic::Site, ADA).await.unwrap();
    drop(fake);
    clock.advance(GRACE);
    drop(guard);
    clock.advance(GRACE);
}

#[test]
fn a_guard_may_be_dropped_and_the_clock_moved_without_a_runtime() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let guard = fake.presence().track(Topic::Site, ADA).now_or_never().unwrap().unwrap();
    drop(guard);
    clock.advance(GRACE);
    assert_eq!(fake.present_visitors(&Topic::Site), []);
}
