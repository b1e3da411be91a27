//! Pure functions: decode an event, apply events, encode a live message.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    hint::black_box,
};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use horizon_core::{
    Comment, Delta, Event, EventId, Ledger, ReaderId, Stamp, Timestamp, Topic, Update, Visibility, VisitorKey,
    apply_events, wire::PageStats,
};

/// A ledger of one page in hash tables, so that [`apply_events`] is measured and not a store.
#[derive(Default)]
struct PageLedger {
    counted: HashSet<EventId>,
    seen: HashMap<VisitorKey, Timestamp>,
    likes: HashSet<ReaderId>,
    totals: HashMap<Topic, Update>,
}

impl Ledger for PageLedger {
    type Error = Infallible;

    fn insert_event_id(&mut self, id: EventId, _: Timestamp) -> Result<bool, Infallible> {
        Ok(self.counted.insert(id))
    }

    fn touch_visitor(
        &mut self,
        _: &Topic,
        visitor: VisitorKey,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Infallible> {
        Ok(self.seen.insert(visitor, at))
    }

    fn set_like(&mut self, _: &Topic, reader: ReaderId, likes: bool, _: Stamp) -> Result<bool, Infallible> {
        Ok(if likes {
            self.likes.insert(reader)
        } else {
            self.likes.remove(&reader)
        })
    }

    fn comment(&mut self, _: EventId) -> Result<Option<Comment>, Infallible> {
        Ok(None)
    }

    fn add_comment(&mut self, _: &Comment) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_visibility(&mut self, _: EventId, _: Visibility, _: Stamp) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn add_delta(&mut self, topic: &Topic, delta: Delta) -> Result<Update, Infallible> {
        let total = self
            .totals
            .entry(topic.clone())
            .or_insert_with(|| Update::empty(topic.clone()));
        total.stats += delta;
        total.revision += 1;
        Ok(total.clone())
    }
}

fn stats_fold(criterion: &mut Criterion) {
    let events = horizon_benches::events(0, 1_000).unwrap();
    let mut group = criterion.benchmark_group("stats");
    group.throughput(Throughput::Elements(1_000));
    for (name, known) in [("fold 1,000 new events", false), ("fold 1,000 known events", true)] {
        group.bench_function(name, |bencher| {
            let setup = || {
                let mut facts = PageLedger::default();
                if known {
                    apply_events(&mut facts, &events).unwrap();
                }
                facts
            };
            let fold = |mut facts: PageLedger| {
                black_box(apply_events(&mut facts, &events).unwrap());
                facts
            };
            bencher.iter_batched(setup, fold, BatchSize::SmallInput);
        });
    }
    group.finish();
}

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
    let numbers = PageStats {
        viewers: 17,
        visits: 1_204,
        likes: 58,
        comments: 3,
        ..PageStats::default()
    };
    criterion.bench_function("live/encode one message", |bencher| {
        bencher.iter(|| serde_json::to_string(black_box(&numbers)).unwrap());
    });
}

criterion_group!(benches, event_decode, stats_fold, live_encode);
criterion_main!(benches);
