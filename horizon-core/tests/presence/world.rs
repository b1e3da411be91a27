use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use horizon_core::presence::{Body, Effect, Message};

use crate::checks;
use crate::crowd::Crowd;
use crate::dice::Dice;
use crate::flaw::Flaw;
use crate::node::{Clock, Node, TOPIC, TOPICS};

/// One millisecond and one second of the world's time.
pub(crate) const MS: u64 = 1_000;
pub(crate) const S: u64 = 1_000 * MS;

/// The longest that a message is on its way.
const MAX_DELAY: u64 = 1_500 * MS;

/// The longest that a tick is late.
const MAX_LATENESS: u64 = 400 * MS;

/// A message on its way to a node.
struct Parcel {
    from: (usize, usize),
    to: usize,
    place: usize,
    message: Rc<Message>,
}

/// What the network does to messages.
pub(crate) struct Weather {
    /// Chances in percent.
    pub(crate) loss: u64,
    pub(crate) repeats: u64,
    pub(crate) detours: u64,
    /// Nodes hear only those of the same island; nobody hears a node of island 0, not even itself.
    pub(crate) islands: Vec<u8>,
}

/// Nodes, the network between them, and what is true.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) weather: Weather,
    pub(crate) flaw: Option<Flaw>,
    /// Whether nothing happens any more, and when who said so then.
    pub(crate) is_calm: bool,
    pub(crate) beats: [Vec<Option<u64>>; TOPICS],
    on_the_way: BTreeMap<(u64, u64), Parcel>,
    sent: u64,
}

