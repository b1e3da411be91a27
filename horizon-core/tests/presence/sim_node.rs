use std::sync::LazyLock;
use std::time::Duration;

use horizon_core::{
    Slug, Topic,
    presence::{Effect, NodeId, PresenceMessage, RemoteNode, Replica},
};

use crate::mutant::PresenceMutant;
use crate::process_run::ProcessRun;
use crate::visitors::{VISITORS, VisitorSet, visitor};

/// The number of topics.
pub(crate) const TOPICS: usize = 2;

/// How long a visitor counts after their last guard.
const GRACE: Duration = Duration::from_secs(3);

pub(crate) static TOPIC: LazyLock<[Topic; TOPICS]> =
    LazyLock::new(|| [Topic::Site, Slug::new("hello").unwrap().into()]);

/// A clock in microseconds with its own offset and rate.
pub(crate) struct SimClock {
    offset: u64,
    /// The rate in millionths of the real time.
    rate: u64,
}

impl SimClock {
    pub(crate) fn new(offset: u64, rate: u64) -> Self {
        Self { offset, rate }
    }

    pub(crate) fn at(&self, now: u64) -> Duration {
        Duration::from_micros(self.offset + now * self.rate / 1_000_000)
    }

    /// Returns the real time at which the clock shows `time`.
    pub(crate) fn when(&self, time: Duration) -> u64 {
        let micros = u64::try_from(time.as_nanos().div_ceil(1_000)).unwrap();
        (micros.saturating_sub(self.offset) * 1_000_000).div_ceil(self.rate)
    }
}

/// What a node received from another one on a topic.
#[derive(Clone, Default)]
pub(crate) struct RemoteHistory {
    /// The newest incarnation and version, while the node keeps it.
    pub(crate) newest: Option<(u64, u64)>,
    /// The run that sent goodbye.
    pub(crate) goodbye_run: Option<usize>,
}

/// A replica, the state of its adapter, and what really happened.
pub(crate) struct SimNode {
    pub(crate) name: NodeId,
    pub(crate) clock: SimClock,
    mutant: Option<PresenceMutant>,
    pub(crate) replica: Option<Replica>,
    /// When the next tick is due by its own clock, and the real time at which it runs.
    pub(crate) due: Option<Duration>,
    pub(crate) wakes_at: Option<u64>,
    /// All runs. If the node is running, the last one is current.
    pub(crate) runs: Vec<ProcessRun>,
    pub(crate) subscribed: [bool; TOPICS],
    pub(crate) watches: [u32; TOPICS],
    pub(crate) guards: [[u32; VISITORS]; TOPICS],
    /// The visitors with a guard.
    pub(crate) readers: [VisitorSet; TOPICS],
    leaving: Vec<(Duration, usize, usize)>,
    /// The last number of viewers that the replica reported.
    pub(crate) shown: [u64; TOPICS],
    /// By topic and node.
    pub(crate) histories: [Vec<RemoteHistory>; TOPICS],
}

impl SimNode {
    pub(crate) fn new(number: usize, clock: SimClock, mutant: Option<PresenceMutant>) -> Self {
        Self {
            name: NodeId::new(&format!("n{number}")).unwrap(),
            clock,
            mutant,
            replica: None,
            due: None,
            wakes_at: None,
            runs: Vec::new(),
            subscribed: [false; TOPICS],
            watches: [0; TOPICS],
            guards: [[0; VISITORS]; TOPICS],
            readers: [0; TOPICS],
            leaving: Vec::new(),
            shown: [0; TOPICS],
            histories: Default::default(),
        }
    }

    pub(crate) fn start(&mut self, now: u64, incarnation: u64, nodes: usize) {
        let timing = PresenceMutant::timing(self.mutant);
        self.replica = Some(Replica::new(self.name.clone(), incarnation, timing));
        self.histories = std::array::from_fn(|_| vec![RemoteHistory::default(); nodes]);
        self.runs.push(ProcessRun::new(now));
    }

    /// Ends the process and drops its state.
    pub(crate) fn crash(&mut self, now: u64) {
        self.replica = None;
        (self.due, self.wakes_at) = (None, None);
        self.runs.last_mut().unwrap().ended = Some(now);
        self.subscribed = [false; TOPICS];
        self.watches = [0; TOPICS];
        self.guards = [[0; VISITORS]; TOPICS];
        self.readers = [0; TOPICS];
        self.leaving.clear();
        self.shown = [0; TOPICS];
    }

    pub(crate) fn join(&mut self, topic: usize, who: usize, now: u64) {
        self.call(now, |replica, now| {
            replica.join(&TOPIC[topic], visitor(who), now);
        });
        self.guards[topic][who] += 1;
        self.readers[topic] |= 1 << who;
        self.leaving.retain(|(_, at, leaver)| (*at, *leaver) != (topic, who));
        self.runs.last_mut().unwrap().ever[topic] |= 1 << who;
    }

    pub(crate) fn leave(&mut self, topic: usize, who: usize, now: u64) {
        let times = if self.mutant == Some(PresenceMutant::ForgetsOtherTabs) {
            2
        } else {
            1
        };
        for _ in 0..times {
            self.call(now, |replica, now| replica.leave(&TOPIC[topic], visitor(who), now));
        }
        self.guards[topic][who] -= 1;
        if self.guards[topic][who] == 0 {
            self.readers[topic] &= !(1 << who);
            self.leaving.push((self.clock.at(now) + GRACE, topic, who));
        }
    }

    pub(crate) fn watch(&mut self, topic: usize, now: u64) {
        self.watches[topic] += 1;
        self.call(now, |replica, now| replica.watch(&TOPIC[topic], now));
    }

    pub(crate) fn unwatch(&mut self, topic: usize, now: u64) {
        if self.watches[topic] > 0 {
            self.watches[topic] -= 1;
            self.call(now, |replica, now| replica.unwatch(&TOPIC[topic], now));
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

    pub(crate) fn receive(&mut self, topic: usize, message: PresenceMessage, now: u64) {
        let message = match self.mutant {
            Some(mutant) => {
                let known = self.remote_nodes(topic).find(|known| *known.node == message.node);
                mutant.alter(message, &self.name, known.map_or(0, |known| known.version))
            }
            None => Some(message),
        };
        if let Some(message) = message {
            self.call(now, |replica, now| replica.receive(&TOPIC[topic], message, now));
        }
    }

    fn call(&mut self, now: u64, act: impl FnOnce(&mut Replica, Duration)) {
        if let Some(replica) = &mut self.replica {
            act(replica, self.clock.at(now));
        }
    }

    pub(crate) fn remote_nodes(&self, topic: usize) -> impl Iterator<Item = RemoteNode<'_>> {
        self.replica
            .iter()
            .flat_map(move |replica| replica.remote_nodes(&TOPIC[topic]))
    }

    pub(crate) fn viewers(&self, topic: usize) -> u64 {
        self.replica
            .as_ref()
            .map_or(0, |replica| replica.viewers(&TOPIC[topic]))
    }

    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        self.replica.as_mut().map(Replica::effects).unwrap_or_default()
    }

    pub(crate) fn next_tick(&self) -> Option<Duration> {
        self.replica.as_ref().and_then(Replica::next_tick)
    }

    /// Returns the visitors who count here: with a guard or in the grace.
    pub(crate) fn members(&self, topic: usize) -> VisitorSet {
        let leaving = self.leaving.iter().filter(|(_, at, _)| *at == topic);
        leaving.fold(self.readers[topic], |all, (_, _, who)| all | 1 << who)
    }
}
