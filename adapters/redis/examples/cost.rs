//! CPU time and memory of Redis per event, for `docs/performance.md`: `cargo run -p horizon-redis --example cost
//! --features testing`.

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

const BATCH: u64 = 1_000;
const BATCHES: u64 = 40;
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A kind of event by its number.
type Kind = fn(u64) -> (Topic, EventKind);

fn page(number: u64) -> Topic {
    Slug::new(&format!("page-{}", number % 50)).map_or(Topic::Site, Topic::Page)
}

fn visit(visitor: Option<u64>, cause: VisitCause) -> Visit {
    let mut visit = Visit::of(visitor.map(|visitor| VisitorKey::from_u128(u128::from(visitor) << 64 | 0x1234_5678)));
    visit.cause = Some(cause);
    visit
}

fn session(number: u64) -> EventKind {
    let mut visit = visit(Some(number / 4), VisitCause::Open);
    if number % 4 > 0 {
        visit.cause = Some(VisitCause::Beat);
        visit.seconds = Some(20);
    } else {
        let mut context = VisitContext::default();
        let value = |text: &str| Some(ContextValue::new(text));
        context.source = value(["google", "example.org", "news.example"][(number % 3) as usize]);
        context.channel = value("search");
        context.browser = value("Firefox 140");
        context.system = value("Linux");
        context.device = value("desktop");
        context.country = value(["DE", "US", "FR"][(number % 3) as usize]);
        context.language = value("de");
        visit.context = Some(Box::new(context));
    }
    visit.page = page(number / 4).slug().cloned();
    EventKind::Visit(visit)
}

const KINDS: [(&str, Kind); 6] = [
    ("visits without a visitor, one page", |_| {
        (page(0), EventKind::Visit(visit(None, VisitCause::Open)))
    }),
    ("new visitors, one page", |n| {
        (page(0), EventKind::Visit(visit(Some(n), VisitCause::Open)))
    }),
    ("new visitors, 50 pages", |n| {
        (page(n), EventKind::Visit(visit(Some(n), VisitCause::Open)))
    }),
    ("beats of 1,000 visitors, one page", |n| {
        (page(0), EventKind::Visit(visit(Some(n % 1_000), VisitCause::Beat)))
    }),
    ("sessions of four site events", |n| (Topic::Site, session(n))),
    ("likes, one page", |n| {
        (
            page(0),
            EventKind::Like {
                reader: ReaderId::from_u128(n.into()),
            },
        )
    }),
];

async fn number(server: &RedisServer, section: &str, fields: &[&str]) -> Result<f64> {
    let info = server.cli(&["INFO", section]).await?;
    let value = |line: &str| {
        fields
            .iter()
            .find_map(|field| line.strip_prefix(field)?.trim().parse::<f64>().ok())
    };
    Ok(info.lines().filter_map(value).sum())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    for (name, kind) in KINDS {
        let server = RedisServer::start(&[]).await?;
        let store = RedisStore::connect(&RedisConfig::new(&server.url())?)?;
        let mut longest = Duration::ZERO;
        let (mut cpu, mut memory, mut started) = (0.0, 0.0, Instant::now());
        for batch in 0..=BATCHES {
            if batch == 1 {
                server.cli(&["CONFIG", "RESETSTAT"]).await?;
                cpu = number(&server, "cpu", &["used_cpu_sys:", "used_cpu_user:"]).await?;
                memory = number(&server, "memory", &["used_memory:"]).await?;
                started = Instant::now();
            }
            let events = (batch * BATCH..(batch + 1) * BATCH).map(|n| {
                let at = START.plus(Duration::from_millis(n * 50));
                let mut random = [0; 10];
                random[2..].copy_from_slice(&n.to_be_bytes());
                let (topic, kind) = kind(n);
                Event::new(Stamp::new(at, random), topic, kind)
            });
            let events: Vec<Event> = events.collect();
            let start = Instant::now();
            store.apply(&events).await?;
            longest = longest.max(start.elapsed());
        }
        let elapsed = started.elapsed();
        let cpu = number(&server, "cpu", &["used_cpu_sys:", "used_cpu_user:"]).await? - cpu;
        let memory = number(&server, "memory", &["used_memory:"]).await? - memory;
        let events = (BATCH * BATCHES) as f64;
        let stats = server.cli(&["INFO", "commandstats"]).await?;
        let script = stats
            .lines()
            .find(|line| line.starts_with("cmdstat_evalsha:"))
            .unwrap_or_default();
        writeln!(
            std::io::stdout(),
            "{name}: {:.0} events/s of Redis CPU ({:.1} us), {:.0} events/s of wall, {:.0} bytes/event, longest {longest:?}\n  {}",
            events / cpu,
            cpu / events * 1e6,
            events / elapsed.as_secs_f64(),
            memory / events,
            script.trim()
        )?;
    }
    Ok(())
}
