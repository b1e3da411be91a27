//! What reports cost in SQLite: the CPU time of the events of a session, events per second, and bytes on the disk.
//!
//! `cargo bench -p horizon-benches --bench reports -- 1000000` counts a million sessions of 90 days and 200 pages. With
//! `HORIZON_WEB_BIN`, the path of a blog's server, it also measures the dashboard over HTTP.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]
#![expect(clippy::print_stdout, reason = "prints its results")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use horizon_core::reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Query, Reports};
use horizon_core::{
    ContextValue, Event, EventKind, Slug, Stamp, StatsStore, Timestamp, Topic, Visit, VisitCause, VisitContext,
    VisitorKey,
};
use horizon_sqlite::SqliteStore;
use horizon_test_support::{ServerOptions, WebServer, clock, http};
use rusqlite::Connection;

/// The sessions, unless the command line says otherwise.
const SESSIONS: u64 = 100_000;

/// The days over which the sessions are spread.
const DAYS: u64 = 90;

/// The pages of the site. Some are read much more often than others.
const PAGES: u64 = 200;

/// The events of a batch.
const BATCH: usize = 1_000;

/// The rows of a list of the overview.
const TOP: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// The requests for each page of the dashboard.
const REQUESTS: u32 = 30;

/// The token that opens the dashboard.
const TOKEN: &str = "a token of the benchmark";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The start of the first day.
const START: Timestamp = Timestamp::from_millis(1_799_971_200_000);

fn main() {
    // Cargo passes options of its own.
    let sessions = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(SESSIONS);
    let batch = std::env::var("BATCH").map_or(BATCH, |batch| batch.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports.db");
    let store = SqliteStore::open(&path).unwrap();
    let (mut cpu, mut time, mut count) = (0.0, Duration::ZERO, 0);
    let mut stream = Stream::new();
    let mut expired = Duration::ZERO;
    println!("  sessions   µs/session     events/s    file, MiB");
    for day in 0..DAYS {
        let events = stream.day(day, sessions / DAYS);
        let (before, start) = (horizon_benches::cpu_seconds().unwrap(), Instant::now());
        for batch in events.chunks(batch) {
            runtime.block_on(store.apply(batch)).unwrap();
        }
        let day_time = start.elapsed();
        let day_cpu = horizon_benches::cpu_seconds().unwrap() - before;
        (cpu, time, count) = (cpu + day_cpu, time + day_time, count + events.len());
        let start = Instant::now();
        runtime
            .block_on(store.expire(START.plus(DAY * u32::try_from(day + 1).unwrap())))
            .unwrap();
        expired += start.elapsed();
        if day % 10 == 9 {
            let size = std::fs::metadata(&path).unwrap().len() as f64 / f64::from(1 << 20);
            let per_session = day_cpu * 1e6 / (sessions / DAYS) as f64;
            let rate = events.len() as f64 / day_time.as_secs_f64();
            let stored = (day + 1) * (sessions / DAYS);
            println!("{stored:>10} {per_session:>12.1} {rate:>12.0} {size:>12.1}");
        }
    }
    let (per_session, rate) = (cpu * 1e6 / sessions as f64, count as f64 / time.as_secs_f64());
    println!("{count} events, {per_session:.1} µs of CPU per session, {rate:.0} events/s");
    let start = Instant::now();
    runtime.block_on(store.expire(START.plus(DAY * 120))).unwrap();
    let (all, last) = (expired.as_secs_f64(), start.elapsed().as_secs_f64());
    println!("expire: {all:.1} s for all days, {last:.1} s for the last");
    runtime.block_on(query(&store));
    runtime.block_on(store.close()).unwrap();
    drop(store);
    if std::env::var_os("HORIZON_WEB_BIN").is_some() {
        runtime.block_on(dashboard(&path));
    }
    print_sizes(&path, sessions);
}

/// Prints the CPU time of the blog's server for pages of the dashboard, from the request to the response in brotli.
async fn dashboard(database: &std::path::Path) {
    let end = START.plus(DAY * u32::try_from(DAYS).unwrap());
    let options = ServerOptions::default()
        .with_database(database)
        .with("HORIZON_REPORTS_TOKEN", TOKEN);
    let clock = clock::starting_at(end.minus(Duration::from_secs(3_600))).unwrap();
    let options = clock
        .iter()
        .fold(options, |options, (name, value)| options.with(name, value));
    let server = WebServer::start(options).await.unwrap();
    let cpu = || horizon_benches::cpu_seconds_of(server.id().unwrap()).unwrap();
    // At the start, the server expires old data.
    let mut before = f64::NAN;
    while before != cpu() {
        before = cpu();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str()), ("accept-encoding", "br")];
    for query in [
        "?period=90d",
        "?period=90d&country=c+1",
        "?period=90d&page=posts%2Fpage-1",
        "?period=7d",
    ] {
        let (before, start, mut bytes) = (cpu(), Instant::now(), 0);
        for _ in 0..REQUESTS {
            let path = format!("/horizon/dashboard{query}");
            let page = http::send(server.address(), http::Method::GET, &path, &headers, "")
                .await
                .unwrap();
            assert_eq!(page.status, 200, "{}", page.text());
            bytes = page.body.len();
        }
        let each = |seconds: f64| seconds * 1e3 / f64::from(REQUESTS);
        let (cpu, time) = (each(cpu() - before), each(start.elapsed().as_secs_f64()));
        println!("dashboard {query}: {cpu:.1} ms of CPU, {time:.1} ms, {bytes} bytes");
    }
}

