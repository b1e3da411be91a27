use std::time::Duration;

use super::{
    Body, Effect, KnownNode, MAX_MEMBERS, Message,
    alarms::{Alarm, Timers},
    crowd::ViewerIndex,
    host::NodeContext,
    own::{LocalMembers, Seat},
};
use crate::{Topic, VisitorKey};

/// One topic as a node sees it, while somebody of the node is in it or watches it.
#[derive(Debug)]
pub(super) struct TopicState {
    topic: Topic,
    own: LocalMembers,
    crowd: ViewerIndex,
    alarms: Timers,
    watchers: usize,
    /// Before this moment changes are not told again.
    tell_after: Duration,
    /// Before this moment the state is not said again.
    answer_after: Duration,
    /// When the others heard last that this node lives.
    spoke: Duration,
    is_beating: bool,
    /// When the room closes, if nobody needs it.
    close_at: Option<Duration>,
    is_closed: bool,
    shown: u64,
}

impl TopicState {
    /// Subscribes first and then asks, so that nothing is missed between the two.
    pub(super) fn open(topic: Topic, host: &mut NodeContext) -> Self {
        host.effects.push(Effect::Subscribe(topic.clone()));
        let room = Self {
            topic,
            own: LocalMembers::new(host.next_version()),
            crowd: ViewerIndex::default(),
            alarms: Timers::default(),
            watchers: 0,
            tell_after: Duration::ZERO,
            answer_after: Duration::ZERO,
            spoke: Duration::ZERO,
            is_beating: false,
            close_at: None,
            is_closed: false,
            shown: 0,
        };
        room.ask(host);
        room
    }

    pub(super) fn viewers(&self) -> u64 {
        self.crowd.viewers()
    }

    pub(super) fn own_viewers(&self) -> u64 {
        self.own.len() as u64
    }

