use std::collections::BTreeSet;
use std::time::Duration;

use super::NodeId;
use crate::VisitorKey;

/// What has to be looked at on a topic when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The grace of one who leaves is over.
    Leave(VisitorKey),
    /// A node may have been silent for too long.
    NodeTimeout(NodeId),
    /// Changes may be told again.
    Flush,
    /// The state may be said again.
    SendState,
    /// A sign of life is due.
    Heartbeat,
    /// Nobody came or watched for long enough.
    Close,
}

/// The alarms of one topic, the first to ring in front.
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

    /// Takes those whose time has come.
    pub(super) fn pop_due(&mut self, now: Duration) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            due.extend(self.0.pop_first().map(|(_, timer)| timer));
        }
        due
    }
}
