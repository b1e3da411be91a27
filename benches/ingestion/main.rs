//! The throughput of exact counting in one process, from `track` to the disk, compared with plain SQLite.
//!
//! `cargo bench -p horizon-benches --bench ingestion` prints two tables and a summary. Both variants take turns with
//! the same events and new files in one folder (`HORIZON_BENCH_DIR`, or the temporary folder). Rates depend on the load
//! of the machine; compare the ratios of one run.
//!
//! The embedded variant is complete: 4,096 tasks track their events one after another and wait for each
//! acknowledgement of `MemoryBus`, and `horizon_backend::run_accumulator_observed` counts into `SqliteStore`.
//! `reference.rs` is the plain variant.

mod reference;

use std::{
    error::Error,
    fmt, fs,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use horizon_backend::{AccumulatorConfig, AccumulatorObserver, CorrectedClock, run_accumulator_observed};
use horizon_benches::cpu_seconds;
use horizon_core::{
    BatchOutcome, Event, EventBus, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic,
    VisitorKey,
};
use horizon_memory::MemoryBus;
use horizon_sqlite::SqliteStore;
use tokio::{sync::oneshot, task::JoinSet, time::timeout};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Events per measurement.
const EVENTS: usize = 200_000;

/// Tasks that track at the same time.
const CALLERS: usize = 4_096;

/// Measurements per variant.
const ROUNDS: usize = 5;

/// The longest time of a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut out = std::io::stdout();
    let ratios = [1, 100].map(|pages| compare(&runtime, &mut out, pages));
    for (pages, ratio) in [1, 100].into_iter().zip(ratios) {
        let (embedded, ratio) = ratio?;
        writeln!(
            out,
            "ingestion: {pages} page(s), {embedded:.0} events/s counted exactly and durably, {:.0} % of SQLite itself",
            ratio * 100.0
        )?;
    }
    Ok(())
}

/// Runs both variants in turns. Returns the median rate of the embedded one, and the median of the ratios.
fn compare(runtime: &tokio::runtime::Runtime, out: &mut impl Write, pages: u128) -> Result<(f64, f64)> {
    writeln!(out, "## 80 % new visitors, 20 % likes, over {pages} page(s)\n")?;
    writeln!(
        out,
        "| way | events/s | CPU s per 100,000 | commits | MB written |\n|---|--:|--:|--:|--:|"
    )?;
    let events = events(pages)?;
    let (mut alone, mut embedded) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Alternate which variant goes first.
        for is_alone in [round % 2 == 0, round % 2 == 1] {
            let folder = folder()?;
            let file = folder.path().join("horizon.db");
            if is_alone {
                alone.push(reference(&events, &file)?);
            } else {
                embedded.push(runtime.block_on(track_all(&events, &file))?);
            }
            runtime.block_on(check(&file, pages))?;
        }
    }
    let ratio = median(
        alone
            .iter()
            .zip(&embedded)
            .map(|(alone, embedded)| embedded.rate() / alone.rate()),
    );
    for (way, costs) in [
        ("SQLite itself, in batches of 1,000", alone),
        ("`track` to disk", embedded.clone()),
    ] {
        writeln!(out, "| {way} | {}", EventCosts(&costs))?;
    }
    writeln!(out)?;
    Ok((median(embedded.iter().map(EventCost::rate)), ratio))
}

/// Returns events: eight visits and two likes in ten, all of different readers, with evenly distributed ids.
fn events(pages: u128) -> Result<Vec<Event>> {
    let topics = (0..pages).map(|page| Ok(Slug::new(&format!("post-{page}"))?.into()));
    let topics: Vec<Topic> = topics.collect::<Result<_>>()?;
    let event = |(number, topic): (u128, &Topic)| {
        let who = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut random = [0; 10];
        random.copy_from_slice(who.to_be_bytes().split_at(10).0);
        let kind = match number % 10 {
            0 | 1 => EventKind::Like {
                reader: ReaderId::from_u128(who),
            },
            _ => EventKind::visit(Some(VisitorKey::from_u128(who))),
        };
        // A thousand events every 20 milliseconds.
        let at = NOW.plus(Duration::from_millis(u64::try_from(number / 50).unwrap_or(0)));
        Event::new(Stamp::new(at, random), topic.clone(), kind)
    };
    Ok((0..).zip(topics.iter().cycle()).take(EVENTS).map(event).collect())
}

/// The folder of the database files.
fn folder() -> std::io::Result<tempfile::TempDir> {
    match std::env::var_os("HORIZON_BENCH_DIR") {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    }
}

