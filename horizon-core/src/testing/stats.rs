//! The checks of a [`StatsStore`](crate::StatsStore).

use std::time::Duration;

use futures::future::join_all;

pub use super::custom_events::{custom_events_count_by_name, names_of_custom_events_beyond_the_limit_count_as_other};
pub use super::retention::{
    a_visitor_is_kept_for_a_day, an_id_is_kept_for_the_whole_window, expire_changes_no_total_and_no_like,
    expire_erases_ids_past_the_window, expire_erases_unlikes_past_the_window,
};

use super::bus::cancel_after;
use super::event_factory::{EventFactory, page_topic};
use super::store::{apply, expect_likes, expect_visits, expire, total};
use super::{StoreHarness, Violation, expect_eq, suite};
use crate::{DEDUPE_WINDOW, ReaderId, Stats, StatsStoreExt, Topic, Update, VISIT_GAP};

suite! { $
    /// Generates the tests of a [`StatsStore`](crate::StatsStore); see [`store_suite!`](crate::store_suite).
    /// [`last_seen_suite!`](crate::last_seen_suite) or [`reports_suite!`](crate::reports_suite) has those of how visits
    /// are told apart. `make` is an async function that returns a new
    /// [`StoreHarness`](crate::testing::StoreHarness).
    stats_suite, stats:
    an_event_counts_once_within_a_batch
    an_event_counts_once_across_batches
    an_event_counts_once_under_concurrency
    a_repeat_returns_the_totals
    apply_returns_each_topic_once
    a_batch_is_applied_whole_or_not_at_all
    get_returns_totals_in_request_order
    an_unknown_topic_has_empty_totals
    likes_are_a_set
    is_liked_by_returns_the_current_state
    the_latest_like_or_unlike_wins_in_any_order
    expire_erases_unlikes_past_the_window
    each_visit_without_a_visitor_counts
    a_visit_counts_again_only_after_the_gap
    activity_extends_a_visit
    custom_events_count_by_name
    names_of_custom_events_beyond_the_limit_count_as_other
    topics_are_independent
    the_revision_grows_only_with_changes
    expire_changes_no_total_and_no_like
    an_id_is_kept_for_the_whole_window
    expire_erases_ids_past_the_window
    a_visitor_is_kept_for_a_day
}

const MILLI: Duration = Duration::from_millis(1);

/// A batch may contain an event twice.
pub async fn an_event_counts_once_within_a_batch(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = EventFactory::new().anonymous_visit(&Topic::Site);
    apply(harness, &[hit.clone(), hit]).await?;
    expect_visits("twice in one batch", harness, 1).await
}

/// A batch may contain a known event; the others count.
pub async fn an_event_counts_once_across_batches(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (first, second) = (
        factory.anonymous_visit(&Topic::Site),
        factory.anonymous_visit(&Topic::Site),
    );
    apply(harness, std::slice::from_ref(&first)).await?;
    apply(harness, &[first, second]).await?;
    expect_visits("one of two was known", harness, 2).await
}

/// Each concurrent batch contains one event that all batches share and one of its own.
pub async fn an_event_counts_once_under_concurrency(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let shared = factory.anonymous_visit(&Topic::Site);
    let batches: Vec<_> = (0..16)
        .map(|_| [shared.clone(), factory.anonymous_visit(&Topic::Site)])
        .collect();
    let store = harness.open().await?;
    for result in join_all(batches.iter().map(|batch| store.apply(batch))).await {
        result?;
    }
    drop(store);
    expect_visits("sixteen and a shared one", harness, 17).await
}

/// A caller that lost the first result gets the totals again.
pub async fn a_repeat_returns_the_totals(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let hit = EventFactory::new().anonymous_visit(&Topic::Site);
    let first = apply(harness, std::slice::from_ref(&hit)).await?;
    let again = apply(harness, &[hit]).await?;
    expect_eq("the first result", &first.first().map(|u| u.stats.visits), &Some(1))?;
    expect_eq("the result of the repeat", &again, &first)
}

