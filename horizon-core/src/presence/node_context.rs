use super::{
    Effect, MAX_LOCAL_MEMBERS, MessageBody, NodeId, PresenceMessage, Timing,
    message::{MAX_NUMBER, NO_VERSION},
};
use crate::Topic;

/// What all topics of a node share.
#[derive(Debug)]
pub(super) struct NodeContext {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
    /// The latest version of any topic. One counter for all, so that a topic which was dropped and comes
    /// again does not go back.
    version: u64,
    pub(super) timing: Timing,
    /// How many members this node has, over all topics.
    pub(super) local_members: usize,
    /// How many members of others it keeps, over all topics.
    pub(super) remote_members: usize,
    /// Whether goodbye was said.
    pub(super) said_goodbye: bool,
    pub(super) effects: Vec<Effect>,
}

impl NodeContext {
    pub(super) fn new(node: NodeId, incarnation: u64, timing: Timing) -> Self {
        Self {
            node,
            incarnation: incarnation.min(MAX_NUMBER),
            version: NO_VERSION,
            timing,
            local_members: 0,
            remote_members: 0,
            said_goodbye: false,
            effects: Vec::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.local_members >= MAX_LOCAL_MEMBERS
    }

    pub(super) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub(super) fn publish(&mut self, topic: &Topic, body: MessageBody) {
        if self.said_goodbye {
            return;
        }
        let message = PresenceMessage {
            node: self.node.clone(),
            incarnation: self.incarnation,
            body,
        };
        self.effects.push(Effect::Publish(topic.clone(), message));
    }

    /// Takes a newer incarnation if another life of this node said this message in its name, because the
    /// others believe that life until they hear of a newer one. Answers whether it did; an echo is none.
    ///
    /// Two nodes that were given the same name do so for ever, but not faster than they may answer.
    pub(super) fn refute(&mut self, message: &PresenceMessage) -> bool {
        let said = (message.incarnation, message.body.version());
        if said <= (self.incarnation, self.version) {
            return false;
        }
        self.incarnation = message.incarnation.saturating_add(1).min(MAX_NUMBER);
        true
    }
}
