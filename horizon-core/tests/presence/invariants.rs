use horizon_core::presence::{MessageBody, NodeId, PresenceMessage, RemoteNode};

use crate::process_run::ProcessRun;
use crate::sim_node::{SimNode, TOPIC, TOPICS};
use crate::simulation::{MS, S, Simulation};
use crate::visitors::{VisitorSet, visitor_set};

/// How long the viewers of a crashed node may still count.
const CRASH_TIMEOUT: u64 = 10 * S;

/// The shortest time between two heartbeats, by the fastest clock.
const HEARTBEAT_INTERVAL: u64 = 1_800 * MS;

fn number(name: &NodeId) -> Option<usize> {
    name.as_str().strip_prefix('n')?.parse().ok()
}

/// After a tick, no timer is due.
pub(crate) fn nothing_is_due(simulation: &Simulation, number: usize) -> Result<(), String> {
    let node = &simulation.nodes[number];
    match node.next_tick() {
        Some(at) if at <= node.clock.at(simulation.now) => Err(format!("n{number} has a due timer after a tick")),
        _ => Ok(()),
    }
}

/// Without actions, nodes with members send only heartbeats.
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
    if matches!(message.body, MessageBody::Heartbeat { .. }) && last.is_none_or(|last| last + HEARTBEAT_INTERVAL <= now)
    {
        return Ok(());
    }
    Err(format!("n{from} sends without an action: {message:?}"))
}

/// A node publishes its real members.
pub(crate) fn check_published(
    node: &mut SimNode,
    topic: usize,
    before: VisitorSet,
    message: &PresenceMessage,
) -> Result<(), String> {
    let after = node.members(topic);
    let (now, earlier) = node.runs.split_last_mut().unwrap();
    let is_taken = |run: &ProcessRun| run.incarnations.contains(&message.incarnation);
    if earlier.iter().any(is_taken) {
        return Err(format!("two runs have one incarnation: {message:?}"));
    }
    match now.record(topic, message)? {
        Some(published) if published & !(before | after) != 0 || before & after & !published != 0 => {
            Err(format!("it has {before:b}, then {after:b}, and publishes {message:?}"))
        }
        _ => Ok(()),
    }
}

/// A node's view of a topic is valid at any time.
pub(crate) fn check_view(simulation: &mut Simulation, number: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[number];
    let own = node.members(topic);
    if node.replica.is_some() && node.viewers(topic) < u64::from(own.count_ones()) {
        return Err(format!("n{number} does not count its own {own:b}"));
    }
    check_departed(simulation, number, topic)?;
    // A mutant must be caught by what readers would notice.
    if simulation.mutant.is_some() {
        Ok(())
    } else {
        check_entries(simulation, number, topic)
    }
}

/// Visitors of ended runs do not count.
fn check_departed(simulation: &Simulation, me: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[me];
    for remote in node.remote_nodes(topic) {
        let Some(other) = number(remote.node) else { continue };
        let (members, runs) = (visitor_set(remote.members), &simulation.nodes[other].runs);
        let dead = members & dead(runs, topic, simulation.now);
        if dead != 0 {
            return Err(format!("n{me} still counts {dead:b} of n{other}, which has ended"));
        }
        if let Some(run) = node.histories[topic][other].goodbye_run {
            let (early, late) = runs.split_at(run + 1);
            let gone = members & ever(early, topic) & !ever(late, topic);
            if gone != 0 {
                return Err(format!("n{me} counts {gone:b} of n{other} after its goodbye"));
            }
        }
    }
    Ok(())
}

fn ever<'a>(runs: impl IntoIterator<Item = &'a ProcessRun>, topic: usize) -> VisitorSet {
    runs.into_iter().fold(0, |all, run| all | run.ever[topic])
}

/// Returns the visitors only of runs that ended too long ago to count.
fn dead(runs: &[ProcessRun], topic: usize, now: u64) -> VisitorSet {
    let is_over = |run: &&ProcessRun| run.ended.is_some_and(|ended| ended + CRASH_TIMEOUT < now);
    ever(runs.iter().filter(is_over), topic) & !ever(runs.iter().filter(|run| !is_over(run)), topic)
}

/// Each remote state was published by its node and never gets older, and the number of viewers is correct.
fn check_entries(simulation: &mut Simulation, me: usize, topic: usize) -> Result<(), String> {
    let node = &simulation.nodes[me];
    let mut all = node.members(topic);
    let mut newest = vec![None; simulation.nodes.len()];
    for remote in node.remote_nodes(topic) {
        let other = number(remote.node).ok_or_else(|| format!("n{me} has an unknown node: {remote:?}"))?;
        if other == me {
            return Err(format!("n{me} has itself as a remote node: {remote:?}"));
        }
        let published = (remote.incarnation, remote.version);
        // A node that was dropped may return with an older state.
        if node.histories[topic][other]
            .newest
            .is_some_and(|newest| newest > published)
        {
            return Err(format!("n{me} returns to {remote:?}"));
        }
        newest[other] = Some(published);
        all |= confirmed(&simulation.nodes[other].runs, topic, &remote)?;
    }
    let (viewers, shown) = (node.viewers(topic), node.shown[topic]);
    if viewers != u64::from(all.count_ones()) || shown != viewers {
        return Err(format!("n{me} counts {viewers} and reports {shown}, but has {all:b}"));
    }
    for (learned, newest) in simulation.nodes[me].histories[topic].iter_mut().zip(newest) {
        learned.newest = newest;
    }
    Ok(())
}

/// Returns the members that the node published with this version, if they are equal.
fn confirmed(runs: &[ProcessRun], topic: usize, remote: &RemoteNode<'_>) -> Result<VisitorSet, String> {
    let run = runs.iter().find(|run| run.incarnations.contains(&remote.incarnation));
    match run.and_then(|run| run.published(topic, remote.version)) {
        Some(published) if published == visitor_set(remote.members) => Ok(published),
        published => Err(format!("it published {published:?}, not {remote:?}")),
    }
}

/// Every node that watches a topic counts exactly the present visitors.
pub(crate) fn all_nodes_agree(simulation: &Simulation) -> Result<(), String> {
    for topic in 0..TOPICS {
        let here = simulation.nodes.iter().fold(0, |all, node| all | node.readers[topic]);
        for (number, node) in simulation.nodes.iter().enumerate() {
            let viewers = node.viewers(topic);
            if node.watches[topic] > 0 && viewers != u64::from(here.count_ones()) {
                let (topic, remote): (_, Vec<_>) = (&TOPIC[topic], node.remote_nodes(topic).collect());
                return Err(format!(
                    "n{number} counts {viewers} in {topic}, not {here:b}: {remote:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Without visitors, no node has timers or subscriptions.
pub(crate) fn nothing_is_left(simulation: &Simulation) -> Result<(), String> {
    for (number, node) in simulation.nodes.iter().enumerate() {
        if node.next_tick().is_some() || node.subscribed.contains(&true) {
            return Err(format!(
                "n{number} still has timers or subscriptions: {:?}",
                node.replica
            ));
        }
    }
    Ok(())
}
