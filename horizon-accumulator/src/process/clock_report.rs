//! What is said about a clock that is not that of Redis.

use std::time::Duration;

use super::corrected_clock::problem;
use crate::process::Health;

/// The offset of a clock above which the log says so: one second. It is corrected all the same.
const WARN_ABOVE: Duration = Duration::from_secs(1);

/// How much an offset must change before it is said again, where events are refused: one minute.
const SAID_AGAIN: Duration = Duration::from_secs(60);

/// What was said last.
#[derive(Default)]
pub(super) struct ClockReport {
    refused: Option<i64>,
    warned: Option<i64>,
}

impl ClockReport {
    /// Reports an offset in milliseconds, if it is news.
    pub(super) fn note(&mut self, offset: i64, health: &Health) {
        match problem(offset) {
            Some(problem) if is_news(self.refused, offset, SAID_AGAIN) => {
                self.refused = Some(offset);
                health.fail("clock", problem);
            }
            Some(_) => {}
            None => {
                if self.refused.take().is_some() {
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
    use super::*;

    #[test]
    fn a_clock_that_is_too_far_off_is_a_problem_until_it_is_set_and_said_once() {
        let (mut report, health) = (ClockReport::default(), Health::default());
        report.note(600_000, &health);
        assert!(health.problems().is_empty() && report.warned.is_some());
        report.note(7_200_000, &health);
        let said = health.problems();
        assert!(
            said[0].starts_with("clock: the clock of this machine is 7200 s ahead of that of Redis"),
            "{said:?}"
        );
        report.note(7_201_000, &health);
        assert_eq!(health.problems(), said, "a second more is no news");
        report.note(7_261_000, &health);
        assert_ne!(health.problems(), said);
        report.note(10, &health);
        assert!(health.problems().is_empty() && report.warned.is_none());
    }
}
