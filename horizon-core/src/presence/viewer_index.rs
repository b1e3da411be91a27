use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    MAX_MEMBERS_PER_TOPIC, MAX_NODES_PER_TOPIC, MAX_REMOTE_MEMBERS, MessageBody, NodeId, RemoteNode,
    message::{GOODBYE_VERSION, NO_VERSION},
    node_context::NodeContext,
};
use crate::VisitorKey;

/// Who is on a topic: what each other node says of itself, and all visitors together.
///
/// Only a node itself writes its entry, so the newer (incarnation, version) is right, in whatever order and
/// however often messages come.
#[derive(Debug, Default)]
pub(super) struct ViewerIndex {
    nodes: BTreeMap<NodeId, NodeEntry>,
    /// On how many nodes each visitor is, this one included.
    visitors: BTreeMap<VisitorKey, u32>,
}

#[derive(Debug)]
struct NodeEntry {
    incarnation: u64,
    version: u64,
    members: BTreeSet<VisitorKey>,
    /// When it was heard last.
    last_seen: Duration,
    /// Before this moment it is not asked again.
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
    pub(super) fn viewers(&self) -> u64 {
        self.visitors.len() as u64
    }

    /// The visitor is on one node more.
    pub(super) fn add(&mut self, visitor: VisitorKey) {
        *self.visitors.entry(visitor).or_default() += 1;
    }

    /// The visitor is on one node fewer.
    pub(super) fn remove(&mut self, visitor: VisitorKey) {
        remove(&mut self.visitors, visitor);
    }

    /// The nodes that were heard and did not say goodbye.
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

    /// Takes what another node says. Answers whether it has to be asked for its state.
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
        let (known, version) = (entry.version, body.version());
        // What is older says nothing, not even that the node lives: it may have been on its way for long.
        if version < known {
            return false;
        }
        entry.last_seen = now;
        if version == known {
            return false;
        }
        let taken = match body {
            MessageBody::State { members, .. } => entry.replace(members, &mut self.visitors, context),
            MessageBody::Delta { from, joined, left, .. } if from == known => {
                entry.change(joined, left, &mut self.visitors, context)
            }
            MessageBody::Goodbye => entry.replace(Vec::new(), &mut self.visitors, context),
            MessageBody::Delta { .. } | MessageBody::Heartbeat { .. } | MessageBody::StateRequest { .. } => {
                return entry.may_request_state(now, context);
            }
        };
        if taken {
            entry.version = version;
        } else {
            // There is no place for it, and will hardly be at the next beat.
            entry.next_request = now.saturating_add(context.timing.dead_after);
        }
        false
    }

    /// Makes sure that there is an entry of this incarnation. Answers whether there is.
    fn ensure_entry(&mut self, node: &NodeId, incarnation: u64, now: Duration, context: &mut NodeContext) -> bool {
        let is_full = self.nodes.len() >= MAX_NODES_PER_TOPIC;
        match self.nodes.get_mut(node) {
            Some(entry) if entry.incarnation > incarnation => return false,
            Some(entry) if entry.incarnation == incarnation => return true,
            Some(entry) => {
                // Its readers were connected to a process that is no more.
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

    /// Drops a node that was silent for too long. Answers when to look again if it was not.
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

    /// How many members of others are kept here.
    pub(super) fn remote_members(&self) -> usize {
        self.nodes.values().map(|entry| entry.members.len()).sum()
    }
}

impl NodeEntry {
    /// Makes these the members, if there is place for them.
    fn replace(
        &mut self,
        members: Vec<VisitorKey>,
        visitors: &mut BTreeMap<VisitorKey, u32>,
        context: &mut NodeContext,
    ) -> bool {
        let members = BTreeSet::from_iter(members);
        let rest = context.remote_members - self.members.len();
        if members.len() > MAX_MEMBERS_PER_TOPIC || rest + members.len() > MAX_REMOTE_MEMBERS {
            return false;
        }
        for visitor in members.difference(&self.members) {
            *visitors.entry(*visitor).or_default() += 1;
        }
        for visitor in self.members.difference(&members) {
            remove(visitors, *visitor);
        }
        context.remote_members = rest + members.len();
        self.members = members;
        true
    }

    /// Adds and takes away members, if there is place for them.
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

    fn may_request_state(&mut self, now: Duration, context: &NodeContext) -> bool {
        let may_ask = now >= self.next_request;
        if may_ask {
            self.next_request = now.saturating_add(context.timing.state_request_interval);
        }
        may_ask
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
