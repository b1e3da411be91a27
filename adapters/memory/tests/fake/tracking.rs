use std::time::Duration;

use horizon_core::{
    CommentStore, DEDUPE_WINDOW, Draft, EventBus, EventBusExt, EventKind, MAX_CLOCK_SKEW, ReaderId, RejectReason, Slug,
    Stamp, Stats, StatsStore, Timestamp, Topic,
};
use horizon_memory::testing::{Call, Fake};

use crate::{clock, fake, next_now, visit, visits};

#[tokio::test]
async fn an_event_is_counted_when_track_returns() {
    let fake = fake();
    EventBus::track(&fake, visit(1)).await.unwrap();
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn an_event_is_published_when_track_returns() {
    let fake = fake();
    let mut totals = fake.bus().watch(Topic::Site);
    assert_eq!(next_now(&mut totals), Some(Stats::default()));
    for number in 1..=2 {
        fake.bus().track(visit(number)).await.unwrap();
        assert_eq!(next_now(&mut totals).unwrap().visits, u64::from(number));
    }
    assert_eq!(next_now(&mut totals), None);
}

#[tokio::test]
async fn a_watch_starts_with_the_current_totals() {
    let fake = fake();
    fake.bus().track(visit(1)).await.unwrap();
    assert_eq!(next_now(&mut fake.bus().watch(Topic::Site)).unwrap().visits, 1);
}

#[tokio::test]
async fn a_watch_outlives_the_fake() {
    let fake = fake();
    let mut totals = fake.bus().watch(Topic::Site);
    drop(fake);
    assert_eq!(next_now(&mut totals), Some(Stats::default()));
    assert_eq!(next_now(&mut totals), None);
}

#[tokio::test]
async fn tracked_events_are_listed_in_order_including_repeats() {
    let fake = fake();
    let events = [visit(2), visit(1), visit(2)];
    for event in &events {
        fake.bus().track(event.clone()).await.unwrap();
    }
    assert_eq!(fake.tracked(), events);
    assert_eq!(visits(&fake).await, 2);
}

#[tokio::test]
async fn an_event_too_old_or_from_the_future_is_rejected_and_not_counted() {
    let (fake, now, milli) = (fake(), clock().now(), Duration::from_millis(1));
    let at = |at: Timestamp| {
        let mut event = visit(1);
        event.at = at;
        event
    };
    let late = at(now.minus(DEDUPE_WINDOW + milli));
    let early = at(now.plus(MAX_CLOCK_SKEW + milli));
    for event in [&late, &early] {
        fake.bus().track(event.clone()).await.unwrap();
    }
    assert_eq!(visits(&fake).await, 0);
    assert_eq!(fake.tracked(), [late.clone(), early.clone()]);
    assert_eq!(
        fake.rejected(),
        [(late, RejectReason::TooOld), (early, RejectReason::FromTheFuture)]
    );
}

#[tokio::test]
async fn event_times_are_checked_by_the_fakes_clock() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    clock.advance(DEDUPE_WINDOW);
    fake.bus().track(visit(1)).await.unwrap();
    clock.advance(Duration::from_millis(1));
    fake.bus().track(visit(2)).await.unwrap();
    assert_eq!((visits(&fake).await, fake.rejected().len()), (1, 1));
}

#[tokio::test]
async fn tracked_comments_and_likes_can_be_read() {
    let fake = fake();
    let (slug, reader) = (Slug::new("hello").unwrap(), ReaderId::from_u128(7));
    let stamp = |number| Stamp::new(clock().now(), [number; 10]);
    let draft = Draft::new("Ada", "Hello", None).unwrap();
    let analytics = fake.bus();
    analytics
        .track_blog_comment(stamp(1), &slug, reader, draft, false)
        .await
        .unwrap();
    analytics.track_blog_like(stamp(2), &slug, reader, true).await.unwrap();
    assert!(fake.comment(stamp(1).id).await.unwrap().is_some());
    assert!(fake.is_liked_by(&slug.into(), reader).await.unwrap());
}

#[tokio::test]
async fn events_applied_to_the_store_are_not_listed_as_tracked() {
    let fake = fake();
    let kind = EventKind::visit(None);
    let mut event = visit(1);
    event.kind = kind;
    fake.apply(&[event]).await.unwrap();
    assert_eq!((visits(&fake).await, fake.tracked()), (1, vec![]));
    assert_eq!((fake.attempts(Call::Apply), fake.attempts(Call::Track)), (1, 0));
}
