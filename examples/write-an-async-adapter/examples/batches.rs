//! Counts the same batches of 256 events into PostgreSQL and into SQLite, both durable, and prints events per second
//! and round trips per batch: `cargo run --release -p write-an-async-adapter --example batches`.

#![expect(clippy::print_stdout, reason = "the output of the program")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use horizon_core::{Draft, Event, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp, Topic, VisitorKey};
use horizon_sqlite::SqliteStore;
use horizon_test_support::PostgresServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use write_an_async_adapter::AsyncStore;

const BATCHES: usize = 200;
const BATCH: usize = 256;
const DURABLE: [&str; 6] = [
    "-c",
    "fsync=on",
    "-c",
    "synchronous_commit=on",
    "-c",
    "full_page_writes=on",
];

#[tokio::main]
async fn main() -> Result<()> {
    let batches = batches()?;
    let server = PostgresServer::start(&DURABLE).await?;
    let proxy = CountingProxy::start(server.port()).await?;
    let proxied = proxy.url();

    let counted = AsyncStore::connect(&proxied).await?;
    let before = proxy.round_trips();
    counted.apply(batches.first().context("there are no batches")?).await?;
    let round_trips = proxy.round_trips() - before;

    let postgres = AsyncStore::connect(&server.url()).await?;
    measure("PostgreSQL, facts first", &postgres, &batches).await?;
    println!("{:>24}: {round_trips} round trips per batch", "PostgreSQL, facts first");

    let folder = tempfile::tempdir()?;
    let sqlite = SqliteStore::open(folder.path().join("batches.db"))?;
    measure("SQLite, ledger", &sqlite, &batches).await
}

async fn measure(name: &str, store: &dyn StatsStore, batches: &[Vec<Event>]) -> Result<()> {
    let start = Instant::now();
    for batch in batches {
        store.apply(batch).await?;
    }
    let took = start.elapsed();
    let events: usize = batches.iter().map(Vec::len).sum();
    let per_second = events as f64 / took.as_secs_f64();
    let millis = took.as_secs_f64() * 1e3 / batches.len() as f64;
    println!("{name:>24}: {per_second:.0} events/s, {millis:.1} ms per batch");
    Ok(())
}

/// Returns visits of pages and of the site, likes and a few comments.
fn batches() -> Result<Vec<Vec<Event>>> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut at = Timestamp::from_millis(1_800_000_000_000);
    let mut event = |number: usize| -> Result<Event> {
        at = at.plus(Duration::from_millis(5));
        let mut entropy = [0; 10];
        random.fill(&mut entropy);
        let page = Topic::from(Slug::new(&format!("post-{}", random.u32(..200)))?);
        let visitor = Some(VisitorKey::from_u128(random.u128(..20_000)));
        let reader = ReaderId::from_u128(random.u128(..20_000));
        let (topic, kind) = match number % 20 {
            0..8 => (page, EventKind::visit(visitor)),
            8..16 => (Topic::Site, EventKind::visit(visitor)),
            16..19 => (page, EventKind::Like { reader }),
            _ => {
                let draft = Draft::new("Ada", "A comment of some length, as readers write them.", None)?;
                let kind = EventKind::Comment {
                    reader,
                    draft,
                    pending: false,
                };
                (page, kind)
            }
        };
        Ok(Event::new(Stamp::new(at, entropy), topic, kind))
    };
    (0..BATCHES).map(|_| (0..BATCH).map(&mut event).collect()).collect()
}

/// Forwards connections to PostgreSQL, and counts how often the client waits: a request after a response.
struct CountingProxy {
    port: u16,
    round_trips: Arc<AtomicU64>,
}

impl CountingProxy {
    async fn start(server: u16) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let round_trips = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&round_trips);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                    return;
                };
                forward(client, server, Arc::clone(&counted));
            }
        });
        Ok(Self { port, round_trips })
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }
}

fn forward(client: TcpStream, server: TcpStream, round_trips: Arc<AtomicU64>) {
    let has_responded = Arc::new(AtomicBool::new(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let responded = Arc::clone(&has_responded);
    tokio::spawn(copy(from_client, to_server, move || {
        if responded.swap(false, Ordering::Relaxed) {
            round_trips.fetch_add(1, Ordering::Relaxed);
        }
    }));
    tokio::spawn(copy(from_server, to_client, move || {
        has_responded.store(true, Ordering::Relaxed);
    }));
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut on_bytes: impl FnMut()) -> Result<()> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        on_bytes();
        to.write_all(
            buffer
                .get(..length)
                .context("a read of more bytes than the buffer has")?,
        )
        .await?;
    }
}
