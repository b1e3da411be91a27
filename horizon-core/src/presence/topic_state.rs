use std::time::Duration;

use super::{
    Effect, MAX_MEMBERS_PER_TOPIC, MessageBody, PresenceMessage, RemoteNode,
    local_members::{LocalMember, LocalMembers},
    node_context::NodeContext,
    timers::{Timer, Timers},
    viewer_index::ViewerIndex,
};
use crate::{Topic, VisitorKey};

/// One topic as a node sees it, while somebody of the node is in it or watches it.
#[derive(Debug)]
pub(super) struct TopicState {
    topic: Topic,
    own: LocalMembers,
    viewers: ViewerIndex,
    alarms: Timers,
    watchers: usize,
    /// Before this moment changes are not told again.
    next_flush: Duration,
    /// Before this moment the state is not said again.
    next_state: Duration,
    /// When the others heard last that this node lives.
    last_sent: Duration,
    heartbeat_scheduled: bool,
    /// When the room closes, if nobody needs it.
    close_at: Option<Duration>,
    is_closed: bool,
    reported_viewers: u64,
}

impl TopicState {
    /// Subscribes first and then asks, so that nothing is missed between the two.
    pub(super) fn open(topic: Topic, context: &mut NodeContext) -> Self {
        context.effects.push(Effect::Subscribe(topic.clone()));
        let room = Self {
            topic,
            own: LocalMembers::new(context.next_version()),
            viewers: ViewerIndex::default(),
            alarms: Timers::default(),
            watchers: 0,
            next_flush: Duration::ZERO,
            next_state: Duration::ZERO,
            last_sent: Duration::ZERO,
            heartbeat_scheduled: false,
            close_at: None,
            is_closed: false,
            reported_viewers: 0,
        };
        room.request_states(context);
        room
    }

    pub(super) fn viewers(&self) -> u64 {
        self.viewers.viewers()
    }

    pub(super) fn local_viewers(&self) -> u64 {
        self.own.len() as u64
    }

    pub(super) fn local_members(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.own.members()
    }

