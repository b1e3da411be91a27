//! One presence replica with 100,000 members on one page.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use horizon_core::{
    Slug, Topic, VisitorKey,
    presence::{MessageBody, NodeId, PresenceMessage, Replica, Timing},
};

const MEMBERS: u64 = 100_000;

/// Members that join or leave with a delta.
const CHANGED: u64 = 100;

const START: Duration = Duration::from_secs(1);

fn page() -> Topic {
    Slug::new("hello").unwrap().into()
}

/// Returns visitor keys that are spread over all values like hashes.
fn visitor(number: u64) -> VisitorKey {
    VisitorKey::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn visitors(first: u64, count: u64) -> Vec<VisitorKey> {
    (first..first + count).map(visitor).collect()
}

fn watching() -> Replica {
    let mut timing = Timing::default();
    timing.grace = Duration::ZERO;
    let mut replica = Replica::new(NodeId::new("web-1").unwrap(), 1, timing);
    replica.watch(&page(), START);
    replica
}

/// Returns a replica whose own viewers are all these members.
fn crowded() -> Replica {
    let mut replica = watching();
    for visitor in visitors(0, MEMBERS) {
        replica.join(&page(), visitor, START);
    }
    replica.tick(START + Duration::from_millis(100));
    let _ = replica.effects();
    replica
}

fn state(version: u64, first: u64) -> PresenceMessage {
    let members = visitors(first, MEMBERS);
    said(MessageBody::State { version, members })
}

fn said(body: MessageBody) -> PresenceMessage {
    PresenceMessage {
        node: NodeId::new("web-2").unwrap(),
        incarnation: 1,
        body,
    }
}

fn join(criterion: &mut Criterion) {
    let (mut replica, page, mut now, mut next) = (crowded(), page(), START, MEMBERS);
    criterion.bench_function("presence/join and leave, one of 100,000", |bencher| {
        bencher.iter(|| {
            // Pause between two changes, so that each is published.
            now += Duration::from_secs(1);
            next += 1;
            replica.join(&page, visitor(next), now);
            replica.leave(&page, visitor(next), now);
            replica.tick(now);
            black_box(replica.effects())
        });
    });
}

fn receive(criterion: &mut Criterion) {
    let page = page();
    let mut group = criterion.benchmark_group("presence");
    let (mut replica, mut version) = (watching(), 1);
    replica.receive(&page, state(version, 0), START);
    group.bench_function("receive a delta of 100 to 100,000", |bencher| {
        let change = |is_join: bool, from: u64| {
            let (some, none) = (visitors(MEMBERS, CHANGED), Vec::new());
            let (joined, left) = if is_join { (some, none) } else { (none, some) };
            said(MessageBody::Delta {
                from,
                to: from + 1,
                joined,
                left,
            })
        };
        bencher.iter(|| {
            replica.receive(&page, change(version % 2 == 1, version), START);
            version += 1;
            black_box(replica.effects())
        });
    });
    group.sample_size(10);
    for (name, known) in [
        ("receive a state of 100,000, none known", None),
        (
            "receive a state of 100,000, one in ten new",
            Some(state(1, MEMBERS / 10)),
        ),
        ("receive a state of 100,000, known already", Some(state(2, 0))),
    ] {
        group.bench_function(name, |bencher| {
            let setup = || {
                let mut replica = watching();
                if let Some(known) = known.clone() {
                    replica.receive(&page, known, START);
                }
                (replica, state(2, 0))
            };
            let take = |(mut replica, message): (Replica, PresenceMessage)| {
                replica.receive(&page, message, START);
                replica
            };
            bencher.iter_batched(setup, take, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn tick(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("presence");
    let (mut replica, mut now) = (crowded(), START);
    group.bench_function("tick with 100,000 members, a beat", |bencher| {
        bencher.iter(|| {
            now += Timing::default().heartbeat_interval;
            replica.tick(now);
            black_box(replica.effects())
        });
    });
    group.sample_size(10);
    group.bench_function("tick with 100,000 who leave", |bencher| {
        let setup = || {
            let mut replica = crowded();
            for visitor in visitors(0, MEMBERS) {
                replica.leave(&page(), visitor, START);
            }
            replica
        };
        let go = |mut replica: Replica| {
            replica.tick(START * 2);
            replica
        };
        bencher.iter_batched(setup, go, BatchSize::PerIteration);
    });
    group.finish();
}

fn json(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("presence");
    let message = state(1, 0);
    let text = serde_json::to_string(&message).unwrap();
    group.throughput(Throughput::Elements(MEMBERS));
    group.sample_size(10);
    group.bench_function("a state of 100,000 to JSON", |bencher| {
        bencher.iter(|| serde_json::to_string(black_box(&message)).unwrap());
    });
    group.bench_function("a state of 100,000 from JSON", |bencher| {
        bencher.iter(|| serde_json::from_str::<PresenceMessage>(black_box(&text)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, join, receive, tick, json);
criterion_main!(benches);
