use std::collections::BTreeSet;
use std::time::Duration;

use super::NodeId;
use crate::VisitorKey;

/// What has to be looked at on a topic when its time has come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    /// The grace of one who leaves is over.
    Leave(VisitorKey),
    /// A node may have been silent for too long.
    Silence(NodeId),
    /// Changes may be told again.
    Tell,
    /// The state may be said again.
    Answer,
    /// A sign of life is due.
    Beat,
    /// Nobody came or watched for long enough.
    Close,
}

/// The alarms of one topic, the first to ring in front.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Duration, Alarm)>);

impl Timers {
    pub(super) fn set(&mut self, at: Duration, alarm: Alarm) {
        self.0.insert((at, alarm));
    }

    pub(super) fn unset(&mut self, at: Duration, alarm: Alarm) {
        self.0.remove(&(at, alarm));
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes those whose time has come.
    pub(super) fn ring(&mut self, now: Duration) -> Vec<Alarm> {
        let mut ringing = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            ringing.extend(self.0.pop_first().map(|(_, alarm)| alarm));
        }
        ringing
    }
}
