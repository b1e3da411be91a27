use std::time::Duration;

use futures::future::try_join;

use super::RandomVisits;
use super::comparison::ReportComparison;
use crate::reports::DayRange;
use crate::testing::{StoreHarness, Violation, expect_eq};
use crate::{Event, Timestamp};

/// How long a random stream is: 3 days.
const STREAM: Duration = Duration::from_secs(3 * 24 * 3600);

/// 36 hours before a change of the clocks.
const BEFORE_CHANGE: Duration = Duration::from_secs(36 * 3600);

/// How often random queries are asked while a stream arrives, in batches.
const BATCHES_BETWEEN_QUERIES: usize = 12;

/// The queries after each stream. The checks of a store have five streams, so they ask at least 1,000.
const QUERIES: usize = 200;

/// 2026-10-25T01:00:00Z and 2027-03-28T01:00:00Z: an hour is repeated and skipped in Europe/Berlin.
const CHANGES_IN_BERLIN: [Timestamp; 2] = [
    Timestamp::from_millis(1_792_890_000_000),
    Timestamp::from_millis(1_806_195_600_000),
];

/// 2026-10-29T21:00:00Z and 2027-04-29T22:00:00Z: the hours before and after midnight are repeated and skipped in
/// Africa/Cairo.
const CHANGES_IN_CAIRO: [Timestamp; 2] = [
    Timestamp::from_millis(1_793_307_600_000),
    Timestamp::from_millis(1_809_036_000_000),
];

/// Random events across both changes of the clocks in Europe/Berlin, some of them late, give the answers of the model
/// to random queries, and `verify` finds nothing.
pub async fn random_queries_match_the_model(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    compare_streams(harness, "Europe/Berlin", 1, &CHANGES_IN_BERLIN).await
}

/// The same in Asia/Kolkata, whose hours start at half past the hours of UTC.
pub async fn random_queries_match_the_model_where_hours_start_at_half(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    let [start, _] = CHANGES_IN_BERLIN;
    compare_streams(harness, "Asia/Kolkata", 2, &[start]).await
}

/// The same in Africa/Cairo, where the clocks change at midnight, so that a day starts at one o'clock.
pub async fn random_queries_match_the_model_where_a_day_starts_at_one(
    harness: &mut dyn StoreHarness,
) -> Result<(), Violation> {
    compare_streams(harness, "Africa/Cairo", 3, &CHANGES_IN_CAIRO).await
}

/// Compares a store with the model after random events around each of these instants.
async fn compare_streams(
    harness: &mut dyn StoreHarness,
    zone: &str,
    seed: u64,
    instants: &[Timestamp],
) -> Result<(), Violation> {
    let mut comparison = ReportComparison::new(harness, zone)?;
    let Some(first) = instants.first() else { return Ok(()) };
    let mut visits = RandomVisits::new(seed, first.minus(BEFORE_CHANGE)).with_late_events();
    for (instant, seed) in instants.iter().zip(seed * 1000..) {
        let start = instant.minus(BEFORE_CHANGE);
        visits.continue_at(start);
        let range = days(start, start.plus(STREAM));
        for number in 1.. {
            let batch = visits.batch();
            comparison.apply(&batch).await?;
            if visits.now() > start.plus(STREAM) {
                break;
            }
            if number % BATCHES_BETWEEN_QUERIES == 0 {
                comparison.expire(visits.now()).await?;
                comparison.expect_answers(seed + number as u64, range, 5).await?;
            }
        }
        comparison.expect_totals().await?;
        comparison.expect_status().await?;
        comparison.expect_answers(seed, range, QUERIES).await?;
    }
    comparison
        .expect_answers(seed, days(*first, visits.now()), QUERIES / 10)
        .await?;
    let is_enough = comparison.random_queries >= QUERIES * instants.len();
    expect_eq("whether enough random queries were asked", &is_enough, &true)
}

/// Events that are not late give the same answers in every order, with repeats, in any batches.
pub async fn every_order_of_arrival_gives_the_same_answers(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut comparison = ReportComparison::new(harness, "Europe/Berlin")?;
    let mut rng = fastrand::Rng::with_seed(4);
    for (seed, start) in (40..).zip(starts()) {
        let mut events = stream_without_late_events(seed, start);
        comparison.model.apply(&events);
        rng.shuffle(&mut events);
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(rng.usize(1..40).min(rest.len()));
            comparison.open().await?.apply(batch).await?;
            rest = others;
        }
        comparison.expect_totals().await?;
        comparison
            .expect_answers(seed, days(start, start.plus(STREAM)), 40)
            .await?;
    }
    Ok(())
}

/// Two accumulators that apply parts of a stream at the same time, some events both, count as one.
pub async fn two_accumulators_count_as_one(harness: &mut dyn StoreHarness) -> Result<(), Violation> {
    let mut comparison = ReportComparison::new(harness, "Europe/Berlin")?;
    let mut rng = fastrand::Rng::with_seed(5);
    let [start, ..] = starts();
    let events = stream_without_late_events(50, start);
    comparison.model.apply(&events);
    for chunk in events.chunks(60) {
        let mut parts: [Vec<Event>; 2] = Default::default();
        for event in chunk {
            let choice = rng.u8(..3);
            let [one, other] = &mut parts;
            one.extend((choice != 0).then(|| event.clone()));
            other.extend((choice != 1).then(|| event.clone()));
        }
        let [first, second] = &parts;
        let [one, other] = comparison.open_two().await?;
        try_join(one.apply(first), other.apply(second)).await?;
    }
    comparison.expect_totals().await?;
    comparison.expect_answers(5, days(start, start.plus(STREAM)), 40).await
}

/// Returns starts of streams that are so far apart that a stream is over before the next one starts.
fn starts() -> [Timestamp; 3] {
    let [autumn, spring] = CHANGES_IN_BERLIN;
    [
        autumn.minus(BEFORE_CHANGE),
        spring.minus(BEFORE_CHANGE),
        spring.plus(STREAM * 4),
    ]
}

/// Returns random events of about 24 hours across a midnight, none of which is late in any order.
fn stream_without_late_events(seed: u64, start: Timestamp) -> Vec<Event> {
    const SPAN: Duration = Duration::from_secs(24 * 3600);
    let mut visits = RandomVisits::new(seed, start).without_verdicts();
    let mut events = Vec::new();
    while visits.now() < start.plus(SPAN) {
        events.extend(visits.batch());
    }
    events.retain(|event| start <= event.at && event.at <= start.plus(SPAN));
    events
}

/// Returns the UTC days of a time, and those around it.
fn days(first: Timestamp, last: Timestamp) -> DayRange {
    DayRange::new(first.day().previous(), last.day().next())
}
