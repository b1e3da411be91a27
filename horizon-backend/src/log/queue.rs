//! The queue of lines that are not written yet.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::dropped::DropReason;

/// The maximum number of queued lines: 2,048, at most 8 MiB. Others are dropped.
pub(super) const MAX_LINES: usize = 2_048;

/// How many lines the queue accepts beyond [`MAX_LINES`] if they are errors, so that other lines cannot displace them:
/// 256.
pub(super) const RESERVED_ERROR_LINES: usize = 256;

/// How long the end of the process waits for queued lines: 1 second.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// A bounded queue of lines that never blocks the sender.
#[derive(Debug, Default)]
pub(super) struct LineQueue {
    state: Mutex<QueueState>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    lines: VecDeque<String>,
    /// A line was taken and is not written yet.
    is_writing: bool,
    /// The number of dropped lines.
    overflowed: u64,
}

impl LineQueue {
    /// Queues a line, or drops and counts it if the queue is full.
    pub(super) fn push(&self, line: String, is_error: bool) {
        let max = MAX_LINES + if is_error { RESERVED_ERROR_LINES } else { 0 };
        let mut state = self.state.lock();
        if state.lines.len() >= max {
            state.overflowed += 1;
            drop(state);
            return DropReason::Overflow.count();
        }
        state.lines.push_back(line);
        drop(state);
        self.filled.notify_one();
    }

    /// Waits up to `duration` for a line. The previous line counts as written from now on.
    pub(super) fn next(&self, duration: Duration) -> Option<String> {
        let mut state = self.state.lock();
        state.is_writing = false;
        if state.lines.is_empty() {
            self.emptied.notify_all();
        }
        self.filled
            .wait_while_for(&mut state, |state| state.lines.is_empty(), duration);
        let line = state.lines.pop_front();
        state.is_writing = line.is_some();
        line
    }

    /// Waits up to one second until every line is written.
    pub(super) fn flush(&self) {
        let waiting = |state: &mut QueueState| !state.lines.is_empty() || state.is_writing;
        self.emptied
            .wait_while_for(&mut self.state.lock(), waiting, FLUSH_TIMEOUT);
    }

    /// Returns the number of dropped lines since the last call.
    pub(super) fn take_overflowed(&self) -> u64 {
        std::mem::take(&mut self.state.lock().overflowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(queue: &LineQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.next(Duration::ZERO)).collect()
    }

    #[test]
    fn a_full_queue_drops_new_lines_and_still_takes_errors() {
        let queue = LineQueue::default();
        for number in 0..MAX_LINES + 7 {
            queue.push(number.to_string(), false);
        }
        for _ in 0..RESERVED_ERROR_LINES + 3 {
            queue.push("error".into(), true);
        }
        let lines = taken(&queue);
        assert_eq!(lines.len(), MAX_LINES + RESERVED_ERROR_LINES);
        assert_eq!(
            lines.iter().filter(|line| *line == "error").count(),
            RESERVED_ERROR_LINES
        );
        assert_eq!(queue.take_overflowed(), 10);
        assert_eq!(queue.take_overflowed(), 0);
    }

    #[test]
    fn flushing_returns_once_all_is_written() {
        let queue = LineQueue::default();
        queue.push("one".into(), false);
        std::thread::scope(|scope| {
            scope.spawn(|| taken(&queue));
            queue.flush();
        });
        assert!(taken(&queue).is_empty());
    }

    #[test]
    fn flushing_ends_in_time_if_no_line_is_written() {
        let queue = LineQueue::default();
        queue.push("one".into(), false);
        let started = std::time::Instant::now();
        queue.flush();
        assert!((FLUSH_TIMEOUT..FLUSH_TIMEOUT * 5).contains(&started.elapsed()));
    }
}
