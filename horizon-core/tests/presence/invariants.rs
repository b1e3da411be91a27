use horizon_core::presence::{MessageBody, NodeId, PresenceMessage, RemoteNode};

use crate::process_run::ProcessRun;
use crate::sim_node::{SimNode, TOPIC, TOPICS};
use crate::simulation::{MS, S, Simulation};
use crate::visitors::{VisitorSet, visitor_set};

/// How long the readers of a crashed node may still be counted.
const CRASH_IS_SEEN: u64 = 10 * S;

/// How far apart two beats are at least, by the fastest clock.
const BEAT: u64 = 1_800 * MS;

fn number(name: &NodeId) -> Option<usize> {
    name.as_str().strip_prefix('n')?.parse().ok()
}

/// After a tick, nothing is left to do at once.
pub(crate) fn nothing_is_due(simulation: &Simulation, number: usize) -> Result<(), String> {
    let node = &simulation.nodes[number];
    match node.next_tick() {
        Some(at) if at <= node.clock.at(simulation.now) => Err(format!("n{number} has work left after a tick")),
        _ => Ok(()),
    }
}

/// Where nothing happens, nodes with members say no more than that they live.
pub(crate) fn check_calm(
    simulation: &mut Simulation,
    from: usize,
    topic: usize,
    message: &PresenceMessage,
) -> Result<(), String> {
    if !simulation.is_calm {
        return Ok(());
    }
    let now = simulation.now;
    let last = simulation.heartbeats[topic][from].replace(now);
    if matches!(message.body, MessageBody::Heartbeat { .. }) && last.is_none_or(|last| last + BEAT <= now) {
        return Ok(());
    }
    Err(format!("n{from} disturbs the calm: {message:?}"))
}

/// What a node says of itself is true.
pub(crate) fn check_published(
    node: &mut SimNode,
    topic: usize,
    before: VisitorSet,
    message: &PresenceMessage,
) -> Result<(), String> {
    let after = node.members(topic);
    let (now, earlier) = node.runs.split_last_mut().unwrap();
    let is_taken = |life: &ProcessRun| life.incarnations.contains(&message.incarnation);
    if earlier.iter().any(is_taken) {
        return Err(format!("two lives have one incarnation: {message:?}"));
    }
    match now.record(topic, message)? {
        Some(said) if said & !(before | after) != 0 || before & after & !said != 0 => {
            Err(format!("it has {before:b}, then {after:b}, and says {message:?}"))
        }
        _ => Ok(()),
    }
}

/// What a node knows and shows of a topic at any time.
pub(crate) fn check_view(simulation: &mut Simulation, number: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[number];
    let own = node.members(topic);
    if node.replica.is_some() && node.viewers(topic) < u64::from(own.count_ones()) {
        return Err(format!("n{number} does not count its own {own:b}"));
    }
    check_departed(simulation, number, topic)?;
    // With a mistake in it, only what a reader would notice shall tell.
    if simulation.mutant.is_some() {
        Ok(())
    } else {
        check_entries(simulation, number, topic)
    }
}

/// Who is no more does not count.
fn check_departed(simulation: &Simulation, me: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[me];
    for known in node.remote_nodes(topic) {
        let Some(other) = number(known.node) else { continue };
        let (members, lives) = (visitor_set(known.members), &simulation.nodes[other].runs);
        let dead = members & dead(lives, topic, simulation.now);
        if dead != 0 {
            return Err(format!("n{me} still counts {dead:b} of n{other}, which is no more"));
        }
        if let Some(life) = node.histories[topic][other].goodbye_run {
            let (early, late) = lives.split_at(life + 1);
            let gone = members & ever(early, topic) & !ever(late, topic);
            if gone != 0 {
                return Err(format!("n{me} counts {gone:b} of n{other} after its goodbye"));
            }
        }
    }
    Ok(())
}

fn ever<'a>(lives: impl IntoIterator<Item = &'a ProcessRun>, topic: usize) -> VisitorSet {
    lives.into_iter().fold(0, |all, life| all | life.ever[topic])
}

/// Who was there in a life that ended too long ago to be counted, and in none that did not.
fn dead(lives: &[ProcessRun], topic: usize, now: u64) -> VisitorSet {
    let is_over = |life: &&ProcessRun| life.ended.is_some_and(|died| died + CRASH_IS_SEEN < now);
    ever(lives.iter().filter(is_over), topic) & !ever(lives.iter().filter(|life| !is_over(life)), topic)
}

/// Each entry is what its node said, none goes back, and together they make the number.
fn check_entries(simulation: &mut Simulation, me: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[me];
    let mut all = node.members(topic);
    let mut newest = vec![None; simulation.nodes.len()];
    for known in node.remote_nodes(topic) {
        let other = number(known.node).ok_or_else(|| format!("n{me} knows a stranger: {known:?}"))?;
        if other == me {
            return Err(format!("n{me} takes itself for another: {known:?}"));
        }
        let said = (known.incarnation, known.version);
        // Who was dropped may come back with less.
        if node.histories[topic][other].newest.is_some_and(|newest| newest > said) {
            return Err(format!("n{me} goes back to {known:?}"));
        }
        newest[other] = Some(said);
        all |= confirmed(&simulation.nodes[other].runs, topic, &known)?;
    }
    let (viewers, shown) = (node.viewers(topic), node.shown[topic]);
    if viewers != u64::from(all.count_ones()) || shown != viewers {
        return Err(format!("n{me} counts {viewers} and shows {shown}, but knows {all:b}"));
    }
    for (learned, newest) in simulation.nodes[me].histories[topic].iter_mut().zip(newest) {
        learned.newest = newest;
    }
    Ok(())
}

/// Who the node said its members are at that version, if that is what is known.
fn confirmed(lives: &[ProcessRun], topic: usize, known: &RemoteNode<'_>) -> Result<VisitorSet, String> {
    let life = lives.iter().find(|life| life.incarnations.contains(&known.incarnation));
    match life.and_then(|life| life.published(topic, known.version)) {
        Some(said) if said == visitor_set(known.members) => Ok(said),
        said => Err(format!("it said {said:?}, not {known:?}")),
    }
}

/// Every node that watches a topic counts exactly those who are there.
pub(crate) fn everybody_agrees(simulation: &Simulation) -> Result<(), String> {
    for topic in 0..TOPICS {
        let here = simulation.nodes.iter().fold(0, |all, node| all | node.readers[topic]);
        for (number, node) in simulation.nodes.iter().enumerate() {
            let viewers = node.viewers(topic);
            if node.watches[topic] > 0 && viewers != u64::from(here.count_ones()) {
                let (topic, known): (_, Vec<_>) = (&TOPIC[topic], node.remote_nodes(topic).collect());
                return Err(format!(
                    "n{number} counts {viewers} in {topic}, not {here:b}: {known:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Nobody is anywhere, and so nothing is left to do.
pub(crate) fn nothing_is_left(simulation: &Simulation) -> Result<(), String> {
    for (number, node) in simulation.nodes.iter().enumerate() {
        if node.next_tick().is_some() || node.subscribed.contains(&true) {
            return Err(format!("n{number} does not come to rest: {:?}", node.replica));
        }
    }
    Ok(())
}
