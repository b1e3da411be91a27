//! The rate of events over Redis, compared with Redis and the stores alone in the same run.
//!
//! `cargo bench -p horizon-benches --bench scale` starts a redis-server and a PostgreSQL server, both with default
//! settings, and prints a table. Rates depend on the load of the machine; compare the ratios of one run, and CPU times.
//! An argument, such as `postgres`, is the only store to measure.

mod cost;
mod reference;

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt;
use horizon_core::{Event, EventBus, StatsStore, Timestamp, process_batch};
use horizon_memory::MemoryStore;
use horizon_postgres::{PostgresConfig, PostgresStore};
use horizon_redis::testing::RedisServer;
use horizon_redis::{ConsumerConfig, RedisBus, RedisConfig, RedisConsumer, RedisStore};
use horizon_sqlite::SqliteStore;
use horizon_test_support::{PostgresOptions, PostgresServer, TestDatabase};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Notify;

use cost::{ScaleCost, ServerIds};
use reference::RowReference;

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

/// The stores, in the order of the table.
const STORES: [&str; 4] = ["memory", "sqlite", "redis", "postgres"];

#[tokio::main]
async fn main() -> Result<()> {
    // Cargo passes options of its own.
    let only = std::env::args().find(|argument| STORES.contains(&argument.as_str()));
    let bench = ScaleBench::start().await?;
    let mut table = ScaleTable(std::io::stdout());
    table.head()?;
    if only.is_none() {
        bench.web_node(&mut table).await?;
    }
    let stores = STORES
        .into_iter()
        .filter(|name| only.as_ref().is_none_or(|only| only == name));
    for (number, name) in (1..).zip(stores) {
        bench.store(&mut table, name, number * 2 * EVENTS).await?;
    }
    Ok(())
}

/// The servers and files of a run.
struct ScaleBench {
    redis: RedisServer,
    postgres: PostgresServer,
    ids: ServerIds,
    config: RedisConfig,
    bus: RedisBus,
    folder: TempDir,
}

/// A store that has counted an event, so that its connections are open.
struct OpenStore {
    store: Arc<dyn StatsStore>,
    /// The store's database, if it has one.
    database: Option<TestDatabase>,
}

impl ScaleBench {
    async fn start() -> Result<Self> {
        let redis = RedisServer::start(&[]).await?;
        let options = PostgresOptions {
            is_durable: true,
            ..PostgresOptions::default()
        };
        let postgres = PostgresServer::start_with(&options).await?;
        let ids = ServerIds {
            redis: redis.id().ok_or("Redis does not run")?,
            postgres: postgres.id()?,
        };
        let config = RedisConfig::new(&redis.url())?;
        let bus = RedisBus::connect(&config, Arc::new(MemoryStore::new()))?;
        Ok(Self {
            redis,
            postgres,
            ids,
            config,
            bus,
            folder: tempfile::tempdir()?,
        })
    }

    async fn web_node(&self, table: &mut ScaleTable<impl std::io::Write>) -> Result<()> {
        let raw = ScaleCost {
            rate: raw_xadd(&self.redis).await?,
            cpu: None,
        };
        table.row("redis-benchmark, raw XADD in pipelines of 512", raw, raw)?;
        self.redis.cli(&["FLUSHALL"]).await?;
        let events = horizon_benches::events(0, EVENTS)?;
        let tracked = self.ids.measure(async || track(&self.bus, &events).await).await?;
        table.row(&format!("one web node: RedisBus, {CALLERS} callers"), tracked, raw)
    }

