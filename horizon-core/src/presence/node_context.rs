use super::{
    Effect, MAX_LOCAL_MEMBERS, MessageBody, NodeId, PresenceMessage, Timing,
    message::{MAX_NUMBER, NO_VERSION},
};
use crate::Topic;

/// The state of a node that all its topics share.
#[derive(Debug)]
pub(super) struct NodeContext {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
    /// The latest version of any topic. One counter for all topics, so that the version of a topic that was dropped and
    /// opened again does not decrease.
    version: u64,
    pub(super) timing: Timing,
    /// The members of this node over all topics.
    pub(super) local_members: usize,
    /// The members of other nodes over all topics.
    pub(super) remote_members: usize,
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

    /// Moves to a newer incarnation if another process sent this message under this node's name, because other nodes
    /// keep the newest incarnation. Returns whether it moved; the node's own messages do not count.
    ///
    /// Two nodes with the same name do this forever, at most once per [`Timing::state_request_interval`].
    pub(super) fn refute(&mut self, message: &PresenceMessage) -> bool {
        let sent = (message.incarnation, message.body.version());
        if sent <= (self.incarnation, self.version) {
            return false;
        }
        self.incarnation = message.incarnation.saturating_add(1).min(MAX_NUMBER);
        true
    }
}
