//! Rate limit for log lines, per log statement.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::dropped::DropReason;

/// The window of the rate limit: 10 seconds.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// The maximum number of lines of a log statement per window: 50.
pub(super) const MAX_LINES_PER_WINDOW: u64 = 50;

/// The target of lines about the log itself, which are not limited: there is one per statement and window.
const LOG_TARGET: &str = "horizon_log";

/// Limits the lines of each log statement of level `info` and above. The map is bounded by the number of log statements
/// in the program, and is cleared after each window.
#[derive(Clone, Default)]
pub(super) struct RateLimit(Arc<Mutex<HashMap<&'static str, StatementUse>>>);

struct StatementUse {
    level: Level,
    lines: u64,
}

impl RateLimit {
    /// Counts a line of this statement and returns whether to write it.
    pub(super) fn admit(&self, statement: &'static str, level: Level) -> bool {
        let mut statements = self.0.lock();
        let usage = statements.entry(statement).or_insert(StatementUse { level, lines: 0 });
        usage.lines += 1;
        let is_admitted = usage.lines <= MAX_LINES_PER_WINDOW;
        drop(statements);
        if !is_admitted {
            DropReason::RateLimit.count();
        }
        is_admitted
    }

    /// Starts a new window and logs how many lines were suppressed in the last one.
    pub(super) fn next_window(&self) {
        let statements = std::mem::take(&mut *self.0.lock());
        for (place, StatementUse { level, lines }) in statements {
            let lines = lines.saturating_sub(MAX_LINES_PER_WINDOW);
            match (lines, level) {
                (0, _) => {}
                (_, Level::ERROR) => {
                    tracing::error!(target: LOG_TARGET, lines, place, "similar log lines were suppressed");
                }
                _ => tracing::warn!(target: LOG_TARGET, lines, place, "similar log lines were suppressed"),
            }
        }
    }
}

impl<S: Subscriber> Layer<S> for RateLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() > Level::INFO
            || metadata.target() == LOG_TARGET
            || self.admit(metadata.name(), *metadata.level())
    }
}

/// Logs that lines could not be written.
pub(super) fn log_lost_lines(lines: u64) {
    tracing::warn!(target: LOG_TARGET, lines, "log lines were lost because standard error is slow or closed");
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::registry;

    use super::super::queue::LineQueue;
    use super::super::writer::QueueWriter;
    use super::*;

    /// Returns the log lines of `work`.
    fn logged(work: impl FnOnce(&RateLimit)) -> Vec<String> {
        let (queue, limit) = (Arc::new(LineQueue::default()), RateLimit::default());
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(QueueWriter::new(Arc::clone(&queue)));
        tracing::subscriber::with_default(registry().with(lines).with(limit.clone()), || work(&limit));
        std::iter::from_fn(|| queue.next(Duration::ZERO)).collect()
    }

    fn having<'a>(lines: &'a [String], text: &str) -> Vec<&'a str> {
        let lines = lines.iter().filter(|line| line.contains(text));
        lines.map(String::as_str).collect()
    }

    #[test]
    fn each_statement_has_its_own_limit_and_suppressed_lines_are_counted() {
        let lines = logged(|limit| {
            for number in 0..2_000 {
                tracing::warn!(number, "a like was rejected");
            }
            tracing::error!("the disk is full");
            limit.next_window();
            tracing::warn!("a like was rejected, later");
        });
        assert_eq!(
            having(&lines, "a like was rejected").len() as u64,
            MAX_LINES_PER_WINDOW + 1
        );
        assert_eq!(having(&lines, "the disk is full").len(), 1);
        let [summary] = having(&lines, "suppressed")[..] else {
            panic!("{lines:?}")
        };
        assert!(
            summary.contains("lines=1950") && summary.contains("limit.rs"),
            "{summary}"
        );
    }

    #[test]
    fn lines_of_level_debug_are_not_limited() {
        let lines = logged(|_| {
            for _ in 0..MAX_LINES_PER_WINDOW * 2 {
                tracing::debug!("a request was answered");
            }
        });
        assert_eq!(lines.len() as u64, MAX_LINES_PER_WINDOW * 2);
    }

    #[test]
    fn a_suppressed_flood_of_errors_is_an_error() {
        let lines = logged(|limit| {
            for _ in 0..=MAX_LINES_PER_WINDOW {
                tracing::error!("broken");
            }
            limit.next_window();
            limit.next_window();
        });
        let [summary] = having(&lines, "suppressed")[..] else {
            panic!("{lines:?}")
        };
        assert!(summary.contains("ERROR") && summary.contains("lines=1 "), "{summary}");
    }
}
