//! Tests of a single replica. `tests/presence` simulates whole clusters.

mod bounds;
mod local;
mod merge;
mod remote;

use super::*;
use crate::Slug;

const ADA: VisitorKey = VisitorKey::from_u128(1);
const BOB: VisitorKey = VisitorKey::from_u128(2);
const EVE: VisitorKey = VisitorKey::from_u128(3);

/// The incarnation of the node under test.
const INCARNATION: u64 = 1_000;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

fn node(name: &str) -> NodeId {
    NodeId::new(name).unwrap()
}

fn replica() -> Replica {
    Replica::new(node("me"), INCARNATION, Timing::default())
}

/// Returns a replica that watches the page and has no pending effects.
fn watching() -> Replica {
    let mut replica = replica();
    replica.watch(&page(), ms(0));
    let _ = replica.effects();
    replica
}

fn message(name: &str, incarnation: u64, body: MessageBody) -> PresenceMessage {
    PresenceMessage {
        node: node(name),
        incarnation,
        body,
    }
}

fn state(version: u64, members: &[VisitorKey]) -> MessageBody {
    MessageBody::State {
        version,
        members: members.into(),
    }
}

fn delta(from: u64, to: u64, joined: &[VisitorKey], left: &[VisitorKey]) -> MessageBody {
    MessageBody::Delta {
        from,
        to,
        joined: joined.into(),
        left: left.into(),
    }
}

fn state_request(name: &str) -> MessageBody {
    MessageBody::StateRequest { node: Some(node(name)) }
}

/// Receives a message of another node on the page, with incarnation 1.
fn receive(replica: &mut Replica, name: &str, body: MessageBody, now: Duration) {
    replica.receive(&page(), message(name, 1, body), now);
}

/// Returns the messages that the replica published since the last call.
fn sent(replica: &mut Replica) -> Vec<MessageBody> {
    let published = |effect| match effect {
        Effect::Publish(_, message) => Some(message.body),
        _ => None,
    };
    replica.effects().into_iter().filter_map(published).collect()
}

/// Ticks when due until `end`. Returns the published messages.
fn run(replica: &mut Replica, end: Duration) -> Vec<MessageBody> {
    let mut all = sent(replica);
    while let Some(at) = replica.next_tick().filter(|at| *at <= end) {
        replica.tick(at);
        all.extend(sent(replica));
    }
    all
}
