//! Whatever order states come in, however often, by whatever way: the newest of each node holds.

use super::*;

/// Random numbers that are the same for the same seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((bits ^ (bits >> 31)) % bound as u64).unwrap()
    }

    fn shuffle(&mut self, messages: &mut [Message]) {
        for at in (1..messages.len()).rev() {
            messages.swap(at, self.below(at + 1));
        }
    }

    /// Some of what three nodes said in three lives: at each version one set of members, in the end goodbye.
    fn messages(&mut self) -> Vec<Message> {
        let count = self.below(12);
        let one = |_| {
            let (name, incarnation, version) = (self.below(3), self.below(3) as u64, 1 + self.below(5) as u64);
            let bits = name as u64 * 7 + incarnation * 5 + version * 3;
            let members: Vec<_> = (0..6)
                .filter(|bit| bits >> bit & 1 == 1)
                .map(VisitorKey::from_u128)
                .collect();
            let body = if version == 5 {
                Body::Goodbye
            } else {
                state(version, &members)
            };
            message(&format!("web-{name}"), incarnation, body)
        };
        (0..count).map(one).collect()
    }
}

/// The greatest word of each node, and how many visitors they make.
type View = (Vec<(String, u64, u64, BTreeSet<VisitorKey>)>, u64);

fn merged(messages: &[Message]) -> Replica {
    let mut replica = watching();
    for message in messages {
        replica.receive(&page(), message.clone(), ms(0));
    }
    replica
}

fn view(replica: &Replica) -> View {
    let known = replica.known(&page());
    let known = known.map(|it| (it.node.to_string(), it.incarnation, it.version, it.members.clone()));
    (known.collect(), replica.viewers(&page()))
}

/// What a replica would pass on of what it knows.
fn passed_on(replica: &Replica) -> Vec<Message> {
    let known = replica.known(&page());
    let known = known.map(|it| Message {
        node: it.node.clone(),
        incarnation: it.incarnation,
        body: state(it.version, &it.members.iter().copied().collect::<Vec<_>>()),
    });
    known.collect()
}

#[test]
fn merging_is_commutative_and_idempotent() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        let mut messages = dice.messages();
        let once = view(&merged(&messages));
        messages.extend_from_within(..messages.len() / 2);
        dice.shuffle(&mut messages);
        assert_eq!(view(&merged(&messages)), once, "seed {seed}");
    }
}

#[test]
fn merging_is_associative() {
    for seed in 0..2_000 {
        let mut dice = Dice(seed);
        // Who said goodbye is not passed on, so it must not have been said here.
        let mut part = || {
            let mut messages = dice.messages();
            messages.retain(|message| message.body != Body::Goodbye);
            messages
        };
        let [a, b, c] = [part(), part(), part()];
        let left_first = [passed_on(&merged(&[a.clone(), b.clone()].concat())), c.clone()].concat();
        let right_first = [a, passed_on(&merged(&[b, c].concat()))].concat();
        assert_eq!(view(&merged(&left_first)), view(&merged(&right_first)), "seed {seed}");
    }
}

#[test]
fn the_newest_word_of_each_node_holds() {
    for seed in 0..2_000 {
        let messages = Dice(seed).messages();
        let mut newest: BTreeMap<&NodeId, (u64, u64, &Body)> = BTreeMap::new();
        for message in &messages {
            let said = (message.incarnation, message.body.version(), &message.body);
            let known = newest.entry(&message.node).or_insert(said);
            if (said.0, said.1) > (known.0, known.1) {
                *known = said;
            }
        }
        let mut visitors: BTreeSet<VisitorKey> = BTreeSet::new();
        for (_, _, body) in newest.values() {
            if let Body::State { members, .. } = body {
                visitors.extend(members);
            }
        }
        assert_eq!(merged(&messages).viewers(&page()), visitors.len() as u64, "seed {seed}");
    }
}