    pub(super) fn own_members(&self) -> impl Iterator<Item = VisitorKey> + '_ {
        self.own.members()
    }

    pub(super) fn known(&self) -> impl Iterator<Item = KnownNode<'_>> {
        self.crowd.known()
    }

    pub(super) fn next_alarm(&self) -> Option<Duration> {
        self.alarms.next()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn ask(&self, host: &mut NodeContext) {
        host.say(&self.topic, Body::Ask { of: None });
    }

    pub(super) fn watch(&mut self) {
        self.watchers += 1;
    }

    pub(super) fn unwatch(&mut self) {
        self.watchers = self.watchers.saturating_sub(1);
    }

    pub(super) fn join(&mut self, visitor: VisitorKey, now: Duration, host: &mut NodeContext) -> bool {
        let is_full = host.is_full() || self.own.len() >= MAX_MEMBERS;
        match self.own.seat(visitor) {
            Some(Seat::Taken { guards }) => *guards += 1,
            Some(seat) => {
                if let Seat::Leaving { at } = std::mem::replace(seat, Seat::Taken { guards: 1 }) {
                    self.alarms.unset(at, Alarm::Leave(visitor));
                }
            }
            None if is_full => return false,
            None => {
                self.own.add(visitor);
                self.crowd.add(visitor);
                host.own_members += 1;
                self.tell(now, host);
            }
        }
        true
    }

    pub(super) fn leave(&mut self, visitor: VisitorKey, now: Duration, host: &NodeContext) {
        match self.own.seat(visitor) {
            Some(Seat::Taken { guards }) if *guards > 1 => *guards -= 1,
            Some(seat @ Seat::Taken { .. }) => {
                let at = now.saturating_add(host.timing.grace);
                *seat = Seat::Leaving { at };
                self.alarms.set(at, Alarm::Leave(visitor));
            }
            Some(Seat::Leaving { .. }) | None => {}
        }
    }

    /// Takes what another node says.
    pub(super) fn receive(&mut self, message: Message, now: Duration, host: &mut NodeContext) {
        let Message {
            node,
            incarnation,
            body,
        } = message;
        if let Body::Ask { of } = &body
            && of.as_ref().is_none_or(|of| *of == host.node)
        {
            self.answer(now, host);
        }
        let was_met = self.crowd.has(&node);
        let must_ask = self.crowd.receive(&node, incarnation, body, now, host);
        if !was_met && self.crowd.has(&node) {
            let at = now.saturating_add(host.timing.dead_after);
            self.alarms.set(at, Alarm::Silence(node.clone()));
        }
        if must_ask {
            host.say(&self.topic, Body::Ask { of: Some(node) });
        }
    }

    /// Says the state to all, now or when it may be said again; many wishes for it are one.
    pub(super) fn answer(&mut self, now: Duration, host: &mut NodeContext) {
        if now < self.answer_after {
            self.alarms.set(self.answer_after, Alarm::Answer);
            return;
        }
        // Who was told everything takes the change, and knows the state that follows by its version.
        self.say_delta(now, host);
        self.say_state(now, host);
    }

    /// After the link to the others was lost: nobody knows what was missed.
    pub(super) fn reconnect(&mut self, now: Duration, host: &mut NodeContext) {
        self.ask(host);
        if self.own.is_counted() {
            self.answer(now, host);
        }
    }

    pub(super) fn goodbye(&self, host: &mut NodeContext) {
        if self.own.is_counted() {
            host.say(&self.topic, Body::Goodbye);
        }
    }

    /// Tells what changed, now or when it may be told again: the first change goes at once, a storm is
    /// one message.
    fn tell(&mut self, now: Duration, host: &mut NodeContext) {
        if now < self.tell_after {
            self.alarms.set(self.tell_after, Alarm::Tell);
        } else if self.own.is_told() {
            self.say_delta(now, host);
        } else {
            self.say_state(now, host);
        }
    }

    fn say_delta(&mut self, now: Duration, host: &mut NodeContext) {
        if let Some(delta) = self.own.delta(host) {
            host.say(&self.topic, delta);
            self.tell_after = now.saturating_add(host.timing.flush_interval);
            self.spoke = now;
        }
    }

    fn say_state(&mut self, now: Duration, host: &mut NodeContext) {
        host.say(&self.topic, self.own.state());
        self.tell_after = now.saturating_add(host.timing.flush_interval);
        self.answer_after = now.saturating_add(host.timing.state_request_interval);
        self.spoke = now;
    }

    /// Does what its time has come for.
    pub(super) fn tick(&mut self, now: Duration, host: &mut NodeContext) {
        let mut has_changed = false;
        for alarm in self.alarms.ring(now) {
            match alarm {
                Alarm::Leave(visitor) => {
                    self.own.remove(visitor);
                    self.crowd.remove(visitor);
                    host.own_members -= 1;
                    has_changed = true;
                }
                Alarm::Silence(node) => {
                    if let Some(at) = self.crowd.expire(&node, now, host) {
                        self.alarms.set(at, Alarm::Silence(node));
                    }
                }
                Alarm::Tell => has_changed = true,
                Alarm::Answer => self.answer(now, host),
                Alarm::Beat => self.beat(now, host),
                Alarm::Close => self.is_closed = true,
            }
        }
        if has_changed {
            self.tell(now, host);
        }
        if self.is_closed {
            host.other_members -= self.crowd.other_members();
            host.effects.push(Effect::Unsubscribe(self.topic.clone()));
        }
    }

    /// Says that this node lives, unless it spoke meanwhile anyway.
    fn beat(&mut self, now: Duration, host: &mut NodeContext) {
        self.is_beating = false;
        if !self.own.is_empty() && self.spoke.saturating_add(host.timing.heartbeat_interval) <= now {
            host.say(&self.topic, self.own.beat());
            self.spoke = now;
        }
    }

    /// What follows from anything that happened.
    pub(super) fn settle(&mut self, now: Duration, host: &mut NodeContext) {
        if self.is_closed {
            return;
        }
        if !self.is_beating && !self.own.is_empty() {
            self.is_beating = true;
            let at = self.spoke.saturating_add(host.timing.heartbeat_interval);
            self.alarms.set(at, Alarm::Beat);
        }
        let is_needed = self.watchers > 0 || !self.own.is_empty();
        match self.close_at {
            Some(at) if is_needed => {
                self.alarms.unset(at, Alarm::Close);
                self.close_at = None;
            }
            None if !is_needed => {
                let at = now.saturating_add(host.timing.linger);
                self.alarms.set(at, Alarm::Close);
                self.close_at = Some(at);
            }
            _ => {}
        }
        let viewers = self.viewers();
        if std::mem::replace(&mut self.shown, viewers) != viewers {
            host.effects.push(Effect::Viewers(self.topic.clone(), viewers));
        }
    }
}
