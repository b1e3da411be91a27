use std::collections::BTreeMap;
use std::time::Duration;

use super::{MessageBody, node_context::NodeContext};
use crate::VisitorKey;

/// The members that this node has on one topic, and what of them the others were not told yet.
#[derive(Debug)]
pub(super) struct LocalMembers {
    by_visitor: BTreeMap<VisitorKey, LocalMember>,
    /// How the seats differ from what was told last.
    unsent: BTreeMap<VisitorKey, MemberChange>,
    /// The version that was told last, or that is told first.
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
            by_visitor: BTreeMap::new(),
            unsent: BTreeMap::new(),
            version,
            state_sent: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_visitor.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_visitor.is_empty()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.by_visitor.keys().copied()
    }

    pub(super) fn get_mut(&mut self, visitor: VisitorKey) -> Option<&mut LocalMember> {
        self.by_visitor.get_mut(&visitor)
    }

    pub(super) fn add(&mut self, visitor: VisitorKey) {
        self.by_visitor.insert(visitor, LocalMember::Present { guards: 1 });
        self.record(visitor, MemberChange::Joined);
    }

    pub(super) fn remove(&mut self, visitor: VisitorKey) {
        self.by_visitor.remove(&visitor);
        self.record(visitor, MemberChange::Left);
    }

    /// Who comes and goes, or goes and comes, before it was told, did not change anything.
    fn record(&mut self, visitor: VisitorKey, change: MemberChange) {
        if self.unsent.remove(&visitor).is_none() {
            self.unsent.insert(visitor, change);
        }
    }

    pub(super) fn state_sent(&self) -> bool {
        self.state_sent
    }

    /// Whether others may count members of this node.
    pub(super) fn may_be_counted(&self) -> bool {
        self.state_sent && !(self.by_visitor.is_empty() && self.unsent.is_empty())
    }

    pub(super) fn heartbeat(&self) -> MessageBody {
        MessageBody::Heartbeat { version: self.version }
    }

    /// What changed since it was told last. Nothing before the whole state was told: who does not know
    /// where a change starts from would only ask back.
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

    /// All members, once there is no [`delta`](Self::delta) left to tell.
    pub(super) fn state(&mut self) -> MessageBody {
        self.unsent.clear();
        self.state_sent = true;
        MessageBody::State {
            version: self.version,
            members: self.members().collect(),
        }
    }
}
