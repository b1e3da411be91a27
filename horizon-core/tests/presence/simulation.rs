use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use horizon_core::presence::{Effect, MessageBody, PresenceMessage};

use crate::invariants;
use crate::mutant::PresenceMutant;
use crate::sim_node::{SimClock, SimNode, TOPIC, TOPICS};
use crate::visitors::VisitorSet;

/// One millisecond and one second of simulated time.
pub(crate) const MS: u64 = 1_000;
pub(crate) const S: u64 = 1_000 * MS;

/// The longest delay of a message.
const MAX_DELAY: u64 = 1_500 * MS;

/// The longest delay of a tick.
const MAX_LATENESS: u64 = 400 * MS;

/// A message that is not delivered yet.
struct InFlightMessage {
    from: (usize, usize),
    to: usize,
    topic: usize,
    message: Rc<PresenceMessage>,
}

/// What the network does to messages.
pub(crate) struct NetworkFaults {
    /// Probabilities in percent.
    pub(crate) loss: u64,
    pub(crate) duplicates: u64,
    pub(crate) delays: u64,
    /// Messages reach only nodes of the same island. Messages of a node on island 0 reach no node, not even itself.
    pub(crate) islands: Vec<u8>,
}

/// Nodes and the network between them.
pub(crate) struct Simulation {
    pub(crate) rng: fastrand::Rng,
    pub(crate) now: u64,
    pub(crate) nodes: Vec<SimNode>,
    pub(crate) faults: NetworkFaults,
    pub(crate) mutant: Option<PresenceMutant>,
    /// Whether the actions have ended, and when each node has sent its last message since.
    pub(crate) is_calm: bool,
    pub(crate) heartbeats: [Vec<Option<u64>>; TOPICS],
    in_flight: BTreeMap<(u64, u64), InFlightMessage>,
    sent: u64,
}

