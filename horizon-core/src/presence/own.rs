use std::collections::BTreeMap;
use std::time::Duration;

use super::{Body, host::NodeContext};
use crate::VisitorKey;

/// The members that this node has on one topic, and what of them the others were not told yet.
#[derive(Debug)]
pub(super) struct LocalMembers {
    seats: BTreeMap<VisitorKey, Seat>,
    /// How the seats differ from what was told last.
    untold: BTreeMap<VisitorKey, Change>,
    /// The version that was told last, or that is told first.
    version: u64,
    is_told: bool,
}

#[derive(Debug)]
pub(super) enum Seat {
    Taken { guards: usize },
    Leaving { at: Duration },
}

#[derive(Debug, PartialEq)]
enum Change {
    Joined,
    Left,
}

impl LocalMembers {
    pub(super) fn new(version: u64) -> Self {
        Self {
            seats: BTreeMap::new(),
            untold: BTreeMap::new(),
            version,
            is_told: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.seats.keys().copied()
    }

    pub(super) fn seat(&mut self, visitor: VisitorKey) -> Option<&mut Seat> {
        self.seats.get_mut(&visitor)
    }

    pub(super) fn add(&mut self, visitor: VisitorKey) {
        self.seats.insert(visitor, Seat::Taken { guards: 1 });
        self.note(visitor, Change::Joined);
    }

    pub(super) fn remove(&mut self, visitor: VisitorKey) {
        self.seats.remove(&visitor);
        self.note(visitor, Change::Left);
    }

    /// Who comes and goes, or goes and comes, before it was told, did not change anything.
    fn note(&mut self, visitor: VisitorKey, change: Change) {
        if self.untold.remove(&visitor).is_none() {
            self.untold.insert(visitor, change);
        }
    }

    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }

    /// Whether others may count members of this node.
    pub(super) fn is_counted(&self) -> bool {
        self.is_told && !(self.seats.is_empty() && self.untold.is_empty())
    }

    pub(super) fn beat(&self) -> Body {
        Body::Beat { version: self.version }
    }

    /// What changed since it was told last. Nothing before the whole state was told: who does not know
    /// where a change starts from would only ask back.
    pub(super) fn delta(&mut self, host: &mut NodeContext) -> Option<Body> {
        if !self.is_told || self.untold.is_empty() {
            return None;
        }
        let from = std::mem::replace(&mut self.version, host.next_version());
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        for (visitor, change) in std::mem::take(&mut self.untold) {
            match change {
                Change::Joined => joined.push(visitor),
                Change::Left => left.push(visitor),
            }
        }
        Some(Body::Delta {
            from,
            to: self.version,
            joined,
            left,
        })
    }

    /// All members, once there is no [`delta`](Self::delta) left to tell.
    pub(super) fn state(&mut self) -> Body {
        self.untold.clear();
        self.is_told = true;
        Body::State {
            version: self.version,
            members: self.members().collect(),
        }
    }
}
