use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    MAX_MEMBERS_PER_TOPIC, MAX_NODES_PER_TOPIC, MAX_REMOTE_MEMBERS, MessageBody, NodeId, RemoteNode,
    message::{GOODBYE_VERSION, NO_VERSION},
    node_context::NodeContext,
};
use crate::VisitorKey;

/// The viewers of a topic: the state of each other node, and how many nodes have each visitor.
///
/// Only a node itself publishes its state, so the newest pair (incarnation, version) wins, however often and in
/// whatever order messages arrive.
#[derive(Debug, Default)]
pub(super) struct ViewerIndex {
    nodes: BTreeMap<NodeId, NodeEntry>,
    /// The number of nodes that have the visitor, this one included.
    visitors: BTreeMap<VisitorKey, u32>,
}

#[derive(Debug)]
struct NodeEntry {
    incarnation: u64,
    version: u64,
    members: BTreeSet<VisitorKey>,
    /// When its last current message arrived.
    last_seen: Duration,
    /// The earliest time of the next state request.
    next_request: Duration,
}

impl NodeEntry {
    fn unknown(incarnation: u64, now: Duration) -> Self {
        Self {
            incarnation,
            version: NO_VERSION,
            members: BTreeSet::new(),
            last_seen: now,
            next_request: Duration::ZERO,
        }
    }
}

impl ViewerIndex {
    pub(super) fn count(&self) -> u64 {
        self.visitors.len() as u64
    }

    /// Adds a node to the visitor.
    pub(super) fn add(&mut self, visitor: VisitorKey) {
        *self.visitors.entry(visitor).or_default() += 1;
    }

    /// Removes a node from the visitor.
    pub(super) fn remove(&mut self, visitor: VisitorKey) {
        remove(&mut self.visitors, visitor);
    }

    /// Returns the nodes that sent their state and no goodbye.
    pub(super) fn remote_nodes(&self) -> impl Iterator<Item = RemoteNode<'_>> {
        self.nodes
            .iter()
            .filter(|(_, entry)| !matches!(entry.version, NO_VERSION | GOODBYE_VERSION))
            .map(|(node, entry)| RemoteNode {
                node,
                incarnation: entry.incarnation,
                version: entry.version,
                members: &entry.members,
            })
    }

    pub(super) fn contains(&self, node: &NodeId) -> bool {
        self.nodes.contains_key(node)
    }

    /// Handles a message of another node. Returns whether to request its state.
    pub(super) fn receive(
        &mut self,
        node: &NodeId,
        incarnation: u64,
        body: MessageBody,
        now: Duration,
        context: &mut NodeContext,
    ) -> bool {
        if !self.ensure_entry(node, incarnation, now, context) {
            return false;
        }
        let Some(entry) = self.nodes.get_mut(node) else {
            return false;
        };
        let (current, version) = (entry.version, body.version());
        // An older message does not even prove that the node is alive: it may have been delayed.
        if version < current {
            return false;
        }
        entry.last_seen = now;
        if version == current {
            return false;
        }
        let fits = match body {
            MessageBody::State { members, .. } => entry.replace(members, &mut self.visitors, context),
            MessageBody::Delta { from, joined, left, .. } if from == current => {
                entry.change(joined, left, &mut self.visitors, context)
            }
            MessageBody::Goodbye => entry.replace(Vec::new(), &mut self.visitors, context),
            MessageBody::Delta { .. } | MessageBody::Heartbeat { .. } | MessageBody::StateRequest { .. } => {
                return entry.try_request_state(now, context);
            }
        };
        if fits {
            entry.version = version;
        } else {
            // Over a limit. Do not request the state again with the next heartbeat.
            entry.next_request = now.saturating_add(context.timing.dead_after);
        }
        false
    }

    /// Inserts an entry for this incarnation if it is missing. Returns `false` if the incarnation is old or the limit
    /// is reached.
    fn ensure_entry(&mut self, node: &NodeId, incarnation: u64, now: Duration, context: &mut NodeContext) -> bool {
        let is_full = self.nodes.len() >= MAX_NODES_PER_TOPIC;
        match self.nodes.get_mut(node) {
            Some(entry) if entry.incarnation > incarnation => return false,
            Some(entry) if entry.incarnation == incarnation => return true,
            Some(entry) => {
                // The connections of the old process are gone.
                entry.replace(Vec::new(), &mut self.visitors, context);
                *entry = NodeEntry::unknown(incarnation, now);
            }
            None if is_full => return false,
            None => {
                self.nodes.insert(node.clone(), NodeEntry::unknown(incarnation, now));
            }
        }
        true
    }

    /// Drops a node that was silent for too long. Otherwise returns when to check again.
    pub(super) fn expire(&mut self, node: &NodeId, now: Duration, context: &mut NodeContext) -> Option<Duration> {
        let entry = self.nodes.get_mut(node)?;
        let dead_at = entry.last_seen.saturating_add(context.timing.dead_after);
        if dead_at > now {
            return Some(dead_at);
        }
        entry.replace(Vec::new(), &mut self.visitors, context);
        self.nodes.remove(node);
        None
    }

    /// Returns the number of members of other nodes.
    pub(super) fn remote_members(&self) -> usize {
        self.nodes.values().map(|entry| entry.members.len()).sum()
    }
}

impl NodeEntry {
    /// Replaces the members. Returns `false` over a limit.
    fn replace(
        &mut self,
        members: Vec<VisitorKey>,
        visitors: &mut BTreeMap<VisitorKey, u32>,
        context: &mut NodeContext,
    ) -> bool {
        let members = BTreeSet::from_iter(members);
        let other_members = context.remote_members - self.members.len();
        if members.len() > MAX_MEMBERS_PER_TOPIC || other_members + members.len() > MAX_REMOTE_MEMBERS {
            return false;
        }
        for visitor in members.difference(&self.members) {
            *visitors.entry(*visitor).or_default() += 1;
        }
        for visitor in self.members.difference(&members) {
            remove(visitors, *visitor);
        }
        context.remote_members = other_members + members.len();
        self.members = members;
        true
    }

    /// Adds and removes members. Returns `false` over a limit.
    fn change(
        &mut self,
        joined: Vec<VisitorKey>,
        left: Vec<VisitorKey>,
        visitors: &mut BTreeMap<VisitorKey, u32>,
        context: &mut NodeContext,
    ) -> bool {
        if self.members.len() + joined.len() > MAX_MEMBERS_PER_TOPIC
            || context.remote_members + joined.len() > MAX_REMOTE_MEMBERS
        {
            return false;
        }
        for visitor in joined {
            if self.members.insert(visitor) {
                *visitors.entry(visitor).or_default() += 1;
                context.remote_members += 1;
            }
        }
        for visitor in left {
            if self.members.remove(&visitor) {
                remove(visitors, visitor);
                context.remote_members -= 1;
            }
        }
        true
    }

    fn try_request_state(&mut self, now: Duration, context: &NodeContext) -> bool {
        let is_allowed = now >= self.next_request;
        if is_allowed {
            self.next_request = now.saturating_add(context.timing.state_request_interval);
        }
        is_allowed
    }
}

fn remove(visitors: &mut BTreeMap<VisitorKey, u32>, visitor: VisitorKey) {
    if let Some(nodes) = visitors.get_mut(&visitor) {
        *nodes -= 1;
        if *nodes == 0 {
            visitors.remove(&visitor);
        }
    }
}