/// Prints the time and CPU time of an overview, of one with a filter, and of a verification.
async fn query(store: &SqliteStore) {
    let range = DayRange::new(START.day(), START.plus(DAY * u32::try_from(DAYS).unwrap()).day());
    let filter = Filter::new(Dimension::Country, FilterOperator::Is, ["c 1"]);
    let filtered = overview(range)
        .into_iter()
        .map(|query| query.filter(filter.clone()))
        .collect();
    for (name, queries) in [
        ("the overview", overview(range)),
        ("with a filter", filtered),
        ("again", overview(range)),
    ] {
        measure(name, async || {
            for query in &queries {
                store.query(query).await.unwrap();
            }
        })
        .await;
    }
    let pages = || {
        Query::new(range)
            .metrics([Metric::Visitors])
            .dimensions([Dimension::Page])
    };
    measure("pages with a filter", async || {
        drop(store.query(&pages().filter(filter.clone())).await.unwrap());
    })
    .await;
    measure("verify", async || assert_eq!(store.verify().await.unwrap(), [])).await;
}

/// Returns the queries of an overview.
fn overview(range: DayRange) -> Vec<Query> {
    let site = [
        Metric::Visitors,
        Metric::Visits,
        Metric::Pageviews,
        Metric::BounceRate,
        Metric::VisitDuration,
    ];
    let by = |dimension| {
        Query::new(range)
            .metrics([Metric::Visitors, Metric::Visits])
            .dimensions([dimension])
    };
    let sessions = [
        Dimension::Source,
        Dimension::Channel,
        Dimension::Campaign,
        Dimension::Country,
        Dimension::Browser,
        Dimension::EntryPage,
        Dimension::ExitPage,
    ];
    let pages = [Metric::Visitors, Metric::Pageviews, Metric::TimeOnPage];
    let mut queries = vec![
        Query::new(range).metrics(site),
        Query::new(range).metrics(site).dimensions([Dimension::Day]),
        Query::new(range).metrics(pages).dimensions([Dimension::Page]),
    ];
    queries.extend(sessions.map(|dimension| by(dimension).limit(TOP)));
    queries
}