/// `apply` returns each topic once, also if an event changed nothing.
pub async fn apply_returns_each_topic_once(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (one, two) = (page_topic("one")?, page_topic("two")?);
    let events = [
        factory.anonymous_visit(&one),
        factory.unlike(&two, 1),
        factory.anonymous_visit(&one),
        factory.anonymous_visit(&Topic::Site),
    ];
    let mut named: Vec<_> = apply(harness, &events).await?.into_iter().map(|u| u.topic).collect();
    named.sort();
    expect_eq("the returned topics", &named, &vec![Topic::Site, one, two])
}

/// A cancelled `apply` leaves all events of the batch or none, and can be retried.
pub async fn a_batch_is_applied_whole_or_not_at_all(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let topics = [Topic::Site, page_topic("one")?, page_topic("two")?];
    for (polls, counted) in (0..6).zip(1..) {
        let batch: Vec<_> = topics.iter().map(|topic| factory.anonymous_visit(topic)).collect();
        let store = harness.open().await?;
        cancel_after(polls, store.apply(&batch)).await;
        let visits: Vec<_> = store.totals(&topics).await?.iter().map(|u| u.stats.visits).collect();
        drop(store);
        if visits.windows(2).any(|pair| pair.first() != pair.last()) {
            return Err(Violation::new(format!("a batch was counted in part: {visits:?}")));
        }
        apply(harness, &batch).await?;
        for topic in &topics {
            expect_eq("after the repeat", &total(harness, topic).await?.visits, &counted)?;
        }
    }
    Ok(())
}

/// `totals` returns the totals in the order of the topics, also for a repeated topic.
pub async fn get_returns_totals_in_request_order(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let (one, two) = (page_topic("one")?, page_topic("two")?);
    apply(
        harness,
        &[
            factory.anonymous_visit(&one),
            factory.anonymous_visit(&two),
            factory.anonymous_visit(&two),
        ],
    )
    .await?;
    let requested = [two.clone(), page_topic("nothing")?, one.clone(), two];
    let updates = harness.open().await?.totals(&requested).await?;
    let topics: Vec<_> = updates.iter().map(|u| u.topic.clone()).collect();
    expect_eq("the topics", &topics, &requested.to_vec())?;
    let visits: Vec<_> = updates.iter().map(|u| u.stats.visits).collect();
    expect_eq("their visits", &visits, &vec![2, 0, 1, 2])
}

/// A topic without events, or with one that changed nothing, has empty totals.
pub async fn an_unknown_topic_has_empty_totals(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let empty = vec![Update::empty(Topic::Site)];
    expect_eq(
        "never named",
        &harness.open().await?.totals(&[Topic::Site]).await?,
        &empty,
    )?;
    let unlike = EventFactory::new().unlike(&Topic::Site, 1);
    expect_eq("nothing changed", &apply(harness, &[unlike]).await?, &empty)
}

/// A second like and an unlike without a like change nothing.
pub async fn likes_are_a_set(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    for (what, event, want) in [
        ("nothing to take back", factory.unlike(&site, 1), 0),
        ("liked", factory.like(&site, 1), 1),
        ("liked twice", factory.like(&site, 1), 1),
        ("liked by another", factory.like(&site, 2), 2),
        ("taken back", factory.unlike(&site, 1), 1),
        ("taken back twice", factory.unlike(&site, 1), 1),
        ("liked again", factory.like(&site, 1), 2),
    ] {
        apply(harness, &[event]).await?;
        expect_likes(what, harness, want).await?;
    }
    apply(
        harness,
        &[factory.unlike(&site, 2), factory.like(&site, 2), factory.like(&site, 3)],
    )
    .await?;
    expect_likes("several in one batch", harness, 3).await
}

/// `is_liked_by` distinguishes readers and topics.
pub async fn is_liked_by_returns_the_current_state(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    apply(
        harness,
        &[factory.like(&site, 1), factory.like(&site, 2), factory.unlike(&site, 2)],
    )
    .await?;
    for (reader, topic, want) in [
        (1, &site, true),
        (2, &site, false),
        (3, &site, false),
        (1, &page_topic("one")?, false),
    ] {
        let likes = harness
            .open()
            .await?
            .is_liked_by(topic, ReaderId::from_u128(reader))
            .await?;
        expect_eq(&format!("reader {reader} on {topic}"), &likes, &want)?;
    }
    Ok(())
}

