use horizon_core::presence::{MessageBody, PresenceMessage};

use crate::sim_node::TOPICS;
use crate::visitors::{VisitorSet, visitor_set};

/// What really happened in one run of a node's process.
#[derive(Default)]
pub(crate) struct ProcessRun {
    pub(crate) started: u64,
    pub(crate) ended: Option<u64>,
    /// All visitors who were ever present.
    pub(crate) ever: [VisitorSet; TOPICS],
    /// More than one if it received a newer message under its name.
    pub(crate) incarnations: Vec<u64>,
    /// The members it published, by version.
    published: [Vec<Option<VisitorSet>>; TOPICS],
}

impl ProcessRun {
    pub(crate) fn new(started: u64) -> Self {
        Self {
            started,
            ..Self::default()
        }
    }

    /// Returns the members it published with a version.
    pub(crate) fn published(&self, topic: usize, version: u64) -> Option<VisitorSet> {
        let version = usize::try_from(version).ok()?;
        self.published[topic].get(version).copied().flatten()
    }

    /// Records a published message. Returns the members after it, if the message has any.
    pub(crate) fn record(&mut self, topic: usize, message: &PresenceMessage) -> Result<Option<VisitorSet>, String> {
        if !self.incarnations.contains(&message.incarnation) {
            self.incarnations.push(message.incarnation);
        }
        let published = |version: &u64| {
            let members = self.published(topic, *version);
            members.ok_or_else(|| format!("the base version was never published: {message:?}"))
        };
        let (version, members) = match &message.body {
            MessageBody::State { version, members } => (*version, visitor_set(members)),
            MessageBody::Delta { from, to, joined, left } => {
                let (base, joined, left) = (published(from)?, visitor_set(joined), visitor_set(left));
                if base & joined != 0 || left & !base != 0 || joined | left == 0 {
                    return Err(format!("the delta does not change {base:b}: {message:?}"));
                }
                (*to, base & !left | joined)
            }
            MessageBody::Heartbeat { version } => return published(version).map(|_| None),
            MessageBody::StateRequest { .. } | MessageBody::Goodbye => return Ok(None),
        };
        match self.published(topic, version) {
            Some(before) if before != members => {
                return Err(format!("this version had {before:b} before: {message:?}"));
            }
            _ => {}
        }
        let version = usize::try_from(version).unwrap();
        let published = &mut self.published[topic];
        published.resize(published.len().max(version + 1), None);
        published[version] = Some(members);
        Ok(Some(members))
    }
}
