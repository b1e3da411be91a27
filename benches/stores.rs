//! Events per second that each store counts durably, in batches of 1,000.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use horizon_core::StatsStore;
use horizon_memory::MemoryStore;
use horizon_sqlite::SqliteStore;

const BATCH: u64 = 1_000;

fn apply(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("bench.db")).unwrap();
    let memory = MemoryStore::default();
    let stores: [(&str, &dyn StatsStore); 2] = [("memory", &memory), ("sqlite", &sqlite)];
    let mut group = criterion.benchmark_group("apply 1,000 new events");
    group.throughput(Throughput::Elements(BATCH)).sample_size(20);
    let mut next = 0;
    for (name, store) in stores {
        group.bench_function(name, |bencher| {
            bencher.to_async(&runtime).iter_batched(
                || {
                    next += BATCH;
                    horizon_benches::events(next, BATCH).unwrap()
                },
                async |events| store.apply(&events).await.unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, apply);
criterion_main!(benches);