/// An older like or unlike that arrives later changes nothing, also within a batch and after `expire`.
pub async fn the_latest_like_or_unlike_wins_in_any_order(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    let (early_like, early_unlike) = (factory.like(&site, 1), factory.unlike(&site, 2));
    factory.advance(MILLI);
    let (unlike, like) = (factory.unlike(&site, 1), factory.like(&site, 2));
    apply(harness, &[unlike.clone(), like]).await?;
    expire(harness, unlike.at.plus(DEDUPE_WINDOW)).await?;
    apply(harness, &[early_like, early_unlike]).await?;
    expect_likes("one took it back, one likes it", harness, 1).await?;
    for (reader, want) in [(1, false), (2, true)] {
        let likes = harness
            .open()
            .await?
            .is_liked_by(&site, ReaderId::from_u128(reader))
            .await?;
        expect_eq(&format!("reader {reader}"), &likes, &want)?;
    }
    let (first, second) = (factory.like(&site, 3), factory.unlike(&site, 3));
    apply(harness, &[second, first]).await?;
    expect_likes("a like and an unlike in one millisecond", harness, 1).await
}

/// Visits without a visitor cannot be merged.
pub async fn each_visit_without_a_visitor_counts(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    apply(
        harness,
        &[
            factory.anonymous_visit(&Topic::Site),
            factory.anonymous_visit(&Topic::Site),
        ],
    )
    .await?;
    expect_visits("two without a visitor", harness, 2).await
}

/// After 30 minutes it is the same visit, a millisecond later a new one.
pub async fn a_visit_counts_again_only_after_the_gap(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    for (what, wait, want) in [
        ("the first", Duration::ZERO, 1),
        ("a reload", MILLI, 1),
        ("just within the gap", VISIT_GAP, 1),
        ("just past the gap", VISIT_GAP + MILLI, 2),
    ] {
        factory.advance(wait);
        let visit = factory.visit(&Topic::Site, 1);
        apply(harness, &[visit]).await?;
        expect_visits(what, harness, want).await?;
    }
    let other = factory.visit(&Topic::Site, 2);
    apply(harness, &[other]).await?;
    expect_visits("another visitor", harness, 3).await
}

/// The gap starts when the visitor was last seen, not when the visit began.
pub async fn activity_extends_a_visit(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    for _ in 0..5 {
        let seen = factory.visit(&Topic::Site, 1);
        apply(harness, &[seen]).await?;
        factory.advance(VISIT_GAP * 2 / 3);
    }
    expect_visits("seen every twenty minutes", harness, 1).await
}

/// The same visitor and reader count on each topic, also if the names differ only in case.
pub async fn topics_are_independent(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut factory = EventFactory::new();
    let topics = [
        Topic::Site,
        page_topic("site")?,
        page_topic("Site")?,
        page_topic("other")?,
    ];
    for (topic, hits) in topics.iter().zip(0..) {
        let mut events = vec![factory.visit(topic, 1), factory.like(topic, 1)];
        events.extend((0..hits).map(|_| factory.anonymous_visit(topic)));
        apply(harness, &events).await?;
    }
    apply(harness, &[factory.unlike(&topics[3], 1)]).await?;
    for (topic, (visits, likes)) in topics.iter().zip([(1, 1), (2, 1), (3, 1), (4, 0)]) {
        let want = Stats::new(visits, likes, 0);
        expect_eq(&topic.to_string(), &total(harness, topic).await?, &want)?;
    }
    Ok(())
}

/// Every change of the totals increases the revision; nothing else does.
pub async fn the_revision_grows_only_with_changes(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let (mut factory, site) = (EventFactory::new(), Topic::Site);
    let mut last = Update::empty(site.clone());
    for (event, changes) in [
        (factory.anonymous_visit(&site), true),
        (factory.like(&site, 1), true),
        (factory.like(&site, 1), false),
        (factory.unlike(&site, 1), true),
        (factory.anonymous_visit(&page_topic("other")?), false),
    ] {
        apply(harness, std::slice::from_ref(&event)).await?;
        let now = harness.open().await?.total(&site).await?;
        let what = format!(
            "whether revision and totals change with {:?}\nbefore {last:?}\n after {now:?}",
            event.kind
        );
        let changed = (now.revision > last.revision, now.stats != last.stats);
        expect_eq(&what, &changed, &(changes, changes))?;
        last = now;
    }
    Ok(())
}
