//! One replica, told what happens step by step. Whole clusters are played in `tests/presence`.

mod bounds;
mod merge;
mod others;
mod own;

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

/// A replica that watches the page, with nothing left to do for the caller.
fn watching() -> Replica {
    let mut replica = replica();
    replica.watch(&page(), ms(0));
    let _ = replica.effects();
    replica
}

fn message(name: &str, incarnation: u64, body: Body) -> Message {
    Message {
        node: node(name),
        incarnation,
        body,
    }
}

fn state(version: u64, members: &[VisitorKey]) -> Body {
    Body::State {
        version,
        members: members.into(),
    }
}

fn delta(from: u64, to: u64, joined: &[VisitorKey], left: &[VisitorKey]) -> Body {
    Body::Delta {
        from,
        to,
        joined: joined.into(),
        left: left.into(),
    }
}

fn ask(of: &str) -> Body {
    Body::Ask { of: Some(node(of)) }
}

/// What another node says on the page, in its first life.
fn hear(replica: &mut Replica, name: &str, body: Body, now: Duration) {
    replica.receive(&page(), message(name, 1, body), now);
}

/// What the replica says on the page since it was asked last.
fn said(replica: &mut Replica) -> Vec<Body> {
    let published = |effect| match effect {
        Effect::Publish(_, message) => Some(message.body),
        _ => None,
    };
    replica.effects().into_iter().filter_map(published).collect()
}

/// Ticks whenever it is due, until `end`. Answers what was said.
fn run(replica: &mut Replica, end: Duration) -> Vec<Body> {
    let mut all = said(replica);
    while let Some(at) = replica.next_tick().filter(|at| *at <= end) {
        replica.tick(at);
        all.extend(said(replica));
    }
    all
}
