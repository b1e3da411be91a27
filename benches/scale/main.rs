//! The rate of events over Redis, compared with Redis and the stores alone in the same run.
//!
//! `cargo bench -p horizon-benches --bench scale` starts a redis-server and prints a table. Rates depend on the load of
//! the machine; compare the ratios of one run.

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use horizon_core::{Event, EventBus, StatsStore, Timestamp, process_batch};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer, RedisStore};
use horizon_sqlite::SqliteStore;
use tokio::process::Command;
use tokio::sync::Notify;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Events per measurement.
const EVENTS: u64 = 200_000;

/// Calls of `track` at the same time, as on a busy web node.
const CALLERS: usize = 1_024;

/// The batch size of the accumulator.
const BATCH: usize = 1_024;

/// The longest time of a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

#[tokio::main]
async fn main() -> Result<()> {
    let mut table = ScaleTable(std::io::stdout());
    let server = RedisServer::start(&[]).await?;
    table.head()?;
    let raw = raw_xadd(&server).await?;
    table.row("redis-benchmark, raw XADD in pipelines of 512", raw, raw)?;

    server.cli(&["FLUSHALL"]).await?;
    let config = RedisConfig::new(&server.url())?;
    let bus = RedisBus::connect(&config, Arc::new(MemoryStore::new()))?;
    let tracked = track(&bus, &horizon_benches::events(0, EVENTS)?).await?;
    table.row(&format!("one web node: RedisBus, {CALLERS} callers"), tracked, raw)?;

    let folder = tempfile::tempdir()?;
    let mut first = EVENTS;
    for name in ["memory", "sqlite", "redis"] {
        let store = |place: &str| open(name, &folder.path().join(place), &config);
        let direct = apply(&*store("direct.db")?, &horizon_benches::events(first, EVENTS)?).await?;
        table.row(&format!("{name} alone, in batches of {BATCH}"), direct, direct)?;
        first += EVENTS;
        server.cli(&["DEL", "analytics:events"]).await?;
        track(&bus, &horizon_benches::events(first, EVENTS)?).await?;
        first += EVENTS;
        let counted = accumulate(&config, &*store("accumulator.db")?).await?;
        table.row(&format!("one accumulator, {name} store"), counted, direct)?;
    }
    Ok(())
}

fn open(name: &str, file: &std::path::Path, config: &RedisConfig) -> Result<Arc<dyn StatsStore>> {
    Ok(match name {
        "sqlite" => Arc::new(SqliteStore::open(file)?),
        "redis" => Arc::new(RedisStore::connect(config)?),
        _ => Arc::new(MemoryStore::new()),
    })
}

/// Returns events per second.
fn rate(started: Instant) -> f64 {
    EVENTS as f64 / started.elapsed().as_secs_f64()
}

/// Returns the rate of XADD with an entry of the size of an event, from redis-benchmark.
async fn raw_xadd(server: &RedisServer) -> Result<f64> {
    let event = horizon_benches::events(0, 1)?.into_iter().next().ok_or("no event")?;
    let json = format!("{{\"v\":1,{}", serde_json::to_string(&event)?.trim_start_matches('{'));
    let output = Command::new("redis-benchmark")
        .args([
            "-p",
            &server.port().to_string(),
            "-c",
            "1",
            "-P",
            "512",
            "--csv",
            "-n",
            &EVENTS.to_string(),
        ])
        .args(["XADD", "analytics:events", "*", "event", &json])
        .output()
        .await?;
    let text = String::from_utf8(output.stdout)?;
    // The last line: the command, requests per second, and six latencies. The command contains commas.
    let line = text.lines().last().ok_or("redis-benchmark printed nothing")?;
    let rate = line.rsplit(',').nth(6).ok_or("redis-benchmark printed no rate")?;
    Ok(rate.trim_matches('"').parse()?)
}

async fn track(bus: &RedisBus, events: &[Event]) -> Result<f64> {
    let started = Instant::now();
    let mut tracked = futures::stream::iter(events.iter().cloned())
        .map(|event| bus.track(event))
        .buffer_unordered(CALLERS);
    while let Some(answer) = tracked.next().await {
        answer?;
    }
    Ok(rate(started))
}

async fn apply(store: &dyn StatsStore, events: &[Event]) -> Result<f64> {
    let started = Instant::now();
    for batch in events.chunks(BATCH) {
        store.apply(batch).await?;
    }
    Ok(rate(started))
}

async fn accumulate(config: &RedisConfig, store: &dyn StatsStore) -> Result<f64> {
    let limit = NonZeroUsize::new(BATCH).ok_or("a batch has events")?;
    // As in the service: while one consumer acknowledges, the store applies the batch of the other.
    let mut consumers = [
        RedisConsumer::connect(config, ConsumerConfig::new("bench.1"))?,
        RedisConsumer::connect(config, ConsumerConfig::new("bench.2"))?,
    ];
    let started = Instant::now();
    let counted = AtomicU64::new(0);
    let (done, all) = (Notify::new(), consumers.iter_mut());
    let counting = futures::future::join_all(all.map(async |consumer| {
        while let Ok(progress) = process_batch(consumer, store, &|| NOW, limit).await {
            let applied = progress.applied as u64;
            if counted.fetch_add(applied, Ordering::Relaxed) + applied >= EVENTS {
                done.notify_one();
            }
        }
    }));
    tokio::select! {
        () = done.notified() => Ok(rate(started)),
        _ = counting => Err("a consumer or the store failed".into()),
        () = tokio::time::sleep(PATIENCE) => Err("not everything was counted in time".into()),
    }
}

struct ScaleTable<W>(W);

impl<W: std::io::Write> ScaleTable<W> {
    fn head(&mut self) -> Result<()> {
        writeln!(self.0, "| what | events/s | of the maximum |\n|---|--:|--:|")?;
        Ok(())
    }

    fn row(&mut self, what: &str, rate: f64, possible: f64) -> Result<()> {
        writeln!(self.0, "| {what} | {rate:.0} | {:.0} % |", rate / possible * 100.0)?;
        Ok(())
    }
}
