use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

const NOON: i64 = 1_800_000_000_000;

/// A clock whose system clock follows the monotonic clock. Adding to the number sets it.
fn clock() -> (CorrectedClock, Arc<AtomicI64>) {
    let (set, start) = (Arc::new(AtomicI64::new(NOON)), Instant::now());
    let system_time = {
        let set = Arc::clone(&set);
        move || Timestamp::from_millis(set.load(Ordering::SeqCst)).plus(start.elapsed())
    };
    let clock = CorrectedClock::new(system_time);
    clock.require_comparison();
    (clock, set)
}

/// Compares the clock with one that is `ahead` milliseconds ahead.
fn compare(clock: &CorrectedClock, ahead: i64, round_trip: Duration) {
    let sent = clock.reading();
    let reference = sent.wall.plus(round_trip / 2).as_millis() + ahead;
    let received = ClockReading {
        wall: sent.wall.plus(round_trip),
        at: sent.at + round_trip,
    };
    clock.compare(sent, Timestamp::from_millis(reference), received);
}

fn is_about(offset: Option<i64>, expected: i64) -> bool {
    offset.is_some_and(|offset| (offset - expected).abs() < 40)
}

#[test]
fn a_clock_is_corrected_by_the_measured_offset() {
    let (clock, _) = clock();
    assert!(clock.check().unwrap_err().to_string().contains("not been compared") && !clock.is_known());
    compare(&clock, -83_000, Duration::from_millis(2));
    assert!(is_about(clock.offset(), 83_000), "{:?}", clock.offset());
    let behind = Timestamp::from_millis(NOON).since(clock.now());
    assert!(behind > Duration::from_secs(82), "{behind:?}");
    clock.check().unwrap();
}

#[test]
fn jitter_and_slow_comparisons_correct_nothing() {
    let (clock, _) = clock();
    compare(&clock, 9, Duration::from_millis(2));
    assert_eq!(clock.offset(), Some(0));
    compare(&clock, 190, Duration::from_millis(400));
    compare(&clock, -190, Duration::from_millis(400));
    compare(&clock, 7_200_000, Duration::from_millis(1_100));
    assert_eq!(clock.offset(), Some(0));
    compare(&clock, 190, Duration::from_millis(2));
    assert!(is_about(clock.offset(), -190), "{:?}", clock.offset());
}

#[test]
fn the_first_comparison_waits_for_a_short_round_trip_and_a_better_one_improves_it() {
    let (clock, _) = clock();
    for _ in 0..SLOW_ATTEMPTS {
        compare(&clock, -60_000, Duration::from_millis(900));
        assert!(!clock.is_known());
    }
    compare(&clock, -60_400, Duration::from_millis(900));
    assert!(is_about(clock.offset(), 60_400), "{:?}", clock.offset());
    compare(&clock, -60_000, Duration::from_millis(2));
    assert!(is_about(clock.offset(), 60_000), "{:?}", clock.offset());
}

#[test]
fn the_fastest_of_several_slow_comparisons_corrects_the_clock() {
    let (clock, _) = clock();
    let millis = Duration::from_millis;
    for round_trip in [1_900, 3_100, 1_500, 9_000, 1_100, 1_900, 1_700] {
        compare(&clock, -60_000 + round_trip, millis(round_trip.unsigned_abs()));
        assert!(!clock.is_known() && clock.error().is_none());
    }
    compare(&clock, -58_000, millis(2_000));
    assert!(is_about(clock.offset(), 58_900), "{:?}", clock.offset());
    assert_eq!(clock.error(), Some(millis(1_100)));
    clock.check().unwrap();
    compare(&clock, -60_000, millis(2));
    assert!(is_about(clock.offset(), 60_000), "{:?}", clock.offset());
    assert_eq!(clock.error(), Some(millis(2)));
}

#[test]
fn after_the_clock_is_set_a_few_slow_comparisons_correct_it_and_those_before_it_is_set_again_do_not_count() {
    let (clock, set) = clock();
    compare(&clock, 0, Duration::from_millis(2));
    set.fetch_add(7_200_000, Ordering::SeqCst);
    compare(&clock, 0, Duration::from_millis(1_100));
    // The clock is set again, which invalidates the best comparison.
    set.fetch_add(7_200_000, Ordering::SeqCst);
    for _ in 1..SLOW_ATTEMPTS {
        compare(&clock, 0, Duration::from_millis(1_900));
        assert!(clock.uncompared().is_some());
    }
    compare(&clock, 0, Duration::from_millis(1_900));
    assert!(is_about(clock.offset(), 0), "{:?}", clock.offset());
    clock.check().unwrap();
}

#[test]
fn a_clock_that_is_hours_or_a_month_off_is_not_trusted_until_it_is_set() {
    let (clock, set) = clock();
    for (ahead, word) in [(-7_200_000, "7200 s ahead of"), (31 * 86_400_000, "2678400 s behind")] {
        compare(&clock, ahead, Duration::from_millis(2));
        let error = clock.check().unwrap_err();
        assert!(error.is_retryable() && error.to_string().contains(word), "{error}");
    }
    set.fetch_add(31 * 86_400_000, Ordering::SeqCst);
    compare(&clock, 0, Duration::from_millis(2));
    clock.check().unwrap();
}

#[test]
fn setting_the_system_clock_does_not_change_the_time_and_is_trusted_after_the_next_comparison() {
    let (clock, set) = clock();
    compare(&clock, 0, Duration::from_millis(2));
    let before = clock.now();
    for jump in [-120_000, 240_000] {
        set.fetch_add(jump, Ordering::SeqCst);
        let error = clock.check().unwrap_err();
        assert!(
            error.is_retryable() && error.to_string().contains("just been set"),
            "{error}"
        );
        assert!(clock.now().since(before) < Duration::from_secs(60) && clock.now() >= before);
        compare(&clock, NOON - set.load(Ordering::SeqCst), Duration::from_millis(2));
        clock.check().unwrap();
    }
}

#[tokio::test]
async fn a_wait_for_the_first_comparison_ends_with_it() {
    let (clock, _) = clock();
    let waiting = tokio::spawn({
        let clock = clock.clone();
        async move { clock.compared().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    compare(&clock, 0, Duration::from_millis(2));
    waiting.await.unwrap();
    clock.compared().await;
}
