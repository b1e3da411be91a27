//! The cost of `?wait=1`: acknowledged events per second with and without it.
//!
//! `cargo bench -p horizon-benches --bench replicas` prints a table. The variants take turns, each time with a new
//! redis-server and one replica on this machine. Rates depend on the load of the machine; compare the ratios of one
//! run.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::{Event, EventBus, EventKind, Stamp, Timestamp, Topic};
use horizon_memory::MemoryStore;
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisBus, RedisConfig};
use tokio::task::JoinSet;
use tokio::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Tasks that track at the same time.
const TRACKERS: u16 = 256;

/// Measurements per variant.
const ROUNDS: usize = 3;

/// The duration of a measurement.
const DURATION: Duration = Duration::from_secs(5);

/// The query in the URL of Redis, per variant.
const VARIANTS: [&str; 2] = ["", "?wait=1"];

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| round | events/s without | events/s with `?wait=1` | ratio |\n|--:|--:|--:|--:|"
    )?;
    for round in 0..ROUNDS {
        let mut rates = [0.0; 2];
        let mut variants: Vec<_> = VARIANTS.iter().zip(&mut rates).collect();
        // Alternate which variant goes first.
        if round % 2 == 1 {
            variants.reverse();
        }
        for (query, rate) in variants {
            *rate = runtime.block_on(measure(query))?;
        }
        let [without, with] = rates;
        writeln!(
            out,
            "| {} | {without:.0} | {with:.0} | {:.2} |",
            round + 1,
            with / without
        )?;
    }
    Ok(())
}

/// Returns acknowledged events per second.
async fn measure(query: &str) -> Result<f64> {
    let master = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await?;
    let port = master.port().to_string();
    let _replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await?;
    while master.cli(&["WAIT", "1", "1000"]).await?.trim() != "1" {}
    let config = RedisConfig::new(&format!("{}{query}", master.url()))?;
    let bus = Arc::new(RedisBus::connect(&config, Arc::new(MemoryStore::new()))?);
    let start = Instant::now();
    let mut trackers: JoinSet<_> = (0..TRACKERS)
        .map(|tracker| track(Arc::clone(&bus), tracker, start + DURATION))
        .collect();
    let mut acknowledged = 0_u32;
    while let Some(number) = trackers.join_next().await {
        acknowledged += number??;
    }
    Ok(f64::from(acknowledged) / start.elapsed().as_secs_f64())
}

/// Tracks events until `end`. Returns the number of acknowledged events.
async fn track(bus: Arc<RedisBus>, tracker: u16, end: Instant) -> horizon_core::Result<u32> {
    let mut number = 0_u32;
    while Instant::now() < end {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&tracker.to_be_bytes());
        random[2..6].copy_from_slice(&number.to_be_bytes());
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), random);
        bus.track(Event::new(stamp, Topic::Site, EventKind::visit(None)))
            .await?;
        number += 1;
    }
    Ok(number)
}
