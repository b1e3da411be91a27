//! Reports how far the system clock is from the clock of Redis.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;

use super::corrected_clock::problem;
use crate::{CorrectedClock, Health};

/// The offset above which a warning is logged, although it is corrected: 1 second.
const WARN_OFFSET: Duration = Duration::from_secs(1);

/// How much an offset that is a problem must change to be reported again: 1 minute.
const REPORT_CHANGE: Duration = Duration::from_secs(60);

/// How long a comparison may be outstanding before that is a problem: 5 seconds.
const COMPARISON_TIMEOUT: Duration = Duration::from_secs(5);

/// The error of the time above which a warning is logged: 1 second.
const WARN_ERROR: Duration = Duration::from_secs(1);

/// What was reported last.
#[derive(Default)]
pub(super) struct ClockReport {
    /// The offset in milliseconds that was reported as a problem.
    refused: Option<i64>,
    /// The offset in milliseconds that was logged as a warning.
    warned: Option<i64>,
    /// Since when a comparison is outstanding.
    outstanding_since: Option<Instant>,
    /// An outstanding comparison was reported as a problem.
    is_overdue: bool,
    is_inexact: bool,
}

impl ClockReport {
    /// Reports what changed. Call it after each comparison and every second.
    pub(super) fn update(&mut self, clock: &CorrectedClock, health: &Health) {
        if let Some(reason) = clock.uncompared() {
            self.update_outstanding(reason, health);
            return;
        }
        self.outstanding_since = None;
        if let Some(offset) = clock.offset() {
            self.update_offset(offset, health);
        }
        if let Some(error) = clock.error() {
            self.update_error(error);
        }
    }

    fn update_outstanding(&mut self, reason: &str, health: &Health) {
        let since = self.outstanding_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= COMPARISON_TIMEOUT {
            // The offset is unknown now.
            self.refused = None;
            self.is_overdue = true;
            let problem = "likes, comments and events are rejected until then. Check that Redis answers within 3 s";
            health.fail("clock", format!("{reason}; {problem}"));
        }
    }

    fn update_error(&mut self, error: Duration) {
        let is_inexact = error > WARN_ERROR;
        if mem::replace(&mut self.is_inexact, is_inexact) == is_inexact {
            return;
        }
        if is_inexact {
            tracing::warn!(
                error_millis = u64::try_from(error.as_millis()).unwrap_or(u64::MAX),
                "Redis answers slowly, so its time is inexact: events of one reader on different nodes may be ordered \
                 wrongly. Find out why Redis is slow"
            );
        } else {
            tracing::info!("the time of Redis is exact again");
        }
    }

    fn update_offset(&mut self, offset: i64, health: &Health) {
        match problem(offset) {
            Some(problem) if has_changed(self.refused, offset, REPORT_CHANGE) => {
                self.refused = Some(offset);
                health.fail("clock", problem);
            }
            Some(_) => {}
            None => {
                let was_refused = self.refused.take().is_some();
                if mem::take(&mut self.is_overdue) || was_refused {
                    health.recover("clock");
                }
                self.warn(offset);
            }
        }
    }

    fn warn(&mut self, offset: i64) {
        if Duration::from_millis(offset.unsigned_abs()) <= WARN_OFFSET {
            if self.warned.take().is_some() {
                tracing::info!("the clock of this machine agrees with that of Redis again");
            }
        } else if has_changed(self.warned, offset, WARN_OFFSET) {
            self.warned = Some(offset);
            tracing::warn!(
                ahead_millis = offset,
                "the clock of this machine differs from that of Redis; events get the time of Redis. Correct the wrong \
                 clock"
            );
        }
    }
}

fn has_changed(reported: Option<i64>, offset: i64, change: Duration) -> bool {
    reported.is_none_or(|reported| Duration::from_millis(reported.abs_diff(offset)) > change)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use horizon_core::Timestamp;

    use super::*;

    const NOON: i64 = 1_800_000_000_000;

    fn compare(clock: &CorrectedClock, reference: i64) {
        clock.compare(clock.reading(), Timestamp::from_millis(reference), clock.reading());
    }

    #[test]
    fn an_offset_that_is_too_large_is_reported_once_until_the_clock_is_set() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        report.update_offset(600_000, &health);
        assert!(health.problems().is_empty() && report.warned.is_some());
        report.update_offset(7_200_000, &health);
        let problems = health.problems();
        assert!(
            problems[0].starts_with("clock: the clock of this machine is 7200 s ahead of that of Redis"),
            "{problems:?}"
        );
        report.update_offset(7_201_000, &health);
        assert_eq!(health.problems(), problems, "one more second is not reported");
        report.update_offset(7_261_000, &health);
        assert_ne!(health.problems(), problems);
        report.update_offset(10, &health);
        assert!(health.problems().is_empty() && report.warned.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn an_outstanding_first_comparison_is_a_problem_after_five_seconds() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        let clock = CorrectedClock::new(|| Timestamp::from_millis(NOON));
        clock.require_comparison();
        report.update(&clock, &health);
        tokio::time::advance(COMPARISON_TIMEOUT / 2).await;
        report.update(&clock, &health);
        assert!(health.problems().is_empty());
        tokio::time::advance(COMPARISON_TIMEOUT / 2).await;
        report.update(&clock, &health);
        let problems = health.problems();
        assert!(
            problems[0].starts_with("clock: the clock of this machine has not been compared"),
            "{problems:?}"
        );
        compare(&clock, NOON);
        report.update(&clock, &health);
        assert!(health.problems().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_was_set_is_a_problem_after_five_seconds_until_it_is_compared_again() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        let millis = Arc::new(AtomicI64::new(NOON));
        let clock = CorrectedClock::new({
            let millis = Arc::clone(&millis);
            move || Timestamp::from_millis(millis.load(Ordering::SeqCst))
        });
        clock.require_comparison();
        compare(&clock, NOON);
        report.update(&clock, &health);
        // Two hours are another problem, whose text must not remain.
        for hours in [2, 4] {
            millis.fetch_add(7_200_000, Ordering::SeqCst);
            report.update(&clock, &health);
            assert!(health.problems().is_empty());
            tokio::time::advance(COMPARISON_TIMEOUT).await;
            report.update(&clock, &health);
            assert!(
                health.problems()[0].contains("has just been set"),
                "{:?}",
                health.problems()
            );
            compare(&clock, NOON + hours * 3_600_000);
            report.update(&clock, &health);
            assert!(health.problems().is_empty(), "{:?}", health.problems());
        }
    }
}
