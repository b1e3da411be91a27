use std::sync::LazyLock;
use std::time::Duration;

use horizon_core::{
    Slug, Topic,
    presence::{Effect, KnownNode, Message, NodeId, Replica},
};

use crate::crowd::{Crowd, VISITORS, visitor};
use crate::flaw::Flaw;
use crate::life::Life;

/// How many topics there are.
pub(crate) const TOPICS: usize = 2;

/// How long a visitor stays after their last guard.
const GRACE: Duration = Duration::from_secs(3);

pub(crate) static TOPIC: LazyLock<[Topic; TOPICS]> =
    LazyLock::new(|| [Topic::Site, Slug::new("hello").unwrap().into()]);

/// A clock of its own, in microseconds: it started at another time and runs at another rate.
pub(crate) struct Clock {
    offset: u64,
    /// In millionths, how much time it shows for each that passes.
    rate: u64,
}

impl Clock {
    pub(crate) fn new(offset: u64, rate: u64) -> Self {
        Self { offset, rate }
    }

    pub(crate) fn at(&self, now: u64) -> Duration {
        Duration::from_micros(self.offset + now * self.rate / 1_000_000)
    }

    /// When it will show this or more.
    pub(crate) fn when(&self, shown: Duration) -> u64 {
        let micros = u64::try_from(shown.as_nanos().div_ceil(1_000)).unwrap();
        (micros.saturating_sub(self.offset) * 1_000_000).div_ceil(self.rate)
    }
}

/// What a node learned of another one on a topic.
#[derive(Clone, Default)]
pub(crate) struct Learned {
    /// The newest incarnation and version, while it is kept.
    pub(crate) newest: Option<(u64, u64)>,
    /// Which of its lives said goodbye.
    pub(crate) farewell: Option<usize>,
}

/// A replica, what its adapter would hold for it, and what is true.
pub(crate) struct Node {
    pub(crate) name: NodeId,
    pub(crate) clock: Clock,
    flaw: Option<Flaw>,
    pub(crate) replica: Option<Replica>,
    /// When it has to tick by its own clock, and when it will.
    pub(crate) due: Option<Duration>,
    pub(crate) wakes: Option<u64>,
    /// The last one is the one that runs, if any does.
    pub(crate) lives: Vec<Life>,
    pub(crate) subscribed: [bool; TOPICS],
    pub(crate) watches: [u32; TOPICS],
    pub(crate) guards: [[u32; VISITORS]; TOPICS],
    /// Who holds a guard here.
    pub(crate) readers: [Crowd; TOPICS],
    leaving: Vec<(Duration, usize, usize)>,
    /// The last number of viewers that it was told.
    pub(crate) shown: [u64; TOPICS],
    /// By topic and node.
    pub(crate) learned: [Vec<Learned>; TOPICS],
}

impl Node {
    pub(crate) fn new(number: usize, clock: Clock, flaw: Option<Flaw>) -> Self {
        Self {
            name: NodeId::new(&format!("n{number}")).unwrap(),
            clock,
            flaw,
            replica: None,
            due: None,
            wakes: None,
            lives: Vec::new(),
            subscribed: [false; TOPICS],
            watches: [0; TOPICS],
            guards: [[0; VISITORS]; TOPICS],
            readers: [0; TOPICS],
            leaving: Vec::new(),
            shown: [0; TOPICS],
            learned: Default::default(),
        }
    }

    pub(crate) fn start(&mut self, now: u64, incarnation: u64, nodes: usize) {
        let timing = Flaw::timing(self.flaw);
        self.replica = Some(Replica::new(self.name.clone(), incarnation, timing));
        self.learned = std::array::from_fn(|_| vec![Learned::default(); nodes]);
        self.lives.push(Life::new(now));
    }

