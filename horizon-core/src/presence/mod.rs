//! Who is here, agreed on by many nodes without anyone in charge: plain state, told the time.
//!
//! A node is a process that holds readers' connections. Only it writes who they are: for each topic it says
//! `(incarnation, version, members)` of itself, and everybody takes the newer pair. That is commutative, associative
//! and idempotent, so messages may be lost, repeated and reordered. A restarted node has a higher incarnation; its
//! goodbye is the last word of one.
//!
//! - A change is told as a delta from one version to the next. Who has another version asks for the state.
//! - A node with members gives a sign of life every two seconds; who is silent for seven is dropped.
//! - All that is said of a topic goes over a channel of its own, also to the one who says it. Who has
//!   members or watchers there is subscribed, asks everybody once, and answers who asks.
//!
//! [`Replica`] does no I/O: it is told what happens and when, and answers [`Effect`]s. `now` is the time since any
//! fixed moment of the caller's own clock; it never leaves the node. Without anyone to talk to it is
//! the presence of a single process.
//!
//! ```
//! use std::time::Duration;
//! use horizon_core::{Topic, VisitorKey, presence::{Effect, NodeId, Replica, Timing}};
//!
//! let node = NodeId::new("web-1")?;
//! let mut replica = Replica::new(node, 1_700_000_000_000, Timing::default());
//! replica.join(&Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
//! assert_eq!(replica.viewers(&Topic::Site), 1);
//! assert_eq!(replica.effects().first(), Some(&Effect::Subscribe(Topic::Site)));
//! # Ok::<(), horizon_core::presence::ParseNodeIdError>(())
//! ```

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

/// The most members of one node, over all topics: a bound of memory, some 100 MB.
///
/// ```
/// use horizon_core::presence::{MAX_MEMBERS_PER_TOPIC, MAX_NODES_PER_TOPIC, MAX_REMOTE_MEMBERS, MAX_LOCAL_MEMBERS};
///
/// assert!(MAX_MEMBERS_PER_TOPIC <= MAX_LOCAL_MEMBERS && MAX_LOCAL_MEMBERS <= MAX_REMOTE_MEMBERS);
/// assert!(MAX_NODES_PER_TOPIC < MAX_MEMBERS_PER_TOPIC);
/// ```
pub const MAX_LOCAL_MEMBERS: usize = 1_000_000;

/// The most members of one node on one topic: a bound of memory. Their state is a message of 7 MB. Redis drops a
/// subscriber who has 32 MB to catch up with, or 8 MB for a minute, unless it is told otherwise
/// (`client-output-buffer-limit pubsub`); who has several nodes as full as that has to.
pub const MAX_MEMBERS_PER_TOPIC: usize = 200_000;

/// The most members of other nodes that are kept, over all topics: a bound of memory, some 150 MB.
pub const MAX_REMOTE_MEMBERS: usize = 2_000_000;

/// The most other nodes that are kept on one topic.
pub const MAX_NODES_PER_TOPIC: usize = 1_024;

/// What the caller has to do, in this order.
///
/// ```
/// # use std::time::Duration;
/// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
/// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
/// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
/// replica.watch(&site, now);
/// for effect in replica.effects() {
///     match effect {
///         Effect::Subscribe(topic) => assert_eq!(topic.to_string(), "site"), // SUBSCRIBE presence:site
///         Effect::Unsubscribe(_) | Effect::Viewers(..) => {}
///         Effect::Publish(_, message) => assert_eq!(message.body, MessageBody::StateRequest{node: None }),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Listen to the topic's channel before anything that follows is done.
    Subscribe(Topic),
    /// The topic's channel does not matter any more.
    Unsubscribe(Topic),
    /// Say this on the topic's channel.
    Publish(Topic, PresenceMessage),
    /// So many visitors are here now; it was another number before.
    Viewers(Topic, u64),
}

/// What is known of another node on a topic.
///
/// ```
/// # use std::time::Duration;
/// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
/// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
/// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
/// replica.watch(&site, now);
/// let body = MessageBody::State { version: 7, members: vec![ada] };
/// replica.receive(&site, PresenceMessage { node: "web-2".parse()?, incarnation: 3, body }, now);
/// let known = replica.remote_nodes(&site).next().ok_or("it was just heard")?;
/// assert_eq!((known.node.as_str(), known.incarnation, known.version), ("web-2", 3, 7));
/// assert!(known.members.contains(&ada));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteNode<'a> {
    /// Its name.
    pub node: &'a NodeId,
    /// Which of its lives.
    pub incarnation: u64,
    /// The version of what it said last.
    pub version: u64,
    /// Who is there.
    pub members: &'a BTreeSet<VisitorKey>,
}

