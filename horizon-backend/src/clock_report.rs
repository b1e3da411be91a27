//! What is said about a clock that is not that of Redis.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;

use super::corrected_clock::problem;
use crate::{CorrectedClock, Health};

/// The offset of a clock above which the log says so: one second. It is corrected all the same.
const WARN_ABOVE: Duration = Duration::from_secs(1);

/// How much an offset must change before it is said again, where events are refused: one minute.
const SAID_AGAIN: Duration = Duration::from_secs(60);

/// How long a clock may wait for a comparison before that is a problem: five seconds.
const COMPARED_WITHIN: Duration = Duration::from_secs(5);

/// The error of the time above which the log says so: one second.
const WARN_ABOVE_ERROR: Duration = Duration::from_secs(1);

/// What was said last.
#[derive(Default)]
pub(super) struct ClockReport {
    refused: Option<i64>,
    warned: Option<i64>,
    /// Since when the clock waits for a comparison.
    waits_since: Option<Instant>,
    /// Whether it was a problem that it waits.
    waited: bool,
    is_rough: bool,
}

impl ClockReport {
    /// Reports what is wrong with a clock, if it is news. To be called after each comparison, and every second.
    pub(super) fn note(&mut self, clock: &CorrectedClock, health: &Health) {
        if let Some(reason) = clock.uncompared() {
            self.wait(reason, health);
            return;
        }
        self.waits_since = None;
        if let Some(offset) = clock.offset() {
            self.note_offset(offset, health);
        }
        if let Some(error) = clock.error() {
            self.note_error(error);
        }
    }

    fn wait(&mut self, reason: &str, health: &Health) {
        let since = self.waits_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= COMPARED_WITHIN {
            // The offset is not known any more.
            self.refused = None;
            self.waited = true;
            health.fail(
                "clock",
                format!("{reason}; no like, comment or event is taken until then. Check that Redis answers within 3 s"),
            );
        }
    }

    fn note_error(&mut self, error: Duration) {
        let is_rough = error > WARN_ABOVE_ERROR;
        if mem::replace(&mut self.is_rough, is_rough) == is_rough {
            return;
        }
        if is_rough {
            tracing::warn!(
                error_millis = u64::try_from(error.as_millis()).unwrap_or(u64::MAX),
                "Redis answers slowly, so its time is known only roughly: of two events of one reader on different \
                 nodes the earlier one may win. Find out why Redis is slow"
            );
        } else {
            tracing::info!("the time of Redis is known exactly again");
        }
    }

    /// Reports an offset in milliseconds, if it is news.
    fn note_offset(&mut self, offset: i64, health: &Health) {
        match problem(offset) {
            Some(problem) if is_news(self.refused, offset, SAID_AGAIN) => {
                self.refused = Some(offset);
                health.fail("clock", problem);
            }
            Some(_) => {}
            None => {
                let was_refused = self.refused.take().is_some();
                if mem::take(&mut self.waited) || was_refused {
                    health.recover("clock");
                }
                self.warn(offset);
            }
        }
    }

    fn warn(&mut self, offset: i64) {
        if Duration::from_millis(offset.unsigned_abs()) <= WARN_ABOVE {
            if self.warned.take().is_some() {
                tracing::info!("the clock of this machine agrees with that of Redis again");
            }
        } else if is_news(self.warned, offset, WARN_ABOVE) {
            self.warned = Some(offset);
            tracing::warn!(
                ahead_millis = offset,
                "the clock of this machine is not that of Redis; events get the time of Redis. Set the \
                 wrong one of the two"
            );
        }
    }
}

fn is_news(said: Option<i64>, offset: i64, change: Duration) -> bool {
    said.is_none_or(|said| Duration::from_millis(said.abs_diff(offset)) > change)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use horizon_core::Timestamp;

    use super::*;

    const NOON: i64 = 1_800_000_000_000;

    fn compare(clock: &CorrectedClock, told: i64) {
        clock.compare(clock.reading(), Timestamp::from_millis(told), clock.reading());
    }

    #[test]
    fn a_clock_that_is_too_far_off_is_a_problem_until_it_is_set_and_said_once() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        report.note_offset(600_000, &health);
        assert!(health.problems().is_empty() && report.warned.is_some());
        report.note_offset(7_200_000, &health);
        let said = health.problems();
        assert!(
            said[0].starts_with("clock: the clock of this machine is 7200 s ahead of that of Redis"),
            "{said:?}"
        );
        report.note_offset(7_201_000, &health);
        assert_eq!(health.problems(), said, "a second more is no news");
        report.note_offset(7_261_000, &health);
        assert_ne!(health.problems(), said);
        report.note_offset(10, &health);
        assert!(health.problems().is_empty() && report.warned.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_waits_for_its_first_comparison_is_a_problem_after_five_seconds_until_it_is_compared() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        let clock = CorrectedClock::new(|| Timestamp::from_millis(NOON));
        clock.require_comparison();
        report.note(&clock, &health);
        tokio::time::advance(COMPARED_WITHIN / 2).await;
        report.note(&clock, &health);
        assert!(health.problems().is_empty());
        tokio::time::advance(COMPARED_WITHIN / 2).await;
        report.note(&clock, &health);
        let said = health.problems();
        assert!(
            said[0].starts_with("clock: the clock of this machine has not been compared"),
            "{said:?}"
        );
        compare(&clock, NOON);
        report.note(&clock, &health);
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
        report.note(&clock, &health);
        // Two hours are a problem of another kind, whose sentence must not stay behind.
        for hours in [2, 4] {
            millis.fetch_add(7_200_000, Ordering::SeqCst);
            report.note(&clock, &health);
            assert!(health.problems().is_empty());
            tokio::time::advance(COMPARED_WITHIN).await;
            report.note(&clock, &health);
            assert!(
                health.problems()[0].contains("has just been set"),
                "{:?}",
                health.problems()
            );
            compare(&clock, NOON + hours * 3_600_000);
            report.note(&clock, &health);
            assert!(health.problems().is_empty(), "{:?}", health.problems());
        }
    }
}