async fn measure(name: &str, work: impl AsyncFnOnce()) {
    let (before, start) = (horizon_benches::cpu_seconds().unwrap(), Instant::now());
    work().await;
    let cpu = horizon_benches::cpu_seconds().unwrap() - before;
    println!(
        "{name}: {:.0} ms of CPU, {:.0} ms",
        cpu * 1e3,
        start.elapsed().as_secs_f64() * 1e3
    );
}

/// Prints the bytes of each table.
fn print_sizes(path: &std::path::Path, sessions: u64) {
    let db = Connection::open(path).unwrap();
    let before = std::fs::metadata(path).unwrap().len();
    db.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let after = std::fs::metadata(path).unwrap().len();
    let mut statement = db
        .prepare("SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name ORDER BY size DESC LIMIT 12")
        .unwrap();
    let tables = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
    for table in tables.unwrap() {
        let (name, size) = table.unwrap();
        println!(
            "{name:>24} {size:>12} bytes {:>8.1} per session",
            size as f64 / sessions as f64
        );
    }
    println!(
        "the file: {:.1} bytes per session, {:.1} after VACUUM",
        before as f64 / sessions as f64,
        after as f64 / sessions as f64
    );
}

/// Makes the events of sessions.
struct Stream {
    state: u64,
    number: u64,
}

impl Stream {
    const fn new() -> Self {
        Self { state: 7, number: 0 }
    }

    /// Returns a number below `limit`; small ones are more frequent.
    fn skewed(&mut self, limit: u64) -> u64 {
        let (a, b) = (self.random(limit), self.random(limit));
        a * b / limit.max(1)
    }

    fn random(&mut self, limit: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % limit
    }

    /// Returns the events of a day in the order of their time.
    fn day(&mut self, day: u64, sessions: u64) -> Vec<Event> {
        let start = START.plus(DAY * u32::try_from(day).unwrap());
        let mut events = Vec::new();
        for session in 0..sessions {
            let at = start.plus(Duration::from_millis(session * 86_000_000 / sessions.max(1)));
            self.session(at, day * sessions + session, &mut events);
        }
        events.sort_by_key(|event| event.at);
        events
    }

    /// Adds the events of a session of two pages: each is opened, reported once and closed.
    fn session(&mut self, start: Timestamp, visitor: u64, events: &mut Vec<Event>) {
        let visitor =
            VisitorKey::from_u128(u128::from(visitor.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(visitor));
        let mut at = start;
        let context = self.context();
        for _ in 0..2 {
            let page = Slug::new(&format!("posts/page-{}", self.skewed(PAGES))).unwrap();
            for (cause, seconds) in [(VisitCause::Open, 0), (VisitCause::Beat, 60), (VisitCause::End, 20)] {
                let mut visit = Visit::of(Some(visitor));
                visit.cause = Some(cause);
                visit.seconds = Some(u32::try_from(seconds + self.random(20)).unwrap());
                let mut of_site = visit.clone();
                of_site.page = Some(page.clone());
                of_site.context = (cause == VisitCause::Open).then(|| Box::new(context.clone()));
                events.push(self.event(at, page.clone().into(), visit));
                events.push(self.event(at, Topic::Site, of_site));
                at = at.plus(Duration::from_secs(30 + self.random(60)));
            }
        }
    }

    fn event(&mut self, at: Timestamp, topic: Topic, visit: Visit) -> Event {
        self.number += 1;
        let mut random = [0; 10];
        random[2..].copy_from_slice(&self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        Event::new(Stamp::new(at, random), topic, EventKind::Visit(visit))
    }

    fn context(&mut self) -> VisitContext {
        let mut context = VisitContext::default();
        let mut value = |name: &str, values| Some(ContextValue::new(&format!("{name} {}", self.skewed(values))));
        context.source = value("source", 100);
        context.channel = value("channel", 7);
        context.browser = value("browser", 20);
        context.system = value("system", 10);
        context.device = value("device", 4);
        context.country = value("c", 60);
        context.language = value("l", 20);
        context.campaign = value("campaign", 10);
        context
    }
}