    pub(super) fn remote_nodes(&self) -> impl Iterator<Item = RemoteNode<'_>> {
        self.viewers.remote_nodes()
    }

    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.alarms.next()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn request_states(&self, context: &mut NodeContext) {
        context.publish(&self.topic, MessageBody::StateRequest { node: None });
    }

    pub(super) fn watch(&mut self) {
        self.watchers += 1;
    }

    pub(super) fn unwatch(&mut self) {
        self.watchers = self.watchers.saturating_sub(1);
    }

    pub(super) fn join(&mut self, visitor: VisitorKey, now: Duration, context: &mut NodeContext) -> bool {
        let is_full = context.is_full() || self.own.len() >= MAX_MEMBERS_PER_TOPIC;
        match self.own.get_mut(visitor) {
            Some(LocalMember::Present { guards }) => *guards += 1,
            Some(seat) => {
                if let LocalMember::Leaving { at } = std::mem::replace(seat, LocalMember::Present { guards: 1 }) {
                    self.alarms.cancel(at, Timer::Leave(visitor));
                }
            }
            None if is_full => return false,
            None => {
                self.own.add(visitor);
                self.viewers.add(visitor);
                context.local_members += 1;
                self.flush_throttled(now, context);
            }
        }
        true
    }

    pub(super) fn leave(&mut self, visitor: VisitorKey, now: Duration, context: &NodeContext) {
        match self.own.get_mut(visitor) {
            Some(LocalMember::Present { guards }) if *guards > 1 => *guards -= 1,
            Some(seat @ LocalMember::Present { .. }) => {
                let at = now.saturating_add(context.timing.grace);
                *seat = LocalMember::Leaving { at };
                self.alarms.set(at, Timer::Leave(visitor));
            }
            Some(LocalMember::Leaving { .. }) | None => {}
        }
    }

    /// Takes what another node says.
    pub(super) fn receive(&mut self, message: PresenceMessage, now: Duration, context: &mut NodeContext) {
        let PresenceMessage {
            node,
            incarnation,
            body,
        } = message;
        if let MessageBody::StateRequest { node: of } = &body
            && of.as_ref().is_none_or(|of| *of == context.node)
        {
            self.send_state_throttled(now, context);
        }
        let was_met = self.viewers.contains(&node);
        let must_ask = self.viewers.receive(&node, incarnation, body, now, context);
        if !was_met && self.viewers.contains(&node) {
            let at = now.saturating_add(context.timing.dead_after);
            self.alarms.set(at, Timer::NodeTimeout(node.clone()));
        }
        if must_ask {
            context.publish(&self.topic, MessageBody::StateRequest { node: Some(node) });
        }
    }

    /// Says the state to all, now or when it may be said again; many wishes for it are one.
    pub(super) fn send_state_throttled(&mut self, now: Duration, context: &mut NodeContext) {
        if now < self.next_state {
            self.alarms.set(self.next_state, Timer::SendState);
            return;
        }
        // Who was told everything takes the change, and knows the state that follows by its version.
        self.send_delta(now, context);
        self.send_state(now, context);
    }

    /// After the link to the others was lost: nobody knows what was missed.
    pub(super) fn subscribed(&mut self, now: Duration, context: &mut NodeContext) {
        self.request_states(context);
        if self.own.may_be_counted() {
            self.send_state_throttled(now, context);
        }
    }

    pub(super) fn goodbye(&self, context: &mut NodeContext) {
        if self.own.may_be_counted() {
            context.publish(&self.topic, MessageBody::Goodbye);
        }
    }

    /// Tells what changed, now or when it may be told again: the first change goes at once, a storm is
    /// one message.
    fn flush_throttled(&mut self, now: Duration, context: &mut NodeContext) {
        if now < self.next_flush {
            self.alarms.set(self.next_flush, Timer::Flush);
        } else if self.own.state_sent() {
            self.send_delta(now, context);
        } else {
            self.send_state(now, context);
        }
    }

    fn send_delta(&mut self, now: Duration, context: &mut NodeContext) {
        if let Some(delta) = self.own.delta(context) {
            context.publish(&self.topic, delta);
            self.next_flush = now.saturating_add(context.timing.flush_interval);
            self.last_sent = now;
        }
    }

    fn send_state(&mut self, now: Duration, context: &mut NodeContext) {
        context.publish(&self.topic, self.own.state());
        self.next_flush = now.saturating_add(context.timing.flush_interval);
        self.next_state = now.saturating_add(context.timing.state_request_interval);
        self.last_sent = now;
    }

    /// Does what its time has come for.
    pub(super) fn tick(&mut self, now: Duration, context: &mut NodeContext) {
        let mut has_changed = false;
        for timer in self.alarms.pop_due(now) {
            match timer {
                Timer::Leave(visitor) => {
                    self.own.remove(visitor);
                    self.viewers.remove(visitor);
                    context.local_members -= 1;
                    has_changed = true;
                }
                Timer::NodeTimeout(node) => {
                    if let Some(at) = self.viewers.expire(&node, now, context) {
                        self.alarms.set(at, Timer::NodeTimeout(node));
                    }
                }
                Timer::Flush => has_changed = true,
                Timer::SendState => self.send_state_throttled(now, context),
                Timer::Heartbeat => self.send_heartbeat(now, context),
                Timer::Close => self.is_closed = true,
            }
        }
        if has_changed {
            self.flush_throttled(now, context);
        }
        if self.is_closed {
            context.remote_members -= self.viewers.remote_members();
            context.effects.push(Effect::Unsubscribe(self.topic.clone()));
        }
    }

    /// Says that this node lives, unless it spoke meanwhile anyway.
    fn send_heartbeat(&mut self, now: Duration, context: &mut NodeContext) {
        self.heartbeat_scheduled = false;
        if !self.own.is_empty() && self.last_sent.saturating_add(context.timing.heartbeat_interval) <= now {
            context.publish(&self.topic, self.own.heartbeat());
            self.last_sent = now;
        }
    }

    /// What follows from anything that happened.
    pub(super) fn settle(&mut self, now: Duration, context: &mut NodeContext) {
        if self.is_closed {
            return;
        }
        if !self.heartbeat_scheduled && !self.own.is_empty() {
            self.heartbeat_scheduled = true;
            let at = self.last_sent.saturating_add(context.timing.heartbeat_interval);
            self.alarms.set(at, Timer::Heartbeat);
        }
        let is_needed = self.watchers > 0 || !self.own.is_empty();
        match self.close_at {
            Some(at) if is_needed => {
                self.alarms.cancel(at, Timer::Close);
                self.close_at = None;
            }
            None if !is_needed => {
                let at = now.saturating_add(context.timing.linger);
                self.alarms.set(at, Timer::Close);
                self.close_at = Some(at);
            }
            _ => {}
        }
        let viewers = self.viewers();
        if std::mem::replace(&mut self.reported_viewers, viewers) != viewers {
            context.effects.push(Effect::Viewers(self.topic.clone(), viewers));
        }
    }
}
