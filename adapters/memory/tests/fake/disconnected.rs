use futures::FutureExt;
use horizon_core::{Error, EventBus, Presence, Stats, StatsStore, Topic};
use horizon_memory::testing::{Call, Fake};

use crate::{ADA, BOB, GRACE, SECOND, clock, fake, next_now, visit, visits};

#[tokio::test]
async fn every_call_is_unavailable_while_disconnected_and_does_nothing() {
    let fake = fake();
    fake.disconnect();
    assert!(EventBus::track(&fake, visit(1)).await.unwrap_err().is_retryable());
    assert!(fake.totals(&[Topic::Site]).await.unwrap_err().is_retryable());
    let present = Presence::track(&fake, Topic::Site, ADA).await;
    assert!(present.unwrap_err().is_retryable());
    fake.reconnect();
    assert_eq!((visits(&fake).await, fake.tracked()), (0, vec![]));
    assert_eq!(fake.present_visitors(&Topic::Site), []);
}

#[tokio::test]
async fn a_call_while_disconnected_is_an_attempt_but_uses_no_planned_fault() {
    let fake = fake();
    fake.fail_next(Call::Track, Error::permanent("ordered"));
    fake.disconnect();
    assert!(EventBus::track(&fake, visit(1)).await.unwrap_err().is_retryable());
    fake.reconnect();
    assert!(!EventBus::track(&fake, visit(1)).await.unwrap_err().is_retryable());
    assert_eq!(fake.attempts(Call::Track), 2);
}

#[tokio::test]
async fn a_delayed_call_fails_when_the_fake_disconnects() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.delay(Call::Track, SECOND);
    let mut tracked = EventBus::track(&fake, visit(1));
    assert!(tracked.as_mut().now_or_never().is_none());
    fake.disconnect();
    clock.advance(SECOND);
    assert!(tracked.await.unwrap_err().is_retryable());
    assert_eq!(fake.tracked(), []);
}

#[tokio::test]
async fn a_watch_of_viewers_is_silent_while_disconnected_and_then_shows_the_latest() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let presence = fake.presence();
    let mut counts = presence.watch(Topic::Site);
    let ada = presence.track(Topic::Site, ADA).await.unwrap();
    let bob = presence.track(Topic::Site, BOB).await.unwrap();
    assert_eq!(next_now(&mut counts), Some(2));
    fake.disconnect();
    drop(ada);
    clock.advance(GRACE);
    drop(bob);
    clock.advance(GRACE);
    assert_eq!(next_now(&mut counts), None);
    fake.reconnect();
    assert_eq!(next_now(&mut counts), Some(0));
}

#[tokio::test]
async fn a_watch_of_totals_is_silent_while_disconnected_and_then_shows_the_latest() {
    let fake = fake();
    let mut totals = fake.bus().watch(Topic::Site);
    assert_eq!(next_now(&mut totals), Some(Stats::default()));
    for number in 1..=2 {
        EventBus::track(&fake, visit(number)).await.unwrap();
    }
    fake.disconnect();
    assert_eq!(next_now(&mut totals), None);
    fake.reconnect();
    assert_eq!(next_now(&mut totals).unwrap().visits, 2);
    assert_eq!(next_now(&mut totals), None);
}

#[tokio::test]
async fn a_polled_watch_is_silent_while_disconnected() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let ada = fake.presence().track(Topic::Site, ADA).await.unwrap();
    let mut counts = fake.presence().watch(Topic::Site);
    assert_eq!((next_now(&mut counts), next_now(&mut counts)), (Some(1), None));
    fake.disconnect();
    drop(ada);
    clock.advance(GRACE);
    assert_eq!(next_now(&mut counts), None);
    fake.reconnect();
    assert_eq!(next_now(&mut counts), Some(0));
}

#[tokio::test]
async fn a_watch_opened_while_disconnected_starts_after_the_reconnect() {
    let fake = fake();
    fake.disconnect();
    let (mut counts, mut totals) = (fake.presence().watch(Topic::Site), fake.bus().watch(Topic::Site));
    assert_eq!((next_now(&mut counts), next_now(&mut totals)), (None, None));
    fake.reconnect();
    assert_eq!(
        (next_now(&mut counts), next_now(&mut totals)),
        (Some(0), Some(Stats::default()))
    );
}

#[tokio::test]
async fn a_reconnect_wakes_a_task_that_awaits_a_watch() {
    let fake = fake();
    fake.disconnect();
    let mut counts = fake.presence().watch(Topic::Site);
    let waits = tokio::spawn(async move { futures::StreamExt::next(&mut counts).await });
    tokio::task::yield_now().await;
    fake.reconnect();
    assert_eq!(waits.await.unwrap(), Some(0));
}
