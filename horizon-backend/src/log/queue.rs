//! The lines that wait for standard error.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::metrics::Dropped;

/// The most lines that wait: 2,048, at most 8 MiB. Further ones are dropped.
pub(super) const QUEUE_LINES: usize = 2_048;

/// How many more places there are for errors alone: 256, so that no flood of other lines hides them.
pub(super) const ERROR_LINES: usize = 256;

/// How long the end of the process waits for what is queued: one second.
const FLUSH_WAIT: Duration = Duration::from_secs(1);

/// A bounded queue of lines. Nobody waits for a place in it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    /// A line is out of the queue and not yet written.
    is_writing: bool,
    /// How many lines found no place since this was last taken.
    overflowed: u64,
}

impl Queue {
    /// Queues a line, or drops and counts it.
    pub(super) fn push(&self, line: String, is_error: bool) {
        let most = if is_error {
            QUEUE_LINES + ERROR_LINES
        } else {
            QUEUE_LINES
        };
        let mut state = self.state();
        if state.lines.len() >= most {
            state.overflowed += 1;
            drop(state);
            return Dropped::Overflow.count();
        }
        state.lines.push_back(line);
        drop(state);
        self.filled.notify_one();
    }

    /// Returns the oldest line, after at most `wait`. The line before it counts as written from now on.
    pub(super) fn next(&self, wait: Duration) -> Option<String> {
        let mut state = self.state();
        state.is_writing = false;
        if state.lines.is_empty() {
            self.emptied.notify_all();
        }
        let (mut state, _) = self
            .filled
            .wait_timeout_while(state, wait, |state| state.lines.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let line = state.lines.pop_front();
        state.is_writing = line.is_some();
        line
    }

    /// Waits until every line is written, but not for ever.
    pub(super) fn flush(&self) {
        let waiting = |state: &mut State| !state.lines.is_empty() || state.is_writing;
        drop(self.emptied.wait_timeout_while(self.state(), FLUSH_WAIT, waiting));
    }

    /// Returns how many lines found no place since the last call.
    pub(super) fn take_overflowed(&self) -> u64 {
        std::mem::take(&mut self.state().overflowed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(queue: &Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.next(Duration::ZERO)).collect()
    }

    #[test]
    fn a_full_queue_drops_new_lines_and_keeps_places_for_errors() {
        let queue = Queue::default();
        for number in 0..QUEUE_LINES + 7 {
            queue.push(number.to_string(), false);
        }
        for _ in 0..ERROR_LINES + 3 {
            queue.push("error".into(), true);
        }
        let lines = taken(&queue);
        assert_eq!(lines.len(), QUEUE_LINES + ERROR_LINES);
        assert_eq!(lines.iter().filter(|line| *line == "error").count(), ERROR_LINES);
        assert_eq!(queue.take_overflowed(), 10);
        assert_eq!(queue.take_overflowed(), 0);
    }

    #[test]
    fn flushing_returns_once_all_is_written() {
        let queue = Queue::default();
        queue.push("one".into(), false);
        std::thread::scope(|scope| {
            scope.spawn(|| taken(&queue));
            queue.flush();
        });
        assert!(taken(&queue).is_empty());
    }

    #[test]
    fn flushing_what_nobody_writes_ends_in_time() {
        let queue = Queue::default();
        queue.push("one".into(), false);
        let started = std::time::Instant::now();
        queue.flush();
        assert!((FLUSH_WAIT..FLUSH_WAIT * 5).contains(&started.elapsed()));
    }
}