impl World {
    pub(crate) fn new(seed: u64, flaw: Option<Flaw>) -> Self {
        let mut dice = Dice::new(seed);
        let count = 2 + dice.place(4);
        let node = |number| {
            let clock = Clock::new(dice.below(1_000_000 * S), 950_000 + dice.below(100_000));
            Node::new(number, clock, flaw)
        };
        let nodes = (0..count).map(node).collect();
        let weather = Weather {
            loss: dice.below(30),
            repeats: dice.below(20),
            detours: dice.below(30),
            islands: vec![1; count],
        };
        Self {
            dice,
            now: 0,
            nodes,
            weather,
            flaw,
            is_calm: false,
            beats: std::array::from_fn(|_| vec![None; count]),
            on_the_way: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Nothing is lost, repeated or late any more, and everybody hears everybody.
    pub(crate) fn calm_down(&mut self) -> Result<(), String> {
        let islands = std::mem::replace(&mut self.weather.islands, vec![1; self.nodes.len()]);
        (self.weather.loss, self.weather.repeats, self.weather.detours) = (0, 0, 0);
        for number in (0..islands.len()).filter(|number| islands[*number] == 0) {
            self.on(number, |node, now| node.reconnect(now))?;
        }
        Ok(())
    }

    /// Lets time pass until `end`.
    pub(crate) fn run_until(&mut self, end: u64) -> Result<(), String> {
        loop {
            let parcel = self.on_the_way.first_key_value().map(|((at, _), _)| *at);
            let wakes = self.nodes.iter().map(|node| node.wakes.unwrap_or(u64::MAX));
            let (wakes, sleeper) = wakes.zip(0..).min().unwrap_or((u64::MAX, 0));
            let next = parcel.unwrap_or(u64::MAX).min(wakes);
            if next > end {
                self.now = end;
                return Ok(());
            }
            self.now = next;
            if wakes == next {
                self.on(sleeper, |node, now| node.tick(now))?;
                checks::nothing_is_due(self, sleeper)?;
            } else if let Some((_, parcel)) = self.on_the_way.pop_first() {
                self.deliver(&parcel)?;
            }
        }
    }

    /// Does something at a node, and what it answers.
    pub(crate) fn on(&mut self, number: usize, act: impl FnOnce(&mut Node, u64)) -> Result<(), String> {
        self.at(number, 0..TOPICS, act)
    }

    /// Does something at a node that changes its view of these topics.
    fn at(&mut self, number: usize, places: Range<usize>, act: impl FnOnce(&mut Node, u64)) -> Result<(), String> {
        let node = &mut self.nodes[number];
        let before: [Crowd; TOPICS] = std::array::from_fn(|place| node.members(place));
        act(node, self.now);
        for effect in node.effects() {
            self.obey(number, before, effect)?;
        }
        let node = &mut self.nodes[number];
        let due = node.next_tick();
        if due != std::mem::replace(&mut node.due, due) {
            let is_late = self.weather.detours > 0 && self.dice.percent(10);
            let lateness = if is_late { self.dice.below(MAX_LATENESS) } else { 0 };
            node.wakes = due.map(|at| node.clock.when(at).max(self.now) + lateness);
        }
        for place in places {
            checks::view(self, number, place)?;
        }
        Ok(())
    }

    fn obey(&mut self, number: usize, before: [Crowd; TOPICS], effect: Effect) -> Result<(), String> {
        let node = &mut self.nodes[number];
        let place = |of| usize::from(of != TOPIC[0]);
        match effect {
            Effect::Subscribe(of) => {
                if std::mem::replace(&mut node.subscribed[place(of)], true) {
                    return Err(format!("n{number} subscribes twice"));
                }
            }
            Effect::Unsubscribe(of) => {
                let place = place(of);
                let is_needed = node.members(place) != 0 || node.watches[place] > 0;
                if !std::mem::replace(&mut node.subscribed[place], false) || is_needed {
                    return Err(format!("n{number} unsubscribes from where it is needed, or never was"));
                }
                node.shown[place] = 0;
            }
            Effect::Viewers(of, viewers) => {
                if std::mem::replace(&mut node.shown[place(of)], viewers) == viewers {
                    return Err(format!("n{number} shows {viewers} twice"));
                }
            }
            Effect::Publish(of, message) => {
                let place = place(of);
                self.publish(number, place, before[place], message)?;
            }
        }
        Ok(())
    }

    fn publish(&mut self, from: usize, place: usize, before: Crowd, message: Message) -> Result<(), String> {
        let node = &mut self.nodes[from];
        let life = node.lives.len() - 1;
        if !node.subscribed[place] {
            return Err(format!("n{from} speaks before it listens"));
        }
        let is_true = checks::words(node, place, before, &message);
        if self.flaw.is_none() {
            is_true.map_err(|what| format!("n{from}: {what}"))?;
        }
        if self.flaw.is_some_and(|flaw| flaw.swallows(&message)) {
            return Ok(());
        }
        checks::calm(self, from, place, &message)?;
        let message = Rc::new(message);
        for to in 0..self.nodes.len() {
            let islands = &self.weather.islands;
            let is_apart = islands[from] == 0 || islands[from] != islands[to];
            if is_apart || !self.nodes[to].subscribed[place] || self.dice.percent(self.weather.loss) {
                continue;
            }
            for _ in 0..1 + u64::from(self.dice.percent(self.weather.repeats)) {
                let detour = if self.dice.percent(self.weather.detours) {
                    MAX_DELAY
                } else {
                    5 * MS
                };
                let at = self.now + MS + self.dice.below(detour);
                self.sent += 1;
                let parcel = Parcel {
                    from: (from, life),
                    to,
                    place,
                    message: Rc::clone(&message),
                };
                self.on_the_way.insert((at, self.sent), parcel);
            }
        }
        Ok(())
    }

    /// What a node of today hears may have been meant for one of yesterday.
    fn deliver(&mut self, parcel: &Parcel) -> Result<(), String> {
        let Parcel {
            from: (from, life),
            to,
            place,
            ref message,
        } = *parcel;
        let lives = &self.nodes[from].lives;
        let is_latest = lives
            .iter()
            .flat_map(|life| &life.incarnations)
            .all(|it| *it <= message.incarnation);
        let node = &mut self.nodes[to];
        if node.subscribed[place] && message.body == Body::Goodbye && is_latest {
            node.learned[place][from].farewell = Some(life);
        }
        self.at(to, place..place + 1, |node, now| {
            node.receive(place, Message::clone(message), now);
        })
    }
}
