use horizon_core::presence::{MessageBody, PresenceMessage};

use crate::sim_node::TOPICS;
use crate::visitors::{VisitorSet, visitor_set};

/// One run of a node's process, as it really was.
#[derive(Default)]
pub(crate) struct ProcessRun {
    pub(crate) started: u64,
    pub(crate) ended: Option<u64>,
    /// Everybody who ever was there.
    pub(crate) ever: [VisitorSet; TOPICS],
    /// It takes up others when it hears of a former life.
    pub(crate) incarnations: Vec<u64>,
    /// Who it said its members are, by version.
    published: [Vec<Option<VisitorSet>>; TOPICS],
}

impl ProcessRun {
    pub(crate) fn new(started: u64) -> Self {
        Self {
            started,
            ..Self::default()
        }
    }

    /// Who it said its members are at a version.
    pub(crate) fn published(&self, topic: usize, version: u64) -> Option<VisitorSet> {
        let version = usize::try_from(version).ok()?;
        self.published[topic].get(version).copied().flatten()
    }

    /// Writes down what it says. Answers who its members are then, if it says so.
    pub(crate) fn record(&mut self, topic: usize, message: &PresenceMessage) -> Result<Option<VisitorSet>, String> {
        if !self.incarnations.contains(&message.incarnation) {
            self.incarnations.push(message.incarnation);
        }
        let said = |version: &u64| {
            let said = self.published(topic, *version);
            said.ok_or_else(|| format!("it never was where it starts: {message:?}"))
        };
        let (version, members) = match &message.body {
            MessageBody::State { version, members } => (*version, visitor_set(members)),
            MessageBody::Delta { from, to, joined, left } => {
                let (base, joined, left) = (said(from)?, visitor_set(joined), visitor_set(left));
                if base & joined != 0 || left & !base != 0 || joined | left == 0 {
                    return Err(format!("to {base:b} that is no change: {message:?}"));
                }
                (*to, base & !left | joined)
            }
            MessageBody::Heartbeat { version } => return said(version).map(|_| None),
            MessageBody::StateRequest { .. } | MessageBody::Goodbye => return Ok(None),
        };
        match self.published(topic, version) {
            Some(before) if before != members => return Err(format!("it had {before:b} then: {message:?}")),
            _ => {}
        }
        let version = usize::try_from(version).unwrap();
        let said = &mut self.published[topic];
        said.resize(said.len().max(version + 1), None);
        said[version] = Some(members);
        Ok(Some(members))
    }
}
