//! The pure parts: an event from JSON, a live message to bytes.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to say but why"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use horizon_core::{
    Event,
    live::{self, Numbers},
};

fn event_decode(criterion: &mut Criterion) {
    let lines: Vec<String> = horizon_benches::events(0, 1_000)
        .unwrap()
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    let mut group = criterion.benchmark_group("event");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("decode 1,000 from JSON", |bencher| {
        bencher.iter(|| {
            for line in &lines {
                black_box(serde_json::from_str::<Event>(line).unwrap());
            }
        });
    });
    group.finish();
}

fn live_encode(criterion: &mut Criterion) {
    let numbers = Numbers {
        viewers: 17,
        visits: 1_204,
        likes: 58,
        comments: 3,
    };
    criterion.bench_function("live/encode one message", |bencher| {
        bencher.iter(|| live::encode(live::LIVE, black_box(&numbers)).unwrap());
    });
}

criterion_group!(benches, event_decode, live_encode);
criterion_main!(benches);
