//! Which visitors are on which topic, agreed on by several nodes without a coordinator.
//!
//! A node is a process with readers' connections. For each topic it publishes `(incarnation, version, members)` of
//! itself, and every node keeps the newest pair `(incarnation, version)` of each other node. Merging is commutative,
//! associative and idempotent, so messages may be lost, repeated and reordered. A restarted node has a higher
//! incarnation; a goodbye is the last message of an incarnation.
//!
//! - A change is published as a delta between two versions. A node that has another version requests the full state.
//! - A node with members sends a heartbeat every two seconds. A node that is silent for seven seconds is dropped.
//! - Each topic has a channel. A node with members or watchers on a topic subscribes to its channel, requests the state
//!   of all nodes once, and responds to such requests. A node also receives its own messages.
//!
//! [`Replica`] does no I/O: its methods take what happened and the time, and cause [`Effect`]s. `now` is the time
//! since any fixed point of the caller's monotonic clock; it never leaves the node. A replica without other nodes is
//! the presence of a single process.
//!
//! ```
//! use std::time::Duration;
//! use horizon_core::{Topic, VisitorKey, presence::{Effect, NodeId, Replica, Timing}};
//!
//! let mut replica = Replica::new(NodeId::new("web-1")?, 1_700_000_000_000, Timing::default());
//! replica.join(&Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
//! assert_eq!(replica.viewers(&Topic::Site), 1);
//! assert_eq!(replica.effects().first(), Some(&Effect::Subscribe(Topic::Site)));
//! # Ok::<(), horizon_core::presence::ParseNodeIdError>(())
//! ```

#[cfg(feature = "driver")]
pub mod driver;
mod local_members;
mod message;
mod node_context;
mod node_id;
mod timers;
mod timing;
mod topic_state;
mod viewer_index;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{Topic, VisitorKey};
use node_context::NodeContext;
use topic_state::TopicState;

pub use message::{MessageBody, PresenceMessage};
pub use node_id::{NodeId, ParseNodeIdError};
pub use timing::Timing;

/// The maximum number of members of one node over all topics: about 100 MB.
pub const MAX_LOCAL_MEMBERS: usize = 1_000_000;

/// The maximum number of members of one node on one topic. Their state is a message of 7 MB.
///
/// By default Redis disconnects a subscriber with a backlog of 32 MB, or of 8 MB for a minute. Raise
/// `client-output-buffer-limit pubsub` if several nodes have that many members.
pub const MAX_MEMBERS_PER_TOPIC: usize = 200_000;

/// The maximum number of members of other nodes over all topics: about 150 MB.
pub const MAX_REMOTE_MEMBERS: usize = 2_000_000;

/// The maximum number of other nodes on one topic.
pub const MAX_NODES_PER_TOPIC: usize = 1_024;

/// What the caller has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Subscribe to the topic's channel before the next effects.
    Subscribe(Topic),
    /// Unsubscribe from the topic's channel.
    Unsubscribe(Topic),
    /// Publish the message on the topic's channel.
    Publish(Topic, PresenceMessage),
    /// Show the topic's new number of viewers.
    Viewers(Topic, u64),
}

/// The state of another node on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteNode<'a> {
    /// The node's name.
    pub node: &'a NodeId,
    /// The node's incarnation.
    pub incarnation: u64,
    /// The version of its state.
    pub version: u64,
    /// Its members.
    pub members: &'a BTreeSet<VisitorKey>,
}

/// One node's view of the viewers of all topics that it has members on or watches.
///
/// - A visitor counts once per topic, however many guards on however many nodes exist for them.
/// - Beyond a limit, new visitors are rejected, another node's members stay unchanged until its state fits, and
///   messages of further nodes are ignored.
/// - A topic without local members and watchers is dropped after [`Timing::linger`].
///
/// ```
/// # use std::time::Duration;
/// # use horizon_core::{Topic, VisitorKey, presence::{Effect, Replica, Timing}};
/// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
/// let [mut web_1, mut web_2] = ["web-1", "web-2"].map(|n| Replica::new(n.parse().unwrap(), 1, Timing::default()));
/// web_2.watch(&site, now);
/// web_1.join(&site, ada, now);
/// for effect in web_1.effects() {
///     if let Effect::Publish(topic, message) = effect {
///         web_2.receive(&topic, message, now); // the work of the channel
///     }
/// }
/// assert_eq!(web_2.viewers(&site), 1);
/// ```
#[derive(Debug)]
pub struct Replica {
    context: NodeContext,
    topics: BTreeMap<Topic, TopicState>,
    /// When the first timer of each topic is due.
    due: BTreeSet<(Duration, Topic)>,
}

