use std::collections::BTreeSet;

use crate::invariants;
use crate::mutant::PresenceMutant;
use crate::sim_node::TOPICS;
use crate::simulation::{MS, S, Simulation, percent};
use crate::visitors::VISITORS;

/// The shortest run of a process, longer than the delay of messages.
const SHORTEST_RUN: u64 = 3 * S;

/// Random actions at the nodes of a simulation.
pub(crate) struct RandomScenario {
    simulation: Simulation,
    used: BTreeSet<u64>,
}

/// Runs the scenario of one seed.
pub(crate) fn run(seed: u64, mutant: Option<PresenceMutant>) -> Result<(), String> {
    let mut scenario = RandomScenario {
        simulation: Simulation::new(seed, mutant),
        used: BTreeSet::from([1_000_000]),
    };
    for number in 0..scenario.simulation.nodes.len() {
        scenario.start(number)?;
    }
    let end = 6 * S + scenario.simulation.rng.u64(..8 * S);
    while scenario.simulation.now < end {
        scenario.random_action()?;
        let pause = scenario.simulation.rng.u64(..300 * MS);
        let then = scenario.simulation.now + pause;
        scenario.simulation.run_until(then)?;
    }
    scenario.simulation.heal()?;
    // Time to drop crashed nodes by the slowest clock, with late heartbeats, and to repair gaps.
    scenario.advance(14 * S)?;
    invariants::all_nodes_agree(&scenario.simulation)?;
    scenario.simulation.is_calm = true;
    scenario.advance(3 * S)?;
    scenario.simulation.is_calm = false;
    scenario.everybody_watches()?;
    scenario.advance(S)?;
    invariants::all_nodes_agree(&scenario.simulation)?;
    if seed.is_multiple_of(8) {
        scenario.everybody_leaves()?;
        scenario.advance(16 * S)?;
        invariants::nothing_is_left(&scenario.simulation)?;
    }
    Ok(())
}

impl RandomScenario {
    fn advance(&mut self, time: u64) -> Result<(), String> {
        self.simulation.run_until(self.simulation.now + time)
    }

    fn start(&mut self, number: usize) -> Result<(), String> {
        let latest = self.used.last().copied().unwrap_or(0);
        let mut incarnation = latest + 1_000;
        if percent(&mut self.simulation.rng, 25) {
            // The clock was set back.
            incarnation = latest - 1_000 * self.simulation.rng.u64(..400);
            while self.used.contains(&incarnation) {
                incarnation -= 1_000;
            }
        }
        self.used.insert(incarnation);
        let count = self.simulation.nodes.len();
        self.simulation
            .on(number, |node, now| node.start(now, incarnation, count))
    }

    fn random_action(&mut self) -> Result<(), String> {
        let number = self.simulation.rng.usize(..self.simulation.nodes.len());
        let topic = self.simulation.rng.usize(..TOPICS);
        let node = &self.simulation.nodes[number];
        if node.replica.is_none() {
            return if percent(&mut self.simulation.rng, 30) {
                self.start(number)
            } else {
                Ok(())
            };
        }
        let who = self.simulation.rng.usize(..VISITORS);
        match self.simulation.rng.u64(..100) {
            0..30 => self.simulation.on(number, |node, now| node.join(topic, who, now)),
            30..55 => self.leave(number, topic),
            55..65 => self.reload(number, topic),
            65..75 => self.simulation.on(number, |node, now| node.watch(topic, now)),
            75..80 => self.simulation.on(number, |node, now| node.unwatch(topic, now)),
            80..85 => self.end(number, false),
            85..91 => self.end(number, true),
            91..96 => self.partition(),
            _ => self.cut_off(number),
        }
    }

    /// Returns a random present visitor, if there is one.
    fn random_viewer(&mut self, number: usize, topic: usize) -> Option<usize> {
        let guards = self.simulation.nodes[number].guards[topic];
        let here: Vec<usize> = (0..VISITORS).filter(|who| guards[*who] > 0).collect();
        let one = self.simulation.rng.usize(..here.len().max(1));
        here.get(one).copied()
    }

    fn leave(&mut self, number: usize, topic: usize) -> Result<(), String> {
        match self.random_viewer(number, topic) {
            Some(who) => self.simulation.on(number, |node, now| node.leave(topic, who, now)),
            None => Ok(()),
        }
    }

    fn reload(&mut self, number: usize, topic: usize) -> Result<(), String> {
        let Some(who) = self.random_viewer(number, topic) else {
            return Ok(());
        };
        self.simulation.on(number, |node, now| node.leave(topic, who, now))?;
        self.advance(50 * MS)?;
        self.simulation.on(number, |node, now| node.join(topic, who, now))
    }

    /// Ends a process, with or without a goodbye.
    fn end(&mut self, number: usize, cleanly: bool) -> Result<(), String> {
        let born = self.simulation.nodes[number].runs.last().map_or(0, |run| run.started);
        if self.simulation.now < born + SHORTEST_RUN {
            return Ok(());
        }
        if cleanly {
            self.simulation.on(number, |node, now| node.goodbye(now))?;
        }
        self.simulation.on(number, |node, now| node.crash(now))
    }

    /// Partitions or heals the network.
    fn partition(&mut self) -> Result<(), String> {
        let is_whole = self.simulation.faults.islands.iter().all(|island| *island == 1);
        for number in 0..self.simulation.nodes.len() {
            let island = if is_whole {
                1 + self.simulation.rng.usize(..2)
            } else {
                1
            };
            let before = self.simulation.faults.islands[number];
            self.simulation.faults.islands[number] = u8::try_from(island).unwrap_or(1);
            if before == 0 {
                self.simulation.on(number, |node, now| node.reconnect(now))?;
            }
        }
        Ok(())
    }

    /// Disconnects a node from all nodes, itself included, or reconnects it.
    fn cut_off(&mut self, number: usize) -> Result<(), String> {
        let island = &mut self.simulation.faults.islands[number];
        if *island == 0 {
            *island = 1;
            return self.simulation.on(number, |node, now| node.reconnect(now));
        }
        *island = 0;
        Ok(())
    }

    fn everybody_watches(&mut self) -> Result<(), String> {
        for number in 0..self.simulation.nodes.len() {
            for topic in 0..TOPICS {
                if self.simulation.nodes[number].replica.is_some() {
                    self.simulation.on(number, |node, now| node.watch(topic, now))?;
                }
            }
        }
        Ok(())
    }

    fn everybody_leaves(&mut self) -> Result<(), String> {
        for number in 0..self.simulation.nodes.len() {
            for topic in 0..TOPICS {
                while let Some(who) = self.random_viewer(number, topic) {
                    self.simulation.on(number, |node, now| node.leave(topic, who, now))?;
                }
                while self.simulation.nodes[number].watches[topic] > 0 {
                    self.simulation.on(number, |node, now| node.unwatch(topic, now))?;
                }
            }
        }
        Ok(())
    }
}
