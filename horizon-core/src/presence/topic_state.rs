use std::time::Duration;

use super::{
    Effect, MAX_MEMBERS_PER_TOPIC, MessageBody, PresenceMessage, RemoteNode,
    local_members::{LocalMember, LocalMembers},
    node_context::NodeContext,
    timers::{Timer, Timers},
    viewer_index::ViewerIndex,
};
use crate::{Topic, VisitorKey};

/// The state of one topic that this node has members on or watches.
#[derive(Debug)]
pub(super) struct TopicState {
    topic: Topic,
    local: LocalMembers,
    viewers: ViewerIndex,
    timers: Timers,
    watchers: usize,
    /// The earliest time of the next delta.
    next_flush: Duration,
    /// The earliest time of the next response to a state request.
    next_state: Duration,
    /// When the last message was sent that shows that this node is alive.
    last_sent: Duration,
    heartbeat_scheduled: bool,
    /// When the topic is dropped unless it is needed again.
    close_at: Option<Duration>,
    is_closed: bool,
    reported_viewers: u64,
}

impl TopicState {
    /// Subscribes before it requests the states, so that no message is missed in between.
    pub(super) fn open(topic: Topic, context: &mut NodeContext) -> Self {
        context.effects.push(Effect::Subscribe(topic.clone()));
        let state = Self {
            topic,
            local: LocalMembers::new(context.next_version()),
            viewers: ViewerIndex::default(),
            timers: Timers::default(),
            watchers: 0,
            next_flush: Duration::ZERO,
            next_state: Duration::ZERO,
            last_sent: Duration::ZERO,
            heartbeat_scheduled: false,
            close_at: None,
            is_closed: false,
            reported_viewers: 0,
        };
        state.request_states(context);
        state
    }

    pub(super) fn viewers(&self) -> u64 {
        self.viewers.count()
    }

    pub(super) fn local_viewers(&self) -> u64 {
        self.local.len() as u64
    }

    pub(super) fn local_members(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.local.visitors()
    }

