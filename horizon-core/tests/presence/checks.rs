use horizon_core::presence::{Body, KnownNode, Message, NodeId};

use crate::crowd::{Crowd, crowd};
use crate::life::Life;
use crate::node::{Node, TOPIC, TOPICS};
use crate::world::{MS, S, World};

/// How long the readers of a crashed node may still be counted.
const CRASH_IS_SEEN: u64 = 10 * S;

/// How far apart two beats are at least, by the fastest clock.
const BEAT: u64 = 1_800 * MS;

fn number(name: &NodeId) -> Option<usize> {
    name.as_str().strip_prefix('n')?.parse().ok()
}

/// After a tick, nothing is left to do at once.
pub(crate) fn nothing_is_due(world: &World, number: usize) -> Result<(), String> {
    let node = &world.nodes[number];
    match node.next_tick() {
        Some(at) if at <= node.clock.at(world.now) => Err(format!("n{number} has work left after a tick")),
        _ => Ok(()),
    }
}

/// Where nothing happens, nodes with members say no more than that they live.
pub(crate) fn calm(world: &mut World, from: usize, place: usize, message: &Message) -> Result<(), String> {
    if !world.is_calm {
        return Ok(());
    }
    let now = world.now;
    let last = world.beats[place][from].replace(now);
    if matches!(message.body, Body::Beat { .. }) && last.is_none_or(|last| last + BEAT <= now) {
        return Ok(());
    }
    Err(format!("n{from} disturbs the calm: {message:?}"))
}

/// What a node says of itself is true.
pub(crate) fn words(node: &mut Node, place: usize, before: Crowd, message: &Message) -> Result<(), String> {
    let after = node.members(place);
    let (now, earlier) = node.lives.split_last_mut().unwrap();
    let is_taken = |life: &Life| life.incarnations.contains(&message.incarnation);
    if earlier.iter().any(is_taken) {
        return Err(format!("two lives have one incarnation: {message:?}"));
    }
    match now.write(place, message)? {
        Some(said) if said & !(before | after) != 0 || before & after & !said != 0 => {
            Err(format!("it has {before:b}, then {after:b}, and says {message:?}"))
        }
        _ => Ok(()),
    }
}

/// What a node knows and shows of a topic at any time.
pub(crate) fn view(world: &mut World, number: usize, place: usize) -> Result<(), String> {
    let node = &world.nodes[number];
    let own = node.members(place);
    if node.replica.is_some() && node.viewers(place) < u64::from(own.count_ones()) {
        return Err(format!("n{number} does not count its own {own:b}"));
    }
    promises(world, number, place)?;
    // With a mistake in it, only what a reader would notice shall tell.
    if world.flaw.is_some() {
        Ok(())
    } else {
        inside(world, number, place)
    }
}

/// Who is no more does not count.
fn promises(world: &World, me: usize, place: usize) -> Result<(), String> {
    let node = &world.nodes[me];
    for known in node.known(place) {
        let Some(other) = number(known.node) else { continue };
        let (members, lives) = (crowd(known.members), &world.nodes[other].lives);
        let dead = members & dead(lives, place, world.now);
        if dead != 0 {
            return Err(format!("n{me} still counts {dead:b} of n{other}, which is no more"));
        }
        if let Some(life) = node.learned[place][other].farewell {
            let (early, late) = lives.split_at(life + 1);
            let gone = members & ever(early, place) & !ever(late, place);
            if gone != 0 {
                return Err(format!("n{me} counts {gone:b} of n{other} after its goodbye"));
            }
        }
    }
    Ok(())
}

fn ever<'a>(lives: impl IntoIterator<Item = &'a Life>, place: usize) -> Crowd {
    lives.into_iter().fold(0, |all, life| all | life.ever[place])
}

/// Who was there in a life that ended too long ago to be counted, and in none that did not.
fn dead(lives: &[Life], place: usize, now: u64) -> Crowd {
    let is_over = |life: &&Life| life.died.is_some_and(|died| died + CRASH_IS_SEEN < now);
    ever(lives.iter().filter(is_over), place) & !ever(lives.iter().filter(|life| !is_over(life)), place)
}

/// Each entry is what its node said, none goes back, and together they make the number.
fn inside(world: &mut World, me: usize, place: usize) -> Result<(), String> {
    let node = &world.nodes[me];
    let mut all = node.members(place);
    let mut newest = vec![None; world.nodes.len()];
    for known in node.known(place) {
        let other = number(known.node).ok_or_else(|| format!("n{me} knows a stranger: {known:?}"))?;
        if other == me {
            return Err(format!("n{me} takes itself for another: {known:?}"));
        }
        let said = (known.incarnation, known.version);
        // Who was dropped may come back with less.
        if node.learned[place][other].newest.is_some_and(|newest| newest > said) {
            return Err(format!("n{me} goes back to {known:?}"));
        }
        newest[other] = Some(said);
        all |= confirmed(&world.nodes[other].lives, place, &known)?;
    }
    let (viewers, shown) = (node.viewers(place), node.shown[place]);
    if viewers != u64::from(all.count_ones()) || shown != viewers {
        return Err(format!("n{me} counts {viewers} and shows {shown}, but knows {all:b}"));
    }
    for (learned, newest) in world.nodes[me].learned[place].iter_mut().zip(newest) {
        learned.newest = newest;
    }
    Ok(())
}

/// Who the node said its members are at that version, if that is what is known.
fn confirmed(lives: &[Life], place: usize, known: &KnownNode<'_>) -> Result<Crowd, String> {
    let life = lives.iter().find(|life| life.incarnations.contains(&known.incarnation));
    match life.and_then(|life| life.said(place, known.version)) {
        Some(said) if said == crowd(known.members) => Ok(said),
        said => Err(format!("it said {said:?}, not {known:?}")),
    }
}

/// Every node that watches a topic counts exactly those who are there.
pub(crate) fn everybody_agrees(world: &World) -> Result<(), String> {
    for place in 0..TOPICS {
        let here = world.nodes.iter().fold(0, |all, node| all | node.readers[place]);
        for (number, node) in world.nodes.iter().enumerate() {
            let viewers = node.viewers(place);
            if node.watches[place] > 0 && viewers != u64::from(here.count_ones()) {
                let (topic, known): (_, Vec<_>) = (&TOPIC[place], node.known(place).collect());
                return Err(format!(
                    "n{number} counts {viewers} in {topic}, not {here:b}: {known:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Nobody is anywhere, and so nothing is left to do.
pub(crate) fn nothing_is_left(world: &World) -> Result<(), String> {
    for (number, node) in world.nodes.iter().enumerate() {
        if node.next_tick().is_some() || node.subscribed.contains(&true) {
            return Err(format!("n{number} does not come to rest: {:?}", node.replica));
        }
    }
    Ok(())
}