    /// The process is no more, and with it all that it held.
    pub(crate) fn die(&mut self, now: u64) {
        self.replica = None;
        (self.due, self.wakes) = (None, None);
        self.lives.last_mut().unwrap().died = Some(now);
        self.subscribed = [false; TOPICS];
        self.watches = [0; TOPICS];
        self.guards = [[0; VISITORS]; TOPICS];
        self.readers = [0; TOPICS];
        self.leaving.clear();
        self.shown = [0; TOPICS];
    }

    pub(crate) fn join(&mut self, place: usize, who: usize, now: u64) {
        self.call(now, |replica, now| {
            replica.join(&TOPIC[place], visitor(who), now);
        });
        self.guards[place][who] += 1;
        self.readers[place] |= 1 << who;
        self.leaving.retain(|(_, at, leaver)| (*at, *leaver) != (place, who));
        self.lives.last_mut().unwrap().ever[place] |= 1 << who;
    }

    pub(crate) fn leave(&mut self, place: usize, who: usize, now: u64) {
        let times = if self.flaw == Some(Flaw::ForgetsOtherTabs) {
            2
        } else {
            1
        };
        for _ in 0..times {
            self.call(now, |replica, now| replica.leave(&TOPIC[place], visitor(who), now));
        }
        self.guards[place][who] -= 1;
        if self.guards[place][who] == 0 {
            self.readers[place] &= !(1 << who);
            self.leaving.push((self.clock.at(now) + GRACE, place, who));
        }
    }

    pub(crate) fn watch(&mut self, place: usize, now: u64) {
        self.watches[place] += 1;
        self.call(now, |replica, now| replica.watch(&TOPIC[place], now));
    }

    pub(crate) fn unwatch(&mut self, place: usize, now: u64) {
        if self.watches[place] > 0 {
            self.watches[place] -= 1;
            self.call(now, |replica, now| replica.unwatch(&TOPIC[place], now));
        }
    }

    pub(crate) fn reconnect(&mut self, now: u64) {
        for topic in &TOPIC[..] {
            self.call(now, |replica, now| replica.subscribed(topic, now));
        }
    }

    pub(crate) fn goodbye(&mut self, now: u64) {
        self.call(now, Replica::goodbye);
    }

    pub(crate) fn tick(&mut self, now: u64) {
        self.call(now, Replica::tick);
        let now = self.clock.at(now);
        self.leaving.retain(|(at, _, _)| *at > now);
    }

    pub(crate) fn receive(&mut self, place: usize, message: Message, now: u64) {
        let message = match self.flaw {
            Some(flaw) => {
                let known = self.known(place).find(|known| *known.node == message.node);
                flaw.bend(message, &self.name, known.map_or(0, |known| known.version))
            }
            None => Some(message),
        };
        if let Some(message) = message {
            self.call(now, |replica, now| replica.receive(&TOPIC[place], message, now));
        }
    }

    fn call(&mut self, now: u64, act: impl FnOnce(&mut Replica, Duration)) {
        if let Some(replica) = &mut self.replica {
            act(replica, self.clock.at(now));
        }
    }

    pub(crate) fn known(&self, place: usize) -> impl Iterator<Item = KnownNode<'_>> {
        self.replica
            .iter()
            .flat_map(move |replica| replica.known(&TOPIC[place]))
    }

    pub(crate) fn viewers(&self, place: usize) -> u64 {
        self.replica
            .as_ref()
            .map_or(0, |replica| replica.viewers(&TOPIC[place]))
    }

    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        self.replica.as_mut().map(Replica::effects).unwrap_or_default()
    }

    pub(crate) fn next_tick(&self) -> Option<Duration> {
        self.replica.as_ref().and_then(Replica::next_tick)
    }

    /// Who counts here: those who hold a guard, and those within the grace.
    pub(crate) fn members(&self, place: usize) -> Crowd {
        let leaving = self.leaving.iter().filter(|(_, at, _)| *at == place);
        leaving.fold(self.readers[place], |all, (_, _, who)| all | 1 << who)
    }
}
