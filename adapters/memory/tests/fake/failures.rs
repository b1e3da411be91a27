use std::num::NonZeroUsize;

use horizon_core::reports::{DayRange, Metric, Query, ReportError, Reports, SiteTimeZone};
use horizon_core::{
    CommentStore, Day, Error, EventBus, EventId, Presence, ReaderId, Result, SaltStore, Slug, StatsStore, Topic,
};
use horizon_memory::testing::{Call, Fake};

use crate::{ADA, GRACE, clock, fake, next_now, visit, visits};

/// Every method.
const CALLS: [Call; 18] = [
    Call::TrackPresence,
    Call::Track,
    Call::Apply,
    Call::Get,
    Call::IsLikedBy,
    Call::Expire,
    Call::Threads,
    Call::Thread,
    Call::NewestComments,
    Call::RecentComments,
    Call::Comment,
    Call::ReplyCount,
    Call::Salt,
    Call::SetTimeZone,
    Call::Query,
    Call::ReportStatus,
    Call::Verify,
    Call::ExpireSessions,
];

/// Calls the method.
async fn call_method(fake: &Fake, call: Call) -> Result<()> {
    let (slug, one, id) = (Slug::new("hello").unwrap(), NonZeroUsize::MIN, EventId::from_u128(1));
    match call {
        Call::TrackPresence => Presence::track(fake, Topic::Site, ADA).await.map(drop),
        Call::Track => EventBus::track(fake, visit(1)).await,
        Call::Apply => fake.apply(&[visit(1)]).await.map(drop),
        Call::Get => fake.totals(&[Topic::Site]).await.map(drop),
        Call::IsLikedBy => fake.is_liked_by(&Topic::Site, ReaderId::from_u128(1)).await.map(drop),
        Call::Expire => fake.expire(clock().now()).await,
        Call::Threads => fake.threads(&slug, None, one).await.map(drop),
        Call::Thread => fake.thread(&slug, id, None, one).await.map(drop),
        Call::NewestComments => fake.newest_comments(&slug, one).await.map(drop),
        Call::RecentComments => fake.recent_comments(None, None, one).await.map(drop),
        Call::Comment => fake.comment(id).await.map(drop),
        Call::ReplyCount => fake.reply_count(id).await.map(drop),
        Call::Salt => fake.salt(Day::from_number(1), [1; 32]).await.map(drop),
        Call::SetTimeZone => fake.set_time_zone(&SiteTimeZone::utc()).await,
        Call::Query => match fake.query(&visits_today()).await {
            Err(ReportError::Store(error)) => Err(error),
            answer => answer.map(drop).map_err(|error| Error::permanent(error.to_string())),
        },
        Call::ReportStatus => fake.status().await.map(drop),
        Call::Verify => fake.verify().await.map(drop),
        Call::ExpireSessions => fake.expire_sessions(Day::from_number(1), false).await.map(drop),
        other => Err(Error::permanent(format!("{other:?} is missing here"))),
    }
}

fn visits_today() -> Query {
    let today = clock().now().day();
    Query::new(DayRange::new(today, today)).metrics([Metric::Visits])
}

fn down() -> Error {
    Error::unavailable("down")
}

#[tokio::test]
async fn a_planned_fault_fails_one_call_of_its_method_and_no_other() {
    for failing in CALLS {
        let fake = fake();
        fake.fail_next(failing, down());
        for call in CALLS {
            assert_eq!(call_method(&fake, call).await.is_err(), call == failing, "{call:?}");
        }
        call_method(&fake, failing).await.unwrap();
        assert_eq!(fake.attempts(failing), 2);
    }
}

#[tokio::test]
async fn faults_occur_in_the_order_in_which_they_were_planned() {
    let fake = fake();
    fake.fail_next(Call::Get, Error::permanent("first"));
    fake.lose_next_reply(Call::Get, Error::unavailable("second"));
    for (message, is_retryable) in [("first", false), ("second", true)] {
        let error = call_method(&fake, Call::Get).await.unwrap_err();
        assert_eq!(
            (error.to_string(), error.is_retryable()),
            (message.into(), is_retryable)
        );
    }
    call_method(&fake, Call::Get).await.unwrap();
}

