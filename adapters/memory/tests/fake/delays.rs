use std::time::Duration;

use futures::FutureExt;
use horizon_core::{Error, EventBus};
use horizon_memory::testing::{Call, Fake};

use crate::{SECOND, clock, visit, visits};

#[tokio::test]
async fn a_delayed_call_completes_when_the_clock_reaches_its_time() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.delay(Call::Track, SECOND * 2);
    let mut tracked = EventBus::track(&fake, visit(1));
    for _ in 0..2 {
        assert!(tracked.as_mut().now_or_never().is_none());
        assert_eq!((fake.attempts(Call::Track), visits(&fake).await), (1, 0));
        clock.advance(SECOND);
    }
    tracked.now_or_never().unwrap().unwrap();
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn a_dropped_delayed_call_does_nothing() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.delay(Call::Track, SECOND);
    assert!(EventBus::track(&fake, visit(1)).now_or_never().is_none());
    clock.advance(SECOND);
    assert_eq!((visits(&fake).await, fake.tracked()), (0, vec![]));
}

#[tokio::test]
async fn every_call_is_delayed_until_the_delay_is_removed() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.delay(Call::Track, SECOND);
    for number in 1..=2 {
        let later = async { clock.advance(SECOND) };
        let (tracked, ()) = tokio::join!(EventBus::track(&fake, visit(number)), later);
        tracked.unwrap();
    }
    fake.delay(Call::Track, Duration::ZERO);
    EventBus::track(&fake, visit(3)).now_or_never().unwrap().unwrap();
}

#[tokio::test]
async fn a_delayed_call_fails_after_its_delay() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.delay(Call::Track, SECOND);
    fake.fail_next(Call::Track, Error::permanent("broken"));
    let mut tracked = EventBus::track(&fake, visit(1));
    assert!(tracked.as_mut().now_or_never().is_none());
    clock.advance(SECOND);
    assert!(!tracked.await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn delayed_calls_complete_in_the_order_of_their_times() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    let calls = [3, 1, 2].map(|number| {
        let fake = fake.clone();
        async move {
            fake.delay(Call::Track, SECOND * u32::from(number));
            EventBus::track(&fake, visit(number)).await
        }
    });
    let calls = calls.map(tokio::spawn);
    tokio::task::yield_now().await;
    clock.advance(SECOND * 3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(fake.tracked(), [visit(1), visit(2), visit(3)]);
}
