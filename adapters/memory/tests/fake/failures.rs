use std::num::NonZeroUsize;

use horizon_core::{
    Analytics, CommentStore, Day, Error, EventId, Presence, ReaderId, Result, SaltStore, Slug, StatsStore, Topic,
};
use horizon_memory::testing::{Call, Fake};

use crate::{ADA, GRACE, clock, fake, says, visit, visits};

/// Every call there is.
const CALLS: [Call; 13] = [
    Call::Present,
    Call::Track,
    Call::Apply,
    Call::Get,
    Call::Likes,
    Call::Forget,
    Call::Threads,
    Call::Thread,
    Call::Newest,
    Call::Desk,
    Call::Comment,
    Call::Replies,
    Call::Salt,
];

/// Makes the call with arguments that suit it.
async fn make(fake: &Fake, call: Call) -> Result<()> {
    let (slug, one, id) = (Slug::new("hello").unwrap(), NonZeroUsize::MIN, EventId::from_u128(1));
    match call {
        Call::Present => Presence::track(fake, Topic::Site, ADA).await.map(drop),
        Call::Track => Analytics::track(fake, visit(1)).await,
        Call::Apply => fake.apply(&[visit(1)]).await.map(drop),
        Call::Get => fake.get(&[Topic::Site]).await.map(drop),
        Call::Likes => fake.is_liked_by(&Topic::Site, ReaderId::from_u128(1)).await.map(drop),
        Call::Forget => fake.expire(clock().now()).await,
        Call::Threads => fake.threads(&slug, None, one).await.map(drop),
        Call::Thread => fake.thread(&slug, id, None, one).await.map(drop),
        Call::Newest => fake.newest_comments(&slug, one).await.map(drop),
        Call::Desk => fake.recent_comments(None, None, one).await.map(drop),
        Call::Comment => fake.comment(id).await.map(drop),
        Call::Replies => fake.reply_count(id).await.map(drop),
        Call::Salt => fake.salt(Day::from_number(1), [1; 32]).await.map(drop),
        other => Err(Error::permanent(format!("{other:?} is not made here"))),
    }
}

fn down() -> Error {
    Error::unavailable("down")
}

#[tokio::test]
async fn each_call_fails_once_for_each_failure_that_was_ordered_for_it_and_no_other_does() {
    for failing in CALLS {
        let fake = fake();
        fake.fail_next(failing, down());
        for call in CALLS {
            assert_eq!(make(&fake, call).await.is_err(), call == failing, "{call:?}");
        }
        make(&fake, failing).await.unwrap();
        assert_eq!(fake.attempts(failing), 2);
    }
}

#[tokio::test]
async fn failures_come_in_the_order_in_which_they_were_ordered() {
    let fake = fake();
    fake.fail_next(Call::Get, Error::permanent("first"));
    fake.lose_next_reply(Call::Get, Error::unavailable("second"));
    for (message, is_retryable) in [("first", false), ("second", true)] {
        let error = make(&fake, Call::Get).await.unwrap_err();
        assert_eq!(
            (error.to_string(), error.is_retryable()),
            (message.into(), is_retryable)
        );
    }
    make(&fake, Call::Get).await.unwrap();
}

#[tokio::test]
async fn a_failed_track_is_not_counted() {
    let fake = fake();
    fake.fail_next(Call::Track, down());
    make(&fake, Call::Track).await.unwrap_err();
    assert_eq!((visits(&fake).await, fake.tracked()), (0, vec![]));
}

#[tokio::test]
async fn a_track_whose_reply_is_lost_is_counted_and_told() {
    let fake = fake();
    let mut totals = fake.analytics().watch(Topic::Site);
    fake.lose_next_reply(Call::Track, down());
    make(&fake, Call::Track).await.unwrap_err();
    assert_eq!((visits(&fake).await, fake.tracked()), (1, vec![visit(1)]));
    assert_eq!(says(&mut totals).unwrap().visits, 1);
}

#[tokio::test]
async fn who_tries_again_with_the_same_event_counts_it_exactly_once_however_it_failed() {
    let fake = fake();
    fake.fail_next(Call::Track, down());
    fake.lose_next_reply(Call::Track, down());
    fake.lose_next_reply(Call::Track, down());
    let mut attempts = 0;
    while Analytics::track(&fake, visit(1)).await.is_err() {
        attempts += 1;
    }
    assert_eq!((attempts, fake.attempts(Call::Track)), (3, 4));
    // The pipe took it three times, and the numbers know it once.
    assert_eq!(fake.tracked(), [visit(1), visit(1), visit(1)]);
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn an_apply_whose_reply_is_lost_may_be_repeated_too() {
    let fake = fake();
    fake.lose_next_reply(Call::Apply, down());
    make(&fake, Call::Apply).await.unwrap_err();
    make(&fake, Call::Apply).await.unwrap();
    assert_eq!(visits(&fake).await, 1);
}

#[tokio::test]
async fn a_visitor_who_failed_to_come_is_not_here() {
    let fake = fake();
    fake.fail_next(Call::Present, down());
    make(&fake, Call::Present).await.unwrap_err();
    assert_eq!(fake.present(&Topic::Site), []);
}

#[tokio::test]
async fn a_visitor_whose_reply_is_lost_is_here_for_the_grace() {
    let clock = clock();
    let fake = Fake::new(clock.clone());
    fake.lose_next_reply(Call::Present, down());
    make(&fake, Call::Present).await.unwrap_err();
    assert_eq!(fake.present(&Topic::Site), [ADA]);
    clock.advance(GRACE);
    assert_eq!(fake.present(&Topic::Site), []);
}