    pub(super) fn remote_nodes(&self) -> impl Iterator<Item = RemoteNode<'_>> {
        self.viewers.remote_nodes()
    }

    pub(super) fn next_timer(&self) -> Option<Duration> {
        self.timers.next()
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
        let is_full = context.is_full() || self.local.len() >= MAX_MEMBERS_PER_TOPIC;
        match self.local.get_mut(visitor) {
            Some(LocalMember::Present { guards }) => *guards += 1,
            Some(member) => {
                if let LocalMember::Leaving { at } = std::mem::replace(member, LocalMember::Present { guards: 1 }) {
                    self.timers.cancel(at, Timer::Leave(visitor));
                }
            }
            None if is_full => return false,
            None => {
                self.local.add(visitor);
                self.viewers.add(visitor);
                context.local_members += 1;
                self.flush_throttled(now, context);
            }
        }
        true
    }

    pub(super) fn leave(&mut self, visitor: VisitorKey, now: Duration, context: &NodeContext) {
        match self.local.get_mut(visitor) {
            Some(LocalMember::Present { guards }) if *guards > 1 => *guards -= 1,
            Some(member @ LocalMember::Present { .. }) => {
                let at = now.saturating_add(context.timing.grace);
                *member = LocalMember::Leaving { at };
                self.timers.set(at, Timer::Leave(visitor));
            }
            Some(LocalMember::Leaving { .. }) | None => {}
        }
    }

    /// Handles a message of another node.
    pub(super) fn receive(&mut self, message: PresenceMessage, now: Duration, context: &mut NodeContext) {
        let PresenceMessage {
            node,
            incarnation,
            body,
        } = message;
        if let MessageBody::StateRequest { node: target } = &body
            && target.as_ref().is_none_or(|target| *target == context.node)
        {
            self.send_state_throttled(now, context);
        }
        let was_known = self.viewers.contains(&node);
        let must_request = self.viewers.receive(&node, incarnation, body, now, context);
        if !was_known && self.viewers.contains(&node) {
            let at = now.saturating_add(context.timing.dead_after);
            self.timers.set(at, Timer::NodeTimeout(node.clone()));
        }
        if must_request {
            context.publish(&self.topic, MessageBody::StateRequest { node: Some(node) });
        }
    }

    /// Publishes the state now or at the next allowed time, once for all requests until then.
    pub(super) fn send_state_throttled(&mut self, now: Duration, context: &mut NodeContext) {
        if now < self.next_state {
            self.timers.set(self.next_state, Timer::SendState);
            return;
        }
        // Nodes that are up to date apply the delta and skip the state, which has the same version.
        self.send_delta(now, context);
        self.send_state(now, context);
    }

    /// Handles a new subscription: earlier messages may be lost.
    pub(super) fn subscribed(&mut self, now: Duration, context: &mut NodeContext) {
        self.request_states(context);
        if self.local.may_be_counted() {
            self.send_state_throttled(now, context);
        }
    }

    pub(super) fn goodbye(&self, context: &mut NodeContext) {
        if self.local.may_be_counted() {
            context.publish(&self.topic, MessageBody::Goodbye);
        }
    }

    /// Publishes the changes now or at the next allowed time, so that a burst of changes is one message.
    fn flush_throttled(&mut self, now: Duration, context: &mut NodeContext) {
        if now < self.next_flush {
            self.timers.set(self.next_flush, Timer::Flush);
        } else if self.local.state_sent() {
            self.send_delta(now, context);
        } else {
            self.send_state(now, context);
        }
    }

    fn send_delta(&mut self, now: Duration, context: &mut NodeContext) {
        if let Some(delta) = self.local.delta(context) {
            context.publish(&self.topic, delta);
            self.next_flush = now.saturating_add(context.timing.flush_interval);
            self.last_sent = now;
        }
    }

    fn send_state(&mut self, now: Duration, context: &mut NodeContext) {
        context.publish(&self.topic, self.local.state());
        self.next_flush = now.saturating_add(context.timing.flush_interval);
        self.next_state = now.saturating_add(context.timing.state_request_interval);
        self.last_sent = now;
    }

    /// Runs the timers that are due.
    pub(super) fn tick(&mut self, now: Duration, context: &mut NodeContext) {
        let mut has_changed = false;
        for timer in self.timers.pop_due(now) {
            match timer {
                Timer::Leave(visitor) => {
                    self.local.remove(visitor);
                    self.viewers.remove(visitor);
                    context.local_members -= 1;
                    has_changed = true;
                }
                Timer::NodeTimeout(node) => {
                    if let Some(at) = self.viewers.expire(&node, now, context) {
                        self.timers.set(at, Timer::NodeTimeout(node));
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

    /// Publishes a heartbeat unless another message was sent in the meantime.
    fn send_heartbeat(&mut self, now: Duration, context: &mut NodeContext) {
        self.heartbeat_scheduled = false;
        if !self.local.is_empty() && self.last_sent.saturating_add(context.timing.heartbeat_interval) <= now {
            context.publish(&self.topic, self.local.heartbeat());
            self.last_sent = now;
        }
    }

    /// Updates the timers and reports the number of viewers after a change.
    pub(super) fn settle(&mut self, now: Duration, context: &mut NodeContext) {
        if self.is_closed {
            return;
        }
        if !self.heartbeat_scheduled && !self.local.is_empty() {
            self.heartbeat_scheduled = true;
            let at = self.last_sent.saturating_add(context.timing.heartbeat_interval);
            self.timers.set(at, Timer::Heartbeat);
        }
        let is_needed = self.watchers > 0 || !self.local.is_empty();
        match self.close_at {
            Some(at) if is_needed => {
                self.timers.cancel(at, Timer::Close);
                self.close_at = None;
            }
            None if !is_needed => {
                let at = now.saturating_add(context.timing.linger);
                self.timers.set(at, Timer::Close);
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
