//! The cost of reading a page's comments while the database has more and more comments of other pages.
//!
//! `cargo bench -p horizon-benches --bench comments_reads` sends `GET /comments/{slug}` through `Horizon::handle`:
//! 50 threads with two replies each, from memory, SQLite and a new redis-server. It prints the CPU per request
//! of this process and of Redis, and for each store the ratio of the most expensive row to the cheapest. `-- --quick`
//! sends fewer requests and stops at 10,000 comments.

use std::{
    error::Error,
    io::{Write, stdout},
    net::IpAddr,
    sync::Arc,
};

use eventhorizon::{
    Horizon, Slug,
    http::{Request, StatusCode},
};
use horizon_benches::{cpu_seconds, cpu_seconds_of};
use horizon_core::testing::Store;
use horizon_core::{Draft, Event, EventId, EventKind, Ports, ReaderId, Stamp, Timestamp, Topic, Visibility};
use horizon_memory::{MemoryBus, MemoryPresence, MemoryStore};
use horizon_redis::{RedisConfig, RedisStore, testing::RedisServer};
use horizon_sqlite::SqliteStore;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The requested page.
const PAGE: &str = "measured";

/// The threads of the requested page: the limit of a response.
const THREADS: u32 = 50;

/// The replies per thread.
const REPLIES: u32 = 2;

/// The numbers of comments of other pages.
const SIZES: [u32; 4] = [100, 1_000, 10_000, 100_000];

/// Comments per other page.
const A_PAGE: u32 = 200;

/// Events per batch.
const BATCH: usize = 1_000;

/// Measured requests.
const REQUESTS: u32 = 2_000;

/// Measured requests with `--quick`.
const QUICK_REQUESTS: u32 = 200;

/// The highest allowed ratio of a store's most expensive row to its cheapest.
const TARGET: f64 = 1.5;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

#[tokio::main]
async fn main() -> Result<()> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let sizes = SIZES.get(..if is_quick { 3 } else { 4 }).unwrap_or(&SIZES);
    let requests = if is_quick { QUICK_REQUESTS } else { REQUESTS };
    let folder = tempfile::tempdir()?;
    let server = RedisServer::start(&[]).await?;
    writeln!(stdout(), "store   comments elsewhere   CPU per GET")?;
    for name in ["memory", "sqlite", "redis"] {
        let store: Arc<dyn Store> = match name {
            "sqlite" => Arc::new(SqliteStore::open(folder.path().join("horizon.db"))?),
            "redis" => Arc::new(RedisStore::connect(&RedisConfig::new(&server.url())?)?),
            _ => Arc::new(MemoryStore::new()),
        };
        let redis = server.id().filter(|_| name == "redis");
        let costs = measure(name, store, redis, sizes, requests).await?;
        let dearest = costs.iter().copied().fold(0.0, f64::max);
        let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
        let ratio = dearest / cheapest;
        writeln!(stdout(), "{name:<7} max/min {ratio:.2}, wanted at most {TARGET}")?;
    }
    Ok(())
}

/// Returns the CPU time per request at each size, in seconds.
async fn measure(
    name: &str,
    store: Arc<dyn Store>,
    redis: Option<u32>,
    sizes: &[u32],
    requests: u32,
) -> Result<Vec<f64>> {
    let mut writer = CommentGenerator::default();
    let events = writer.page(PAGE, THREADS, REPLIES)?;
    apply(&*store, &events).await?;
    let horizon = horizon(&store).await?;
    let mut costs = Vec::new();
    for &size in sizes {
        let events = writer.elsewhere(size)?;
        apply(&*store, &events).await?;
        read(&horizon, requests / 10).await?;
        let before = cpu(redis)?;
        read(&horizon, requests).await?;
        let cost = (cpu(redis)? - before) / f64::from(requests);
        writeln!(stdout(), "{name:<7} {size:>18} {:>10.0} µs", cost * 1e6)?;
        costs.push(cost);
    }
    horizon.close().await?;
    Ok(costs)
}

fn cpu(redis: Option<u32>) -> Result<f64> {
    let theirs = redis.map(cpu_seconds_of).transpose()?;
    Ok(cpu_seconds()? + theirs.unwrap_or_default())
}

async fn horizon(store: &Arc<dyn Store>) -> Result<Horizon> {
    let (bus, _consumer) = MemoryBus::new(Arc::clone(store) as _);
    let ports = Ports::new(
        Arc::new(MemoryPresence::default()),
        Arc::new(bus),
        Arc::clone(store) as _,
        Arc::clone(store) as _,
        Arc::clone(store) as _,
    );
    Ok(Horizon::from_ports(ports).start(|_: &Slug| true).await?)
}

async fn apply(store: &dyn Store, events: &[Event]) -> Result<()> {
    for batch in events.chunks(BATCH) {
        store.apply(batch).await?;
    }
    Ok(())
}

async fn read(horizon: &Horizon, requests: u32) -> Result<()> {
    let peer: IpAddr = [192, 0, 2, 1].into();
    for _ in 0..requests {
        let request = Request::get(format!("/comments/{PAGE}")).body(String::new())?;
        let answer = horizon.handle(peer, request).await;
        if answer.status() != StatusCode::OK {
            return Err(format!("the comments were answered {}", answer.status()).into());
        }
    }
    Ok(())
}

/// Writes comments with unique ids.
#[derive(Default)]
struct CommentGenerator {
    written: u64,
    /// The number of comments of other pages.
    elsewhere: u32,
}

impl CommentGenerator {
    /// Writes comments of other pages up to `size`: threads with one reply. Every tenth comment is removed.
    fn elsewhere(&mut self, size: u32) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        while self.elsewhere < size {
            let slug = format!("page-{}", self.elsewhere / A_PAGE);
            let thread = self.page(&slug, 1, 1)?;
            if self.elsewhere.is_multiple_of(10)
                && let Some(head) = thread.first()
            {
                let comment = head.id;
                let verdict = Visibility::Removed;
                events.extend(thread.iter().cloned());
                events.push(self.event(&slug, EventKind::Moderate { comment, verdict })?);
            } else {
                events.extend(thread);
            }
            self.elsewhere += 2;
        }
        Ok(events)
    }

    fn page(&mut self, slug: &str, threads: u32, replies: u32) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for _ in 0..threads {
            let head = self.comment(slug, None)?;
            let parent = Some(head.id);
            events.push(head);
            for _ in 0..replies {
                events.push(self.comment(slug, parent)?);
            }
        }
        Ok(events)
    }

    fn comment(&mut self, slug: &str, parent: Option<EventId>) -> Result<Event> {
        let text = format!("The comment number {}, which says a few words.", self.written);
        let kind = EventKind::Comment {
            reader: ReaderId::from_u128(self.written.into()),
            draft: Draft::new("Ada", &text, parent)?,
            pending: false,
        };
        self.event(slug, kind)
    }

    fn event(&mut self, slug: &str, kind: EventKind) -> Result<Event> {
        self.written += 1;
        let mut random = [0; 10];
        let (_, tail) = random.split_at_mut(2);
        tail.copy_from_slice(&self.written.to_be_bytes());
        Ok(Event::new(Stamp::new(NOW, random), Topic::from(Slug::new(slug)?), kind))
    }
}
