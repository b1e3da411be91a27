use std::collections::BTreeSet;

use crate::checks;
use crate::crowd::VISITORS;
use crate::flaw::Flaw;
use crate::node::TOPICS;
use crate::world::{MS, S, World};

/// How long a process runs at least. Nobody starts faster than messages are on their way.
const SHORTEST_LIFE: u64 = 3 * S;

/// What happens at the nodes, by the seed.
pub(crate) struct Story {
    world: World,
    used: BTreeSet<u64>,
}

/// Plays the story of one seed.
pub(crate) fn play(seed: u64, flaw: Option<Flaw>) -> Result<(), String> {
    let mut story = Story {
        world: World::new(seed, flaw),
        used: BTreeSet::from([1_000_000]),
    };
    for number in 0..story.world.nodes.len() {
        story.start(number)?;
    }
    let end = 6 * S + story.world.dice.below(8 * S);
    while story.world.now < end {
        story.act()?;
        let pause = story.world.dice.below(300 * MS);
        let then = story.world.now + pause;
        story.world.run_until(then)?;
    }
    story.world.calm_down()?;
    // The dead are dropped by the slowest clock, and their beats may be late; then a gap is healed.
    story.pass(14 * S)?;
    checks::everybody_agrees(&story.world)?;
    story.world.is_calm = true;
    story.pass(3 * S)?;
    story.world.is_calm = false;
    story.all_watch()?;
    story.pass(S)?;
    checks::everybody_agrees(&story.world)?;
    if seed.is_multiple_of(8) {
        story.all_go()?;
        story.pass(16 * S)?;
        checks::nothing_is_left(&story.world)?;
    }
    Ok(())
}

impl Story {
    fn pass(&mut self, time: u64) -> Result<(), String> {
        self.world.run_until(self.world.now + time)
    }

    fn start(&mut self, number: usize) -> Result<(), String> {
        let latest = self.used.last().copied().unwrap_or(0);
        let mut incarnation = latest + 1_000;
        if self.world.dice.percent(25) {
            // The clock went back.
            incarnation = latest - 1_000 * self.world.dice.below(400);
            while self.used.contains(&incarnation) {
                incarnation -= 1_000;
            }
        }
        self.used.insert(incarnation);
        let count = self.world.nodes.len();
        self.world.on(number, |node, now| node.start(now, incarnation, count))
    }

    fn act(&mut self) -> Result<(), String> {
        let number = self.world.dice.place(self.world.nodes.len());
        let place = self.world.dice.place(TOPICS);
        let node = &self.world.nodes[number];
        if node.replica.is_none() {
            return if self.world.dice.percent(30) {
                self.start(number)
            } else {
                Ok(())
            };
        }
        let who = self.world.dice.place(VISITORS);
        match self.world.dice.below(100) {
            0..30 => self.world.on(number, |node, now| node.join(place, who, now)),
            30..55 => self.leave(number, place),
            55..65 => self.reload(number, place),
            65..75 => self.world.on(number, |node, now| node.watch(place, now)),
            75..80 => self.world.on(number, |node, now| node.unwatch(place, now)),
            80..85 => self.end(number, false),
            85..91 => self.end(number, true),
            91..96 => self.part(),
            _ => self.cut_off(number),
        }
    }

    /// Somebody who is there, if there is anybody.
    fn somebody(&mut self, number: usize, place: usize) -> Option<usize> {
        let guards = self.world.nodes[number].guards[place];
        let here: Vec<usize> = (0..VISITORS).filter(|who| guards[*who] > 0).collect();
        let one = self.world.dice.place(here.len().max(1));
        here.get(one).copied()
    }

    fn leave(&mut self, number: usize, place: usize) -> Result<(), String> {
        match self.somebody(number, place) {
            Some(who) => self.world.on(number, |node, now| node.leave(place, who, now)),
            None => Ok(()),
        }
    }

    fn reload(&mut self, number: usize, place: usize) -> Result<(), String> {
        let Some(who) = self.somebody(number, place) else {
            return Ok(());
        };
        self.world.on(number, |node, now| node.leave(place, who, now))?;
        self.pass(50 * MS)?;
        self.world.on(number, |node, now| node.join(place, who, now))
    }

    /// Ends a process, with or without a goodbye.
    fn end(&mut self, number: usize, cleanly: bool) -> Result<(), String> {
        let born = self.world.nodes[number].lives.last().map_or(0, |life| life.born);
        if self.world.now < born + SHORTEST_LIFE {
            return Ok(());
        }
        if cleanly {
            self.world.on(number, |node, now| node.goodbye(now))?;
        }
        self.world.on(number, |node, now| node.die(now))
    }

    /// The network falls apart, or is whole again.
    fn part(&mut self) -> Result<(), String> {
        let is_whole = self.world.weather.islands.iter().all(|island| *island == 1);
        for number in 0..self.world.nodes.len() {
            let island = if is_whole { 1 + self.world.dice.place(2) } else { 1 };
            let before = self.world.weather.islands[number];
            self.world.weather.islands[number] = u8::try_from(island).unwrap_or(1);
            if before == 0 {
                self.world.on(number, |node, now| node.reconnect(now))?;
            }
        }
        Ok(())
    }

    /// A node loses its link to all others, itself included, and notices when it is back.
    fn cut_off(&mut self, number: usize) -> Result<(), String> {
        let island = &mut self.world.weather.islands[number];
        if *island == 0 {
            *island = 1;
            return self.world.on(number, |node, now| node.reconnect(now));
        }
        *island = 0;
        Ok(())
    }

    fn all_watch(&mut self) -> Result<(), String> {
        for number in 0..self.world.nodes.len() {
            for place in 0..TOPICS {
                if self.world.nodes[number].replica.is_some() {
                    self.world.on(number, |node, now| node.watch(place, now))?;
                }
            }
        }
        Ok(())
    }

    fn all_go(&mut self) -> Result<(), String> {
        for number in 0..self.world.nodes.len() {
            for place in 0..TOPICS {
                while let Some(who) = self.somebody(number, place) {
                    self.world.on(number, |node, now| node.leave(place, who, now))?;
                }
                while self.world.nodes[number].watches[place] > 0 {
                    self.world.on(number, |node, now| node.unwatch(place, now))?;
                }
            }
        }
        Ok(())
    }
}