    /// Measures a store alone and with an accumulator. Events are numbered from `first`.
    async fn store(&self, table: &mut ScaleTable<impl std::io::Write>, name: &str, first: u64) -> Result<()> {
        let open = self.open(name, first).await?;
        let events = horizon_benches::events(first + 1, EVENTS)?;
        let direct = self.ids.measure(async || apply(&*open.store, &events).await).await?;
        let mut limit = direct;
        if let Some(database) = &open.database {
            limit = self.reference(database).await?;
            table.row("the rows of PostgreSQL, multi-row inserts alone", limit, limit)?;
        }
        table.row(&format!("{name} alone, in batches of {BATCH}"), direct, limit)?;
        let first = first + 1 + EVENTS;
        let open = self.open(name, first).await?;
        self.redis.cli(&["DEL", "analytics:events"]).await?;
        track(&self.bus, &horizon_benches::events(first + 1, EVENTS)?).await?;
        let work = async || accumulate(&self.config, &*open.store).await;
        let counted = self.ids.measure(work).await?;
        table.row(&format!("one accumulator, {name} store"), counted, limit)
    }

    /// Opens a store, which counts the event with this number.
    async fn open(&self, name: &str, first: u64) -> Result<OpenStore> {
        let mut database = None;
        let store: Arc<dyn StatsStore> = match name {
            "sqlite" => Arc::new(SqliteStore::open(self.folder.path().join(format!("{first}.db")))?),
            "redis" => Arc::new(RedisStore::connect(&self.config)?),
            "postgres" => {
                let database = database.insert(self.postgres.create_database().await?);
                Arc::new(PostgresStore::new(&PostgresConfig::new(database.url())?)?)
            }
            _ => Arc::new(MemoryStore::new()),
        };
        store.apply(&horizon_benches::events(first, 1)?).await?;
        Ok(OpenStore { store, database })
    }

    /// Returns the cost of writing the rows of `store` without reading and without rules.
    async fn reference(&self, store: &TestDatabase) -> Result<ScaleCost> {
        let target = self.postgres.create_database().await?;
        let transactions = usize::try_from(EVENTS)?.div_ceil(BATCH);
        let reference = RowReference::new(store, &target, transactions).await?;
        self.ids.measure(async || reference.write().await).await
    }
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

async fn track(bus: &RedisBus, events: &[Event]) -> Result<()> {
    let mut tracked = futures::stream::iter(events.iter().cloned())
        .map(|event| bus.track(event))
        .buffer_unordered(CALLERS);
    while let Some(answer) = tracked.next().await {
        answer?;
    }
    Ok(())
}

async fn apply(store: &dyn StatsStore, events: &[Event]) -> Result<()> {
    for batch in events.chunks(BATCH) {
        store.apply(batch).await?;
    }
    Ok(())
}

async fn accumulate(config: &RedisConfig, store: &dyn StatsStore) -> Result<()> {
    let limit = NonZeroUsize::new(BATCH).ok_or("a batch has events")?;
    // As in the service: while one consumer acknowledges, the store applies the batch of the other.
    let mut consumers = [
        RedisConsumer::connect(config, ConsumerConfig::new("bench.1"))?,
        RedisConsumer::connect(config, ConsumerConfig::new("bench.2"))?,
    ];
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
        () = done.notified() => Ok(()),
        _ = counting => Err("a consumer or the store failed".into()),
        () = tokio::time::sleep(PATIENCE) => Err("not everything was counted in time".into()),
    }
}

struct ScaleTable<W>(W);

impl<W: std::io::Write> ScaleTable<W> {
    fn head(&mut self) -> Result<()> {
        writeln!(
            self.0,
            "CPU seconds per 100,000 events, of this process and of the servers:\n\n\
             | what | events/s | of the limit | CPU | of Redis | of PostgreSQL |\n|---|--:|--:|--:|--:|--:|"
        )?;
        Ok(())
    }

    fn row(&mut self, what: &str, cost: ScaleCost, limit: ScaleCost) -> Result<()> {
        let (rate, ratio) = (cost.rate, cost.rate / limit.rate * 100.0);
        write!(self.0, "| {what} | {rate:.0} | {ratio:.0} % |")?;
        match cost.cpu {
            Some(cpu) => writeln!(self.0, " {:.2} | {:.2} | {:.2} |", cpu.process, cpu.redis, cpu.postgres)?,
            None => writeln!(self.0, " | | |")?,
        }
        Ok(())
    }
}