#[tokio::test]
async fn a_lasting_fault_fails_all_calls_of_its_method_until_it_is_restored() {
    for failing in CALLS {
        let fake = fake();
        let guard = fake.fail(failing, Error::permanent("broken").with_source("a cause"));
        for call in CALLS.iter().chain(&CALLS) {
            assert_eq!(call_method(&fake, *call).await.is_err(), *call == failing, "{call:?}");
        }
        let error = call_method(&fake, failing).await.unwrap_err();
        assert_eq!(
            (format!("{error:?}"), error.is_retryable()),
            ("broken; because: a cause".into(), false)
        );
        guard.restore();
        call_method(&fake, failing).await.unwrap();
    }
}

#[tokio::test]
async fn planned_faults_come_before_a_lasting_one_and_the_newest_of_two_lasts() {
    let fake = fake();
    let older = fake.fail(Call::Get, Error::unavailable("older"));
    let newer = fake.fail(Call::Get, Error::unavailable("newer"));
    fake.fail_next(Call::Get, Error::unavailable("planned"));
    for message in ["planned", "newer", "newer"] {
        let error = call_method(&fake, Call::Get).await.unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    drop(newer);
    assert_eq!(call_method(&fake, Call::Get).await.unwrap_err().to_string(), "older");
    older.restore();
    call_method(&fake, Call::Get).await.unwrap();
}

#[tokio::test]
async fn a_failed_track_is_not_counted() {
    let fake = fake();
    fake.fail_next(Call::Track, down());
    call_method(&fake, Call::Track).await.unwrap_err();
    assert_eq!((visits(&fake).await, fake.tracked()), (0, vec![]));
}

#[tokio::test]
async fn a_track_whose_reply_is_lost_is_counted_and_published() {
    let fake = fake();
    let mut totals = fake.bus().watch(Topic::Site);
    fake.lose_next_reply(Call::Track, down());
    call_method(&fake, Call::Track).await.unwrap_err();
    assert_eq!((visits(&fake).await, fake.tracked()), (1, vec![visit(1)]));
    assert_eq!(next_now(&mut totals).unwrap().visits, 1);
}

#[tokio::test]
async fn retries_of_an_event_count_once_however_it_failed() {
    let fake = fake();
    fake.fail_next(Call::Track, down());
    fake.lose_next_reply(Call::Track, down());
    fake.lose_next_reply(Call::Track, down());
    let mut attempts = 0;
    while EventBus::track(&fake, visit(1)).await.is_err() {
        attempts += 1;
    }
    assert_eq!((attempts, fake.attempts(Call::Track)), (3, 4));
    // Tracked three times, counted once.
    assert_eq!(fake.tracked(), [visit(1), visit(1), visit(1)]);
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn an_apply_whose_reply_is_lost_may_be_retried() {
    let fake = fake();
    fake.lose_next_reply(Call::Apply, down());
    call_method(&fake, Call::Apply).await.unwrap_err();
    call_method(&fake, Call::Apply).await.unwrap();
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn a_visitor_whose_call_failed_is_not_present() {
    let fake = fake();
    fake.fail_next(Call::TrackPresence, down());
    call_method(&fake, Call::TrackPresence).await.unwrap_err();
    assert_eq!(fake.present_visitors(&Topic::Site), []);
}

#[tokio::test]
async fn a_visitor_whose_reply_is_lost_is_present_for_the_grace() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.lose_next_reply(Call::TrackPresence, down());
    call_method(&fake, Call::TrackPresence).await.unwrap_err();
    assert_eq!(fake.present_visitors(&Topic::Site), [ADA]);
    clock.advance(GRACE);
    assert_eq!(fake.present_visitors(&Topic::Site), []);
}