/// One node's view of who is here, on all topics that it cares for.
///
/// - A visitor counts once per topic, however many guards on however many nodes are held for them.
/// - What is over a bound is left out: a visitor is not taken, another node's members stay as they were until what
///   it says fits, and a node too many is not listened to.
/// - A topic without members and watchers of this node costs nothing, after a while.
///
/// ```
/// # use std::time::Duration;
/// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
/// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
/// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
/// let [mut web_1, mut web_2] = ["web-1", "web-2"].map(|n| Replica::new(n.parse().unwrap(), 1, Timing::default()));
/// web_2.watch(&site, now);
/// web_1.join(&site, ada, now);
/// for effect in web_1.effects() {
///     if let Effect::Publish(topic, message) = effect {
///         web_2.receive(&topic, message, now); // what the channel does
///     }
/// }
/// assert_eq!(web_2.viewers(&site), 1);
/// ```
#[derive(Debug)]
pub struct Replica {
    context: NodeContext,
    topics: BTreeMap<Topic, TopicState>,
    /// When each state's first alarm rings.
    due: BTreeSet<(Duration, Topic)>,
}

impl Replica {
    /// A node that knows nobody. `incarnation` is greater than in its lives before: milliseconds since
    /// 1970 will do.
    ///
    /// ```
    /// use std::time::{SystemTime, UNIX_EPOCH};
    /// use horizon_core::presence::{NodeId, Replica, Timing};
    ///
    /// let incarnation = u64::try_from(UNIX_EPOCH.elapsed()?.as_millis())?;
    /// let mut replica = Replica::new(NodeId::new("web-1")?, incarnation, Timing::default());
    /// assert!(replica.effects().is_empty() && replica.next_tick().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(node: NodeId, incarnation: u64, timing: Timing) -> Self {
        Self {
            context: NodeContext::new(node, incarnation, timing),
            topics: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// One guard more for a visitor of this node. Answers whether there was a place for them.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
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

    /// One guard fewer. The last one's leave counts after the grace.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.join(&site, ada, now);
    /// replica.leave(&site, ada, now);
    /// assert_eq!(replica.viewers(&site), 1); // she may be reloading
    /// replica.tick(now + Timing::default().grace);
    /// assert_eq!(replica.viewers(&site), 0);
    /// ```
    pub fn leave(&mut self, topic: &Topic, visitor: VisitorKey, now: Duration) {
        self.update(topic, now, |state, context| state.leave(visitor, now, context));
    }

    /// One watcher more: the topic's number is kept right until [`unwatch`](Self::unwatch).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{Effect, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.watch(&site, now);
    /// replica.join(&site, ada, now);
    /// assert!(replica.effects().contains(&Effect::Viewers(site, 1)));
    /// ```
    pub fn watch(&mut self, topic: &Topic, now: Duration) {
        self.open(topic);
        self.update(topic, now, |state, _| state.watch());
    }

    /// One watcher fewer.
    pub fn unwatch(&mut self, topic: &Topic, now: Duration) {
        self.update(topic, now, |state, _| state.unwatch());
    }

    /// How many visitors are here. Nobody, where this node has neither members nor watchers.
    #[must_use]
    pub fn viewers(&self, topic: &Topic) -> u64 {
        self.topics.get(topic).map_or(0, TopicState::viewers)
    }

    /// How many of them are connected to this node.
    #[must_use]
    pub fn local_viewers(&self, topic: &Topic) -> u64 {
        self.topics.get(topic).map_or(0, TopicState::local_viewers)
    }

    /// Who of them is connected to this node, in the order of their keys. Who leaves is among them until the
    /// grace is over.
    pub fn local_members<'a>(&'a self, topic: &Topic) -> impl Iterator<Item = VisitorKey> + use<'a> {
        self.topics.get(topic).into_iter().flat_map(TopicState::local_members)
    }

    /// What is known of the other nodes on a topic.
    pub fn remote_nodes<'a>(&'a self, topic: &Topic) -> impl Iterator<Item = RemoteNode<'a>> + use<'a> {
        self.topics.get(topic).into_iter().flat_map(TopicState::remote_nodes)
    }

    /// How many other nodes have said who is there. When it is as many as received the first question, the
    /// number of viewers is complete.
    #[must_use]
    pub fn remote_node_count(&self, topic: &Topic) -> usize {
        self.remote_nodes(topic).count()
    }

    /// Takes a message that came over the topic's channel.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.watch(&site, now);
    /// let json = r#"{"v":1,"node":"web-2","incarnation":1,"type":"state","version":1,"members":[]}"#;
    /// replica.receive(&site, serde_json::from_str(json)?, now);
    /// assert_eq!(replica.remote_node_count(&site), 1);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn receive(&mut self, topic: &Topic, message: PresenceMessage, now: Duration) {
        if message.node != self.context.node {
            self.update(topic, now, |state, context| state.receive(message, now, context));
        } else if self.context.refute(&message) {
            self.update_all(now, |state, context| state.send_state_throttled(now, context));
        }
    }

    /// When [`tick`](Self::tick) has to be called next. Any other call may change it.
    #[must_use]
    pub fn next_tick(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Does what its time has come for.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.join(&site, ada, now);
    /// replica.leave(&site, ada, now);
    /// while let Some(at) = replica.next_tick() { // sleep until then
    ///     replica.tick(at);
    /// }
    /// assert_eq!(replica.effects().last(), Some(&Effect::Unsubscribe(site)));
    /// ```
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

    /// The topic's channel is heard from now on, for the first time or again after the link was lost: asks the
    /// others, and says who is here.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.watch(&site, now);
    /// drop(replica.effects());
    /// replica.subscribed(&site, now);
    /// let effects = replica.effects();
    /// assert!(matches!(&effects[..], [Effect::Publish(_, asks), ..] if asks.body == MessageBody::StateRequest{node: None }));
    /// ```
    pub fn subscribed(&mut self, topic: &Topic, now: Duration) {
        self.update(topic, now, |state, context| state.subscribed(now, context));
    }

    /// Says the last words of this node; after them it says nothing.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use horizon_core::{Topic, VisitorKey, presence::{MessageBody, Effect, PresenceMessage, NodeId, Replica, Timing}};
    /// # let mut replica = Replica::new(NodeId::default(), 1, Timing::default());
    /// # let (site, ada, now) = (Topic::Site, VisitorKey::from_u128(1), Duration::from_secs(5));
    /// replica.join(&site, ada, now);
    /// drop(replica.effects());
    /// replica.goodbye(now);
    /// assert!(matches!(&replica.effects()[..], [Effect::Publish(_, last)] if last.body == MessageBody::Goodbye));
    /// ```
    pub fn goodbye(&mut self, now: Duration) {
        self.update_all(now, |state, context| state.goodbye(context));
        self.context.said_goodbye = true;
    }

    /// Takes what the caller has to do. Ask after each other call.
    #[must_use]
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.context.effects)
    }

    /// Makes sure that the topic is there.
    fn open(&mut self, topic: &Topic) {
        if !self.topics.contains_key(topic) {
            let state = TopicState::open(topic.clone(), &mut self.context);
            self.topics.insert(topic.clone(), state);
        }
    }

    /// Does something with the topic, if it is there, and files when it has to be looked at next.
    fn update<T>(
        &mut self,
        topic: &Topic,
        now: Duration,
        act: impl FnOnce(&mut TopicState, &mut NodeContext) -> T,
    ) -> Option<T> {
        let state = self.topics.get_mut(topic)?;
        let filed = state.next_timer();
        let answer = act(state, &mut self.context);
        state.settle(now, &mut self.context);
        let next = state.next_timer().filter(|_| !state.is_closed());
        if state.is_closed() {
            self.topics.remove(topic);
        }
        if filed != next {
            filed.map(|at| self.due.remove(&(at, topic.clone())));
            next.map(|at| self.due.insert((at, topic.clone())));
        }
        Some(answer)
    }

    fn update_all(&mut self, now: Duration, act: impl Fn(&mut TopicState, &mut NodeContext)) {
        let topics: Vec<Topic> = self.topics.keys().cloned().collect();
        for topic in topics {
            self.update(&topic, now, &act);
        }
    }
}

#[cfg(test)]
mod tests;