impl Replica {
    /// Returns a node without members. `incarnation` must be greater than in every earlier run of this node, for
    /// example the milliseconds since 1970.
    #[must_use]
    pub fn new(node: NodeId, incarnation: u64, timing: Timing) -> Self {
        Self {
            context: NodeContext::new(node, incarnation, timing),
            topics: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// Adds a guard for a visitor of this node. Returns `false` if a limit is reached.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// assert!(replica.join(&site, ada, now));
    /// assert!(replica.join(&site, ada, now)); // a second tab
    /// assert_eq!(replica.viewers(&site), 1);
    /// ```
    pub fn join(&mut self, topic: &Topic, visitor: VisitorKey, now: Duration) -> bool {
        if self.context.is_full() && !self.topics.contains_key(topic) {
            return false;
        }
        self.open(topic);
        self.update(topic, now, |state, context| state.join(visitor, now, context)) == Some(true)
    }

    /// Removes a guard. The visitor leaves when the grace after the last guard is over.
    pub fn leave(&mut self, topic: &Topic, visitor: VisitorKey, now: Duration) {
        self.update(topic, now, |state, context| state.leave(visitor, now, context));
    }

    /// Adds a watcher: this node keeps the topic's number current until [`unwatch`](Self::unwatch).
    pub fn watch(&mut self, topic: &Topic, now: Duration) {
        self.open(topic);
        self.update(topic, now, |state, _| state.watch());
    }

    /// Removes a watcher.
    pub fn unwatch(&mut self, topic: &Topic, now: Duration) {
        self.update(topic, now, |state, _| state.unwatch());
    }

    /// Returns the number of viewers on all nodes; zero if this node has neither members nor watchers here.
    #[must_use]
    pub fn viewers(&self, topic: &Topic) -> u64 {
        self.topics.get(topic).map_or(0, TopicState::viewers)
    }

    /// Returns the number of viewers connected to this node.
    #[must_use]
    pub fn local_viewers(&self, topic: &Topic) -> u64 {
        self.topics.get(topic).map_or(0, TopicState::local_viewers)
    }

    /// Returns the viewers connected to this node in the order of their keys, including those in the grace.
    pub fn local_members<'a>(&'a self, topic: &Topic) -> impl Iterator<Item = VisitorKey> + use<'a> {
        self.topics.get(topic).into_iter().flat_map(TopicState::local_members)
    }

    /// Returns the state of the other nodes on a topic.
    pub fn remote_nodes<'a>(&'a self, topic: &Topic) -> impl Iterator<Item = RemoteNode<'a>> + use<'a> {
        self.topics.get(topic).into_iter().flat_map(TopicState::remote_nodes)
    }

    /// Returns how many other nodes have sent their state. When as many as received the first request have sent it, the
    /// number of viewers is complete.
    #[must_use]
    pub fn remote_node_count(&self, topic: &Topic) -> usize {
        self.remote_nodes(topic).count()
    }

    /// Handles a message from the topic's channel.
    pub fn receive(&mut self, topic: &Topic, message: PresenceMessage, now: Duration) {
        if message.node != self.context.node {
            self.update(topic, now, |state, context| state.receive(message, now, context));
        } else if self.context.refute(&message) {
            self.update_all(now, |state, context| state.send_state_throttled(now, context));
        }
    }

    /// Returns when to call [`tick`](Self::tick) next. Every other call may change it.
    #[must_use]
    pub fn next_tick(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Runs the timers that are due.
    pub fn tick(&mut self, now: Duration) {
        let due: Vec<Topic> = self
            .due
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, topic)| topic.clone())
            .collect();
        for topic in due {
            self.update(&topic, now, |state, context| state.tick(now, context));
        }
    }

    /// Handles that the topic's channel is subscribed, for the first time or again after a lost connection: requests
    /// the state of the other nodes and sends this node's.
    pub fn subscribed(&mut self, topic: &Topic, now: Duration) {
        self.update(topic, now, |state, context| state.subscribed(now, context));
    }

    /// Sends a goodbye on every topic. Afterwards this node sends nothing.
    pub fn goodbye(&mut self, now: Duration) {
        self.update_all(now, |state, context| state.goodbye(context));
        self.context.said_goodbye = true;
    }

    /// Takes the pending effects. Call it after every other method.
    #[must_use]
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.context.effects)
    }

    /// Inserts the topic if it is missing.
    fn open(&mut self, topic: &Topic) {
        if !self.topics.contains_key(topic) {
            let state = TopicState::open(topic.clone(), &mut self.context);
            self.topics.insert(topic.clone(), state);
        }
    }

    /// Changes the state of a topic, if it exists, and updates when its next timer is due.
    fn update<T>(
        &mut self,
        topic: &Topic,
        now: Duration,
        change: impl FnOnce(&mut TopicState, &mut NodeContext) -> T,
    ) -> Option<T> {
        let state = self.topics.get_mut(topic)?;
        let previous = state.next_timer();
        let result = change(state, &mut self.context);
        state.settle(now, &mut self.context);
        let next = state.next_timer().filter(|_| !state.is_closed());
        if state.is_closed() {
            self.topics.remove(topic);
        }
        if previous != next {
            previous.map(|at| self.due.remove(&(at, topic.clone())));
            next.map(|at| self.due.insert((at, topic.clone())));
        }
        Some(result)
    }

    fn update_all(&mut self, now: Duration, change: impl Fn(&mut TopicState, &mut NodeContext)) {
        let topics: Vec<Topic> = self.topics.keys().cloned().collect();
        for topic in topics {
            self.update(&topic, now, &change);
        }
    }
}

#[cfg(test)]
mod tests;