/// The result of a measurement.
#[derive(Clone, Copy)]
struct EventCost {
    wall: f64,
    cpu: f64,
    commits: u64,
    written: u64,
}

impl EventCost {
    fn rate(&self) -> f64 {
        EVENTS as f64 / self.wall
    }
}

/// Measures from its creation on.
struct Meter {
    started: Instant,
    cpu: f64,
    written: u64,
}

impl Meter {
    fn start() -> Result<Self> {
        Ok(Self {
            cpu: cpu_seconds()?,
            written: bytes_written()?,
            started: Instant::now(),
        })
    }

    fn stop(self, commits: u64) -> Result<EventCost> {
        Ok(EventCost {
            wall: self.started.elapsed().as_secs_f64(),
            cpu: cpu_seconds()? - self.cpu,
            commits,
            written: bytes_written()? - self.written,
        })
    }
}

fn bytes_written() -> Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.ok_or("the system does not report written bytes")?.parse()?)
}

fn reference(events: &[Event], file: &Path) -> Result<EventCost> {
    let db = reference::open(file)?;
    let meter = Meter::start()?;
    let commits = reference::write(&db, events)?;
    meter.stop(commits)
}

async fn track_all(events: &[Event], file: &Path) -> Result<EventCost> {
    let store = Arc::new(SqliteStore::open(file)?);
    let (bus, mut consumer) = MemoryBus::new(Arc::clone(&store) as Arc<dyn StatsStore>);
    let bus = Arc::new(bus);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut shares: Vec<Vec<Event>> = (0..CALLERS).map(|_| Vec::new()).collect();
    for (number, event) in events.iter().enumerate() {
        if let Some(share) = shares.get_mut(number % CALLERS) {
            share.push(event.clone());
        }
    }
    let batches = Arc::new(Batches::default());
    let counting = {
        let (store, batches) = (Arc::clone(&store), Arc::clone(&batches));
        tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            run_accumulator_observed(
                &mut [&mut consumer],
                &*store,
                &AccumulatorConfig::new(CorrectedClock::new(|| NOW)),
                &*batches,
                stopped,
            )
            .await;
        })
    };
    let meter = Meter::start()?;
    let mut callers: JoinSet<_> = shares
        .into_iter()
        .map(|share| tracking(Arc::clone(&bus), share))
        .collect();
    timeout(PATIENCE, async {
        while let Some(tracked) = callers.join_next().await {
            tracked??;
        }
        Result::Ok(())
    })
    .await??;
    let cost = meter.stop(batches.0.load(Relaxed))?;
    drop(stop);
    counting.await?;
    store.close().await?;
    Ok(cost)
}

async fn tracking(bus: Arc<MemoryBus>, share: Vec<Event>) -> horizon_core::Result<()> {
    for event in share {
        bus.track(event).await?;
    }
    Ok(())
}

/// The number of counted batches. Each is one commit, because there is no other writer.
#[derive(Default)]
struct Batches(AtomicU64);

impl AccumulatorObserver for Batches {
    fn on_batch(&self, _: &BatchOutcome) {
        self.0.fetch_add(1, Relaxed);
    }

    fn on_error(&self, _: &horizon_core::Error) {}
}

/// Checks that both variants have the same numbers.
async fn check(file: &Path, pages: u128) -> Result<()> {
    let store = SqliteStore::open(file)?;
    let (mut visits, mut likes) = (0, 0);
    for page in 0..pages {
        let stats = store.total(&Slug::new(&format!("post-{page}"))?.into()).await?.stats;
        (visits, likes) = (visits + stats.visits, likes + stats.likes);
    }
    let expected = (EVENTS as u64 / 10 * 8, EVENTS as u64 / 10 * 2);
    if (visits, likes) != expected {
        return Err(format!("counted {visits} visits and {likes} likes, not {expected:?}").into());
    }
    Ok(())
}

/// Returns the medians of some measurements, as the end of a row.
struct EventCosts<'a>(&'a [EventCost]);

impl fmt::Display for EventCosts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |value: fn(&EventCost) -> f64| median(self.0.iter().map(value));
        write!(
            f,
            "{:.0} | {:.2} | {:.0} | {:.0} |",
            of(EventCost::rate),
            of(|cost| cost.cpu) / EVENTS as f64 * 100_000.0,
            of(|cost| cost.commits as f64),
            of(|cost| cost.written as f64) / 1e6
        )
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
