//! The cost for eight nodes to agree on 100,000 viewers, each on one page and so on the site.
//!
//! `cargo bench -p horizon-benches --bench presence_cluster` simulates them in one thread, with a simulated clock and a
//! network without delay, and prints a table. Bytes are those of the JSON that nodes publish (*sent*) and that all
//! subscribers receive (*received*). CPU is the total of all nodes, as measured by Linux, without the network.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use horizon_core::{
    Slug, Topic, VisitorKey,
    presence::{Effect, NodeId, PresenceMessage, Replica, Timing},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const NODES: usize = 8;
const VIEWERS: u64 = 100_000;

/// The time in which all viewers join.
const JOIN_DURATION: Duration = Duration::from_secs(60);

/// How long a viewer stays, in the phase with changes.
const STAY: Duration = Duration::from_secs(300);

/// The duration of the other phases.
const PHASE_DURATION: Duration = Duration::from_secs(60);

/// The time between two changes.
const STEP: Duration = Duration::from_millis(10);

fn main() -> Result<()> {
    let mut cluster = Cluster::new()?;
    for _ in 0..NODES {
        cluster.start()?;
    }
    writeln!(
        cluster.out,
        "| phase | sent | received | states | other messages | CPU | JSON share |"
    )?;
    writeln!(cluster.out, "|---|--:|--:|--:|--:|--:|--:|")?;

    cluster.phase("100,000 viewers join within 60 s", |it| {
        it.each_step(JOIN_DURATION, |it, share| it.join(share_of(VIEWERS, share)))
    })?;
    cluster.phase("no changes, 60 s", |it| it.each_step(PHASE_DURATION, |_, _| Ok(())))?;
    cluster.agree(VIEWERS)?;
    cluster.phase(
        "viewers stay for 5 minutes: 333 join and leave per second, 60 s",
        |it| {
            let changes = VIEWERS * PHASE_DURATION.as_secs() / STAY.as_secs();
            it.each_step(PHASE_DURATION, |it, share| {
                it.leave(share_of(changes, share))?;
                it.join(share_of(changes, share))
            })
        },
    )?;
    cluster.phase("the grace of those who left ends", |it| {
        it.each_step(Duration::from_secs(4), |_, _| Ok(()))
    })?;
    cluster.agree(VIEWERS)?;
    cluster.phase("a ninth node starts, 1 s", |it| {
        it.start()?;
        it.each_step(Duration::from_secs(1), |_, _| Ok(()))
    })?;
    cluster.agree(VIEWERS)?;
    cluster.phase("a node with an eighth of the viewers stops", |it| {
        it.stop(0)?;
        it.each_step(Duration::from_secs(1), |_, _| Ok(()))
    })?;
    cluster.agree(VIEWERS - VIEWERS / NODES as u64)?;
    cluster.memory()
}

/// Returns the part of `all` for a step between two points of a phase, which are in millionths.
fn share_of(all: u64, (from, to): (u64, u64)) -> u64 {
    all * to / 1_000_000 - all * from / 1_000_000
}

