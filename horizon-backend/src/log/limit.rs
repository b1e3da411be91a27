//! How often one place in the code may log.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::metrics::Dropped;

/// How long a place's lines are counted together: 10 seconds.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// How many lines of a place are written in a window: 50.
pub(super) const LINES_PER_WINDOW: u64 = 50;

/// The target of the log's lines about itself. They are bounded already: one a place and window.
const ABOUT_THE_LOG: &str = "horizon_log";

/// Lets so many lines of each place through and counts the others. What is below `info` was asked for, and passes.
///
/// A place is a log statement in the program's code, so there are only so many of them; after each window all are
/// forgotten.
#[derive(Clone, Default)]
pub(super) struct Limit(Arc<Mutex<HashMap<&'static str, Place>>>);

struct Place {
    level: Level,
    lines: u64,
}

impl Limit {
    /// Counts a line of this place. Returns whether it may be written.
    pub(super) fn admit(&self, place: &'static str, level: Level) -> bool {
        let mut places = self.places();
        let place = places.entry(place).or_insert(Place { level, lines: 0 });
        place.lines += 1;
        let is_admitted = place.lines <= LINES_PER_WINDOW;
        drop(places);
        if !is_admitted {
            Dropped::RateLimit.count();
        }
        is_admitted
    }

    /// Begins a new window. Says how many lines of which place were suppressed in the last one.
    pub(super) fn next_window(&self) {
        let places = std::mem::take(&mut *self.places());
        for (place, Place { level, lines }) in places {
            let lines = lines.saturating_sub(LINES_PER_WINDOW);
            match (lines, level) {
                (0, _) => {}
                (_, Level::ERROR) => {
                    tracing::error!(target: ABOUT_THE_LOG, lines, place, "similar log lines were suppressed");
                }
                _ => tracing::warn!(target: ABOUT_THE_LOG, lines, place, "similar log lines were suppressed"),
            }
        }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<&'static str, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Limit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        *metadata.level() > Level::INFO
            || metadata.target() == ABOUT_THE_LOG
            || self.admit(metadata.name(), *metadata.level())
    }
}

/// Says that lines were lost because standard error did not take them.
pub(super) fn say_lost(lines: u64) {
    tracing::warn!(target: ABOUT_THE_LOG, lines, "log lines were lost: standard error did not take them");
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::registry;

    use super::super::queue::Queue;
    use super::super::writer::Lines;
    use super::*;

    /// What is logged meanwhile.
    fn logged(work: impl FnOnce(&Limit)) -> Vec<String> {
        let (queue, limit) = (Arc::new(Queue::default()), Limit::default());
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Lines::new(Arc::clone(&queue)));
        tracing::subscriber::with_default(registry().with(lines).with(limit.clone()), || work(&limit));
        std::iter::from_fn(|| queue.next(Duration::ZERO)).collect()
    }

    fn having<'a>(lines: &'a [String], text: &str) -> Vec<&'a str> {
        let lines = lines.iter().filter(|line| line.contains(text));
        lines.map(String::as_str).collect()
    }

    #[test]
    fn each_place_has_a_budget_of_its_own_and_its_flood_is_summed_up() {
        let lines = logged(|limit| {
            for number in 0..2_000 {
                tracing::warn!(number, "a like was refused");
            }
            tracing::error!("the disk is full");
            limit.next_window();
            tracing::warn!("a like was refused, later");
        });
        assert_eq!(having(&lines, "a like was refused").len() as u64, LINES_PER_WINDOW + 1);
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
    fn what_was_asked_for_by_the_level_debug_passes() {
        let lines = logged(|_| {
            for _ in 0..LINES_PER_WINDOW * 2 {
                tracing::debug!("a request was answered");
            }
        });
        assert_eq!(lines.len() as u64, LINES_PER_WINDOW * 2);
    }

    #[test]
    fn a_suppressed_flood_of_errors_is_an_error() {
        let lines = logged(|limit| {
            for _ in 0..=LINES_PER_WINDOW {
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
