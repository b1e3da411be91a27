use std::collections::BTreeSet;
use std::time::Duration;

use super::NodeId;
use crate::VisitorKey;

/// What a topic has to do at a given time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Remove a visitor whose grace is over.
    Leave(VisitorKey),
    /// Drop a node if it was silent for too long.
    NodeTimeout(NodeId),
    /// Publish the collected changes.
    Flush,
    /// Publish the full state.
    SendState,
    /// Publish a heartbeat.
    Heartbeat,
    /// Drop the topic.
    Close,
}

/// The timers of one topic in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Duration, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, at: Duration, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(super) fn cancel(&mut self, at: Duration, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Removes and returns the timers that are due.
    pub(super) fn pop_due(&mut self, now: Duration) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            due.extend(self.0.pop_first().map(|(_, timer)| timer));
        }
        due
    }
}