/// Returns visitor keys that are spread over all values like hashes.
fn visitor(number: u64) -> VisitorKey {
    VisitorKey::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

#[derive(Default)]
struct ClusterCosts {
    sent: usize,
    received: usize,
    states: usize,
    others: usize,
    json: Duration,
    replica: Duration,
}

struct Cluster {
    out: std::io::Stdout,
    topics: [Topic; 2],
    nodes: Vec<Option<Replica>>,
    /// The oldest viewer, which leaves next.
    first: u64,
    next: u64,
    now: Duration,
    costs: ClusterCosts,
}

impl Cluster {
    fn new() -> Result<Self> {
        Ok(Self {
            out: std::io::stdout(),
            topics: [Topic::Site, Slug::new("hello")?.into()],
            nodes: Vec::new(),
            first: 0,
            next: 0,
            now: Duration::ZERO,
            costs: ClusterCosts::default(),
        })
    }

    fn phase(&mut self, name: &str, play: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        self.costs = ClusterCosts::default();
        let (start, cpu) = (self.now, cpu()?);
        play(self)?;
        let cpu = self::cpu()? - cpu;
        let seconds = (self.now - start).as_secs_f64();
        let kilobytes = |bytes: usize| bytes as f64 / 1_000.0;
        let ClusterCosts {
            sent,
            received,
            states,
            others,
            json,
            replica,
        } = self.costs;
        // Other processes slow both down alike, so the share is right even if the sum is not.
        let share = json.as_secs_f64() / (json + replica).as_secs_f64();
        writeln!(
            self.out,
            "| {name} | {:.0} kB, {:.1} kB/s | {:.0} kB | {states} | {others} | {:.3} s | {:.0} % |",
            kilobytes(sent),
            kilobytes(sent) / seconds,
            kilobytes(received),
            cpu.as_secs_f64(),
            share * 100.0,
        )?;
        Ok(())
    }

    fn each_step(&mut self, all: Duration, act: impl Fn(&mut Self, (u64, u64)) -> Result<()>) -> Result<()> {
        let steps = u64::try_from(all.as_micros() / STEP.as_micros())?;
        for step in 0..steps {
            self.now += STEP;
            act(self, (step * 1_000_000 / steps, (step + 1) * 1_000_000 / steps))?;
            for number in 0..self.nodes.len() {
                let now = self.now;
                if self.nodes.get(number).is_some_and(Option::is_some) {
                    self.on(number, |replica, _| replica.tick(now))?;
                }
            }
        }
        Ok(())
    }

    /// Runs an action on a node, and delivers its messages to the others.
    fn on(&mut self, number: usize, act: impl FnOnce(&mut Replica, &[Topic])) -> Result<()> {
        let Some(Some(replica)) = self.nodes.get_mut(number) else {
            return Ok(());
        };
        let start = Instant::now();
        act(replica, &self.topics);
        let effects = replica.effects();
        self.costs.replica += start.elapsed();
        for effect in effects {
            if let Effect::Publish(topic, message) = effect {
                self.publish(&topic, &message)?;
            }
        }
        Ok(())
    }

    fn publish(&mut self, topic: &Topic, message: &PresenceMessage) -> Result<()> {
        let start = Instant::now();
        let json = serde_json::to_string(message)?;
        self.costs.json += start.elapsed();
        self.costs.sent += json.len();
        if json.contains(r#""type":"state""#) {
            self.costs.states += 1;
        } else {
            self.costs.others += 1;
        }
        let now = self.now;
        for number in 0..self.nodes.len() {
            if self.nodes.get(number).is_some_and(Option::is_some) {
                self.costs.received += json.len();
                let start = Instant::now();
                let message: PresenceMessage = serde_json::from_str(&json)?;
                self.costs.json += start.elapsed();
                self.on(number, |replica, _| replica.receive(topic, message, now))?;
            }
        }
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        let (number, now) = (self.nodes.len(), self.now);
        let name = NodeId::new(&format!("web-{number}"))?;
        self.nodes.push(Some(Replica::new(name, 1, Timing::default())));
        self.on(number, |replica, topics| {
            for topic in topics {
                replica.watch(topic, now);
            }
        })
    }

    fn stop(&mut self, number: usize) -> Result<()> {
        let now = self.now;
        self.on(number, |replica, _| replica.goodbye(now))?;
        self.nodes.get_mut(number).map(Option::take);
        Ok(())
    }

    fn join(&mut self, count: u64) -> Result<()> {
        let now = self.now;
        for number in self.next..self.next + count {
            self.on(node_of(number)?, |replica, topics| {
                for topic in topics {
                    replica.join(topic, visitor(number), now);
                }
            })?;
        }
        self.next += count;
        Ok(())
    }

    fn leave(&mut self, count: u64) -> Result<()> {
        let now = self.now;
        for number in self.first..self.first + count {
            self.on(node_of(number)?, |replica, topics| {
                for topic in topics {
                    replica.leave(topic, visitor(number), now);
                }
            })?;
        }
        self.first += count;
        Ok(())
    }

    /// Checks that all nodes count this many viewers.
    fn agree(&self, readers: u64) -> Result<()> {
        for replica in self.nodes.iter().flatten() {
            for topic in &self.topics {
                let viewers = replica.viewers(topic);
                if viewers != readers {
                    return Err(format!("a node counts {viewers} of {readers} viewers").into());
                }
            }
        }
        Ok(())
    }

    /// Prints the peak memory of the process with all nodes.
    fn memory(&mut self) -> Result<()> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or("VmHWM: unknown");
        writeln!(self.out, "\nPeak memory of all nodes: {peak}")?;
        Ok(())
    }
}

/// Returns the CPU time of this thread.
fn cpu() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = stat.split(' ').next().unwrap_or_default();
    Ok(Duration::from_nanos(nanos.parse()?))
}

/// Returns the node of a viewer: each node in turn.
fn node_of(number: u64) -> Result<usize> {
    Ok(usize::try_from(number)? % NODES)
}