impl Simulation {
    pub(crate) fn new(seed: u64, mutant: Option<PresenceMutant>) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let count = 2 + rng.usize(..4);
        let node = |number| {
            let clock = SimClock::new(rng.u64(..1_000_000 * S), 950_000 + rng.u64(..100_000));
            SimNode::new(number, clock, mutant)
        };
        let nodes = (0..count).map(node).collect();
        let faults = NetworkFaults {
            loss: rng.u64(..30),
            duplicates: rng.u64(..20),
            delays: rng.u64(..30),
            islands: vec![1; count],
        };
        Self {
            rng,
            now: 0,
            nodes,
            faults,
            mutant,
            is_calm: false,
            heartbeats: std::array::from_fn(|_| vec![None; count]),
            in_flight: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Ends all network faults.
    pub(crate) fn heal(&mut self) -> Result<(), String> {
        let islands = std::mem::replace(&mut self.faults.islands, vec![1; self.nodes.len()]);
        (self.faults.loss, self.faults.duplicates, self.faults.delays) = (0, 0, 0);
        for number in (0..islands.len()).filter(|number| islands[*number] == 0) {
            self.on(number, |node, now| node.reconnect(now))?;
        }
        Ok(())
    }

    /// Advances the time to `end`.
    pub(crate) fn run_until(&mut self, end: u64) -> Result<(), String> {
        loop {
            let delivery_at = self.in_flight.first_key_value().map(|((at, _), _)| *at);
            let wakes = self.nodes.iter().map(|node| node.wakes_at.unwrap_or(u64::MAX));
            let (wakes, sleeper) = wakes.zip(0..).min().unwrap_or((u64::MAX, 0));
            let next = delivery_at.unwrap_or(u64::MAX).min(wakes);
            if next > end {
                self.now = end;
                return Ok(());
            }
            self.now = next;
            if wakes == next {
                self.on(sleeper, |node, now| node.tick(now))?;
                invariants::nothing_is_due(self, sleeper)?;
            } else if let Some((_, delivery)) = self.in_flight.pop_first() {
                self.deliver(&delivery)?;
            }
        }
    }

    /// Calls a node and applies its effects.
    pub(crate) fn on(&mut self, number: usize, act: impl FnOnce(&mut SimNode, u64)) -> Result<(), String> {
        self.at(number, 0..TOPICS, act)
    }

    /// Calls a node that may change its view of these topics, and applies its effects.
    fn at(&mut self, number: usize, topics: Range<usize>, act: impl FnOnce(&mut SimNode, u64)) -> Result<(), String> {
        let node = &mut self.nodes[number];
        let before: [VisitorSet; TOPICS] = std::array::from_fn(|topic| node.members(topic));
        act(node, self.now);
        for effect in node.effects() {
            self.apply_effect(number, before, effect)?;
        }
        let node = &mut self.nodes[number];
        let due = node.next_tick();
        if due != std::mem::replace(&mut node.due, due) {
            let is_late = self.faults.delays > 0 && percent(&mut self.rng, 10);
            let lateness = if is_late { self.rng.u64(..MAX_LATENESS) } else { 0 };
            node.wakes_at = due.map(|at| node.clock.when(at).max(self.now) + lateness);
        }
        for topic in topics {
            invariants::check_view(self, number, topic)?;
        }
        Ok(())
    }

    fn apply_effect(&mut self, number: usize, before: [VisitorSet; TOPICS], effect: Effect) -> Result<(), String> {
        let node = &mut self.nodes[number];
        let topic = |of| usize::from(of != TOPIC[0]);
        match effect {
            Effect::Subscribe(of) => {
                if std::mem::replace(&mut node.subscribed[topic(of)], true) {
                    return Err(format!("n{number} subscribes twice"));
                }
            }
            Effect::Unsubscribe(of) => {
                let topic = topic(of);
                let is_needed = node.members(topic) != 0 || node.watches[topic] > 0;
                if !std::mem::replace(&mut node.subscribed[topic], false) || is_needed {
                    return Err(format!(
                        "n{number} unsubscribes from a topic that it needs or has not subscribed"
                    ));
                }
                node.shown[topic] = 0;
            }
            Effect::Viewers(of, viewers) => {
                if std::mem::replace(&mut node.shown[topic(of)], viewers) == viewers {
                    return Err(format!("n{number} reports {viewers} twice"));
                }
            }
            Effect::Publish(of, message) => {
                let topic = topic(of);
                self.publish(number, topic, before[topic], message)?;
            }
        }
        Ok(())
    }

    fn publish(
        &mut self,
        from: usize,
        topic: usize,
        before: VisitorSet,
        message: PresenceMessage,
    ) -> Result<(), String> {
        let node = &mut self.nodes[from];
        let run = node.runs.len() - 1;
        if !node.subscribed[topic] {
            return Err(format!("n{from} publishes before it subscribes"));
        }
        let is_true = invariants::check_published(node, topic, before, &message);
        if self.mutant.is_none() {
            is_true.map_err(|what| format!("n{from}: {what}"))?;
        }
        if self.mutant.is_some_and(|mutant| mutant.drops(&message)) {
            return Ok(());
        }
        invariants::check_calm(self, from, topic, &message)?;
        let message = Rc::new(message);
        for to in 0..self.nodes.len() {
            let islands = &self.faults.islands;
            let is_apart = islands[from] == 0 || islands[from] != islands[to];
            if is_apart || !self.nodes[to].subscribed[topic] || percent(&mut self.rng, self.faults.loss) {
                continue;
            }
            for _ in 0..1 + u64::from(percent(&mut self.rng, self.faults.duplicates)) {
                let delay = if percent(&mut self.rng, self.faults.delays) {
                    MAX_DELAY
                } else {
                    5 * MS
                };
                let at = self.now + MS + self.rng.u64(..delay);
                self.sent += 1;
                let delivery = InFlightMessage {
                    from: (from, run),
                    to,
                    topic,
                    message: Rc::clone(&message),
                };
                self.in_flight.insert((at, self.sent), delivery);
            }
        }
        Ok(())
    }

    /// Delivers a message, possibly to a later run of the node.
    fn deliver(&mut self, delivery: &InFlightMessage) -> Result<(), String> {
        let InFlightMessage {
            from: (from, run),
            to,
            topic,
            ref message,
        } = *delivery;
        let runs = &self.nodes[from].runs;
        let is_latest = runs
            .iter()
            .flat_map(|run| &run.incarnations)
            .all(|it| *it <= message.incarnation);
        let node = &mut self.nodes[to];
        if node.subscribed[topic] && message.body == MessageBody::Goodbye && is_latest {
            node.histories[topic][from].goodbye_run = Some(run);
        }
        self.at(to, topic..topic + 1, |node, now| {
            node.receive(topic, PresenceMessage::clone(message), now);
        })
    }
}

/// Returns true with this probability, in percent.
pub(crate) fn percent(rng: &mut fastrand::Rng, probability: u64) -> bool {
    rng.u64(..100) < probability
}
