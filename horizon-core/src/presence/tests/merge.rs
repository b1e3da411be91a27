//! Merging keeps the newest state of each node, in any order, with repeats, and over any path.

use super::*;

/// Random messages of three nodes with three incarnations each. Each version has one set of members; the last is a
/// goodbye.
fn random_messages(rng: &mut fastrand::Rng) -> Vec<PresenceMessage> {
    let count = rng.usize(..12);
    let mut random_message = || {
        let (name, incarnation, version) = (rng.u64(..3), rng.u64(..3), rng.u64(1..=5));
        let bits = name * 7 + incarnation * 5 + version * 3;
        let members: Vec<_> = (0..6)
            .filter(|bit| bits >> bit & 1 == 1)
            .map(VisitorKey::from_u128)
            .collect();
        let body = if version == 5 {
            MessageBody::Goodbye
        } else {
            state(version, &members)
        };
        message(&format!("web-{name}"), incarnation, body)
    };
    (0..count).map(|_| random_message()).collect()
}

/// The newest state of each node, and the number of viewers.
type MergedView = (Vec<(String, u64, u64, BTreeSet<VisitorKey>)>, u64);

fn merged(messages: &[PresenceMessage]) -> Replica {
    let mut replica = watching();
    for message in messages {
        replica.receive(&page(), message.clone(), ms(0));
    }
    replica
}

fn view(replica: &Replica) -> MergedView {
    let known = replica.remote_nodes(&page());
    let known = known.map(|it| (it.node.to_string(), it.incarnation, it.version, it.members.clone()));
    (known.collect(), replica.viewers(&page()))
}

/// Returns the states of the remote nodes as messages.
fn remote_states(replica: &Replica) -> Vec<PresenceMessage> {
    let known = replica.remote_nodes(&page());
    let known = known.map(|it| PresenceMessage {
        node: it.node.clone(),
        incarnation: it.incarnation,
        body: state(it.version, &it.members.iter().copied().collect::<Vec<_>>()),
    });
    known.collect()
}

#[test]
fn merging_is_commutative_and_idempotent() {
    for seed in 0..2_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut messages = random_messages(&mut rng);
        let once = view(&merged(&messages));
        messages.extend_from_within(..messages.len() / 2);
        rng.shuffle(&mut messages);
        assert_eq!(view(&merged(&messages)), once, "seed {seed}");
    }
}

#[test]
fn merging_is_associative() {
    for seed in 0..2_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        // A goodbye has no state, so `remote_states` would lose it.
        let mut part = || {
            let mut messages = random_messages(&mut rng);
            messages.retain(|message| message.body != MessageBody::Goodbye);
            messages
        };
        let [a, b, c] = [part(), part(), part()];
        let left_first = [remote_states(&merged(&[a.clone(), b.clone()].concat())), c.clone()].concat();
        let right_first = [a, remote_states(&merged(&[b, c].concat()))].concat();
        assert_eq!(view(&merged(&left_first)), view(&merged(&right_first)), "seed {seed}");
    }
}

#[test]
fn the_newest_message_of_each_node_wins() {
    for seed in 0..2_000 {
        let messages = random_messages(&mut fastrand::Rng::with_seed(seed));
        let mut newest: BTreeMap<&NodeId, (u64, u64, &MessageBody)> = BTreeMap::new();
        for message in &messages {
            let sent = (message.incarnation, message.body.version(), &message.body);
            let known = newest.entry(&message.node).or_insert(sent);
            if (sent.0, sent.1) > (known.0, known.1) {
                *known = sent;
            }
        }
        let mut visitors: BTreeSet<VisitorKey> = BTreeSet::new();
        for (_, _, body) in newest.values() {
            if let MessageBody::State { members, .. } = body {
                visitors.extend(members);
            }
        }
        assert_eq!(merged(&messages).viewers(&page()), visitors.len() as u64, "seed {seed}");
    }
}
