use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{
    Body, KnownNode, MAX_MEMBERS, MAX_NODES, MAX_OTHER_MEMBERS, NodeId,
    host::NodeContext,
    message::{GONE, UNHEARD},
};
use crate::VisitorKey;

/// Who is on a topic: what each other node says of itself, and all visitors together.
///
/// Only a node itself writes its entry, so the newer (incarnation, version) is right, in whatever order and
/// however often messages come.
#[derive(Debug, Default)]
pub(super) struct ViewerIndex {
    nodes: BTreeMap<NodeId, Entry>,
    /// On how many nodes each visitor is, this one included.
    visitors: BTreeMap<VisitorKey, u32>,
}

#[derive(Debug)]
struct Entry {
    incarnation: u64,
    version: u64,
    members: BTreeSet<VisitorKey>,
    /// When it was heard last.
    heard: Duration,
    /// Before this moment it is not asked again.
    ask_after: Duration,
}

impl Entry {
    fn unheard(incarnation: u64, now: Duration) -> Self {
        Self {
            incarnation,
            version: UNHEARD,
            members: BTreeSet::new(),
            heard: now,
            ask_after: Duration::ZERO,
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
    pub(super) fn known(&self) -> impl Iterator<Item = KnownNode<'_>> {
        self.nodes
            .iter()
            .filter(|(_, entry)| !matches!(entry.version, UNHEARD | GONE))
            .map(|(node, entry)| KnownNode {
                node,
                incarnation: entry.incarnation,
                version: entry.version,
                members: &entry.members,
            })
    }

    pub(super) fn has(&self, node: &NodeId) -> bool {
        self.nodes.contains_key(node)
    }

    /// Takes what another node says. Answers whether it has to be asked for its state.
    pub(super) fn receive(
        &mut self,
        node: &NodeId,
        incarnation: u64,
        body: Body,
        now: Duration,
        host: &mut NodeContext,
    ) -> bool {
        if !self.meet(node, incarnation, now, host) {
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
        entry.heard = now;
        if version == known {
            return false;
        }
        let taken = match body {
            Body::State { members, .. } => entry.replace(members, &mut self.visitors, host),
            Body::Delta { from, joined, left, .. } if from == known => {
                entry.change(joined, left, &mut self.visitors, host)
            }
            Body::Goodbye => entry.replace(Vec::new(), &mut self.visitors, host),
            Body::Delta { .. } | Body::Beat { .. } | Body::Ask { .. } => return entry.wants_state(now, host),
        };
        if taken {
            entry.version = version;
        } else {
            // There is no place for it, and will hardly be at the next beat.
            entry.ask_after = now.saturating_add(host.timing.dead_after);
        }
        false
    }

    /// Makes sure that there is an entry of this incarnation. Answers whether there is.
    fn meet(&mut self, node: &NodeId, incarnation: u64, now: Duration, host: &mut NodeContext) -> bool {
        let is_full = self.nodes.len() >= MAX_NODES;
        match self.nodes.get_mut(node) {
            Some(entry) if entry.incarnation > incarnation => return false,
            Some(entry) if entry.incarnation == incarnation => return true,
            Some(entry) => {
                // Its readers were connected to a process that is no more.
                entry.replace(Vec::new(), &mut self.visitors, host);
                *entry = Entry::unheard(incarnation, now);
            }
            None if is_full => return false,
            None => {
                self.nodes.insert(node.clone(), Entry::unheard(incarnation, now));
            }
        }
        true
    }

    /// Drops a node that was silent for too long. Answers when to look again if it was not.
    pub(super) fn expire(&mut self, node: &NodeId, now: Duration, host: &mut NodeContext) -> Option<Duration> {
        let entry = self.nodes.get_mut(node)?;
        let dead_at = entry.heard.saturating_add(host.timing.dead_after);
        if dead_at > now {
            return Some(dead_at);
        }
        entry.replace(Vec::new(), &mut self.visitors, host);
        self.nodes.remove(node);
        None
    }

    /// How many members of others are kept here.
    pub(super) fn other_members(&self) -> usize {
        self.nodes.values().map(|entry| entry.members.len()).sum()
    }
}

impl Entry {
    /// Makes these the members, if there is place for them.
    fn replace(
        &mut self,
        members: Vec<VisitorKey>,
        visitors: &mut BTreeMap<VisitorKey, u32>,
        host: &mut NodeContext,
    ) -> bool {
        let members = BTreeSet::from_iter(members);
        let rest = host.other_members - self.members.len();
        if members.len() > MAX_MEMBERS || rest + members.len() > MAX_OTHER_MEMBERS {
            return false;
        }
        for visitor in members.difference(&self.members) {
            *visitors.entry(*visitor).or_default() += 1;
        }
        for visitor in self.members.difference(&members) {
            remove(visitors, *visitor);
        }
        host.other_members = rest + members.len();
        self.members = members;
        true
    }

    /// Adds and takes away members, if there is place for them.
    fn change(
        &mut self,
        joined: Vec<VisitorKey>,
        left: Vec<VisitorKey>,
        visitors: &mut BTreeMap<VisitorKey, u32>,
        host: &mut NodeContext,
    ) -> bool {
        if self.members.len() + joined.len() > MAX_MEMBERS || host.other_members + joined.len() > MAX_OTHER_MEMBERS {
            return false;
        }
        for visitor in joined {
            if self.members.insert(visitor) {
                *visitors.entry(visitor).or_default() += 1;
                host.other_members += 1;
            }
        }
        for visitor in left {
            if self.members.remove(&visitor) {
                remove(visitors, visitor);
                host.other_members -= 1;
            }
        }
        true
    }

    fn wants_state(&mut self, now: Duration, host: &NodeContext) -> bool {
        let may_ask = now >= self.ask_after;
        if may_ask {
            self.ask_after = now.saturating_add(host.timing.state_request_interval);
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
