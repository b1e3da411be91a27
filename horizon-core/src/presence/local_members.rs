use std::collections::BTreeMap;
use std::time::Duration;

use super::{MessageBody, node_context::NodeContext};
use crate::VisitorKey;

/// The members of this node on one topic, and their changes that are not published yet.
#[derive(Debug)]
pub(super) struct LocalMembers {
    members: BTreeMap<VisitorKey, LocalMember>,
    /// The changes since the last message.
    unsent: BTreeMap<VisitorKey, MemberChange>,
    /// The published version, or the first to publish.
    version: u64,
    state_sent: bool,
}

#[derive(Debug)]
pub(super) enum LocalMember {
    Present { guards: usize },
    Leaving { at: Duration },
}

#[derive(Debug, PartialEq)]
enum MemberChange {
    Joined,
    Left,
}

impl LocalMembers {
    pub(super) fn new(version: u64) -> Self {
        Self {
            members: BTreeMap::new(),
            unsent: BTreeMap::new(),
            version,
            state_sent: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(super) fn visitors(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.members.keys().copied()
    }

    pub(super) fn get_mut(&mut self, visitor: VisitorKey) -> Option<&mut LocalMember> {
        self.members.get_mut(&visitor)
    }

    pub(super) fn add(&mut self, visitor: VisitorKey) {
        self.members.insert(visitor, LocalMember::Present { guards: 1 });
        self.record(visitor, MemberChange::Joined);
    }

    pub(super) fn remove(&mut self, visitor: VisitorKey) {
        self.members.remove(&visitor);
        self.record(visitor, MemberChange::Left);
    }

    /// Joining and leaving between two messages cancel out.
    fn record(&mut self, visitor: VisitorKey, change: MemberChange) {
        if self.unsent.remove(&visitor).is_none() {
            self.unsent.insert(visitor, change);
        }
    }

    pub(super) fn state_sent(&self) -> bool {
        self.state_sent
    }

    /// Returns whether other nodes may count members of this node.
    pub(super) fn may_be_counted(&self) -> bool {
        self.state_sent && !(self.members.is_empty() && self.unsent.is_empty())
    }

    pub(super) fn heartbeat(&self) -> MessageBody {
        MessageBody::Heartbeat { version: self.version }
    }

    /// Returns the changes since the last message. `None` before the full state is published, because other nodes
    /// could not apply them.
    pub(super) fn delta(&mut self, context: &mut NodeContext) -> Option<MessageBody> {
        if !self.state_sent || self.unsent.is_empty() {
            return None;
        }
        let from = std::mem::replace(&mut self.version, context.next_version());
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for (visitor, change) in std::mem::take(&mut self.unsent) {
            match change {
                MemberChange::Joined => joined.push(visitor),
                MemberChange::Left => left.push(visitor),
            }
        }
        Some(MessageBody::Delta {
            from,
            to: self.version,
            joined,
            left,
        })
    }

    /// Returns all members. Publish the [`delta`](Self::delta) first.
    pub(super) fn state(&mut self) -> MessageBody {
        self.unsent.clear();
        self.state_sent = true;
        MessageBody::State {
            version: self.version,
            members: self.visitors().collect(),
        }
    }
}
