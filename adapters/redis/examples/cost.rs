//! CPU time and memory of Redis per event, for `docs/performance.md`:
//! `cargo run -p horizon-redis --example cost --features testing`.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use horizon_core::{
    ContextValue, Event, EventKind, ReaderId, Slug, Stamp, StatsStore, Timestamp, Topic, Visit, VisitCause,
    VisitContext, VisitorKey,
};
use horizon_redis::testing::RedisServer;
use horizon_redis::{RedisConfig, RedisStore};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BATCH: u32 = 1_000;
const BATCHES: u32 = 40;
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A name, and a kind of event by its number.
type Workload = (&'static str, fn(u32) -> (Topic, EventKind));

const WORKLOADS: [Workload; 6] = [
    ("visits without a visitor, one page", |_| {
        (page(0), visit(None, VisitCause::Open))
    }),
    ("new visitors, one page", |n| {
        (page(0), visit(Some(n), VisitCause::Open))
    }),
    ("new visitors, 50 pages", |n| {
        (page(n), visit(Some(n), VisitCause::Open))
    }),
    ("beats of 1,000 visitors, one page", |n| {
        (page(0), visit(Some(n % 1_000), VisitCause::Beat))
    }),
    ("sessions of four site events", |n| (Topic::Site, session_event(n))),
    ("likes, one page", |n| {
        let reader = ReaderId::from_u128(n.into());
        (page(0), EventKind::Like { reader })
    }),
];

fn page(number: u32) -> Topic {
    Slug::new(&format!("page-{}", number % 50)).map_or(Topic::Site, Topic::Page)
}

fn visit(visitor: Option<u32>, cause: VisitCause) -> EventKind {
    let mut visit = Visit::of(visitor.map(|visitor| VisitorKey::from_u128(u128::from(visitor) << 64)));
    visit.cause = Some(cause);
    EventKind::Visit(visit)
}

/// Returns an event of a session: it begins with a context, and three more events follow.
fn session_event(number: u32) -> EventKind {
    let session = number / 4;
    let mut visit = Visit::of(Some(VisitorKey::from_u128(u128::from(session) << 64)));
    visit.page = page(session).slug().cloned();
    if number.is_multiple_of(4) {
        let mut context = VisitContext::default();
        let value = |text: &str| Some(ContextValue::new(text));
        context.source = value(&format!("source-{}.example", session % 7));
        context.channel = value("search");
        context.browser = value("Firefox 140");
        context.system = value("Linux");
        context.device = value("desktop");
        context.country = value("DE");
        context.language = value("de");
        visit.cause = Some(VisitCause::Open);
        visit.context = Some(Box::new(context));
    } else {
        visit.seconds = Some(20);
    }
    EventKind::Visit(visit)
}

fn batch((_, kind): Workload, number: u32) -> Vec<Event> {
    let events = (number * BATCH..(number + 1) * BATCH).map(|number| {
        let at = START.plus(Duration::from_millis(50) * number);
        let mut random = [0; 10];
        if let Some(tail) = random.last_chunk_mut() {
            *tail = number.to_be_bytes();
        }
        let (topic, kind) = kind(number);
        Event::new(Stamp::new(at, random), topic, kind)
    });
    events.collect()
}

fn connect(server: &RedisServer) -> Result<RedisStore> {
    Ok(RedisStore::connect(&RedisConfig::new(&server.url())?)?)
}

/// Returns the sum of some numbers of INFO.
async fn info(server: &RedisServer, section: &str, fields: &[&str]) -> Result<f64> {
    let info = server.cli(&["INFO", section]).await?;
    let value = |line: &str| {
        let number = fields.iter().find_map(|field| line.strip_prefix(field));
        number?.trim().parse::<f64>().ok()
    };
    Ok(info.lines().filter_map(value).sum())
}

/// Applies all batches, with `accumulators` at once.
async fn measure(workload: Workload, accumulators: u32) -> Result<()> {
    let server = RedisServer::start(&[]).await?;
    let stores: Vec<RedisStore> = (0..accumulators).map(|_| connect(&server)).collect::<Result<_>>()?;
    let first = connect(&server)?;
    first.apply(&batch(workload, 0)).await?;
    let used = async || -> Result<(f64, f64)> {
        let cpu = info(&server, "cpu", &["used_cpu_sys:", "used_cpu_user:"]).await?;
        Ok((cpu, info(&server, "memory", &["used_memory:"]).await?))
    };
    let (before, started) = (used().await?, Instant::now());
    let tasks = stores.iter().zip(1..).map(async |(store, first)| -> Result<()> {
        for number in (first..=BATCHES).step_by(stores.len()) {
            let events = batch(workload, number);
            while let Err(error) = store.apply(&events).await {
                if !error.is_retryable() {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    });
    futures::future::try_join_all(tasks).await?;
    let (after, elapsed) = (used().await?, started.elapsed().as_secs_f64());
    let events = f64::from(BATCH * BATCHES);
    writeln!(
        std::io::stdout(),
        "{}, {accumulators} at once: {:.1} us of CPU of Redis and {:.0} bytes an event, {:.0} events/s",
        workload.0,
        (after.0 - before.0) / events * 1e6,
        (after.1 - before.1) / events,
        events / elapsed,
    )?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    for workload in WORKLOADS {
        for accumulators in [1, 2] {
            measure(workload, accumulators).await?;
        }
    }
    Ok(())
}
