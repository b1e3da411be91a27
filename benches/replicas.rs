//! What `?wait=1` costs: acknowledged events per second with and without it.
//!
//! `cargo bench -p horizon-benches --bench replicas` prints a table. Both ways take turns in front of a redis-server
//! with one replica, which are started anew for each measurement, all on this machine. Rates wander with whatever else
//! the machine does; the ratio of one run is what to look at.

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

/// How many tasks track at the same time, each one event after another.
const TRACKERS: u16 = 256;

/// How often each way is measured.
const ROUNDS: usize = 3;

/// How long one measurement takes.
const TIME: Duration = Duration::from_secs(5);

/// The ways, by what stands behind the address of Redis.
const WAYS: [&str; 2] = ["", "?wait=1"];

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| round | events/s without | events/s with `?wait=1` | ratio |\n|--:|--:|--:|--:|"
    )?;
    for round in 0..ROUNDS {
        let mut rates = [0.0; 2];
        let mut ways: Vec<_> = WAYS.iter().zip(&mut rates).collect();
        // Each goes first in its turn.
        if round % 2 == 1 {
            ways.reverse();
        }
        for (query, rate) in ways {
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

/// Returns how many events were acknowledged in a second.
async fn measure(query: &str) -> Result<f64> {
    let master = RedisServer::start(&["--repl-diskless-sync-delay", "0"]).await?;
    let port = master.port().to_string();
    let _replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]).await?;
    while master.cli(&["WAIT", "1", "1000"]).await?.trim() != "1" {}
    let config = RedisConfig::new(&format!("{}{query}", master.url()))?;
    let pipe = Arc::new(RedisBus::connect(&config, Arc::new(MemoryStore::new()))?);
    let start = Instant::now();
    let mut trackers: JoinSet<_> = (0..TRACKERS)
        .map(|tracker| track(Arc::clone(&pipe), tracker, start + TIME))
        .collect();
    let mut acknowledged = 0_u32;
    while let Some(number) = trackers.join_next().await {
        acknowledged += number??;
    }
    Ok(f64::from(acknowledged) / start.elapsed().as_secs_f64())
}

/// Tracks events until `end`, and returns how many were acknowledged.
async fn track(pipe: Arc<RedisBus>, tracker: u16, end: Instant) -> horizon_core::Result<u32> {
    let mut number = 0_u32;
    while Instant::now() < end {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&tracker.to_be_bytes());
        random[2..6].copy_from_slice(&number.to_be_bytes());
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), random);
        pipe.track(Event::new(stamp, Topic::Site, EventKind::Visit { visitor: None }))
            .await?;
        number += 1;
    }
    Ok(number)
}
