//! What reports cost in SQLite or PostgreSQL: the CPU time of the events of a session, events per second, and bytes on
//! the disk.
//!
//! `cargo bench -p horizon-benches --bench reports -- 1000000` counts a million sessions of 90 days and 200 pages in
//! SQLite, `-- 1000000 postgres` in a PostgreSQL server with default settings. CPU times of PostgreSQL are those of
//! this process and of all processes of the server. With `HORIZON_WEB_BIN`, the path of a blog's server, it also
//! measures the dashboard over HTTP, for SQLite.

#![expect(clippy::unwrap_used, reason = "a failed setup stops the benchmark")]
#![expect(clippy::print_stdout, reason = "prints its results")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod database;
mod sessions;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use horizon_core::Timestamp;
use horizon_core::reports::{DayRange, Dimension, Filter, FilterOperator, Metric, Query};
use horizon_test_support::{ServerOptions, WebServer, clock, http};
use tokio::runtime::Runtime;

use database::{CpuTime, ReportDatabase};
use sessions::SessionStream;

/// The default number of sessions.
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
    let runtime = Runtime::new().unwrap();
    let database = if std::env::args().any(|argument| argument == "postgres") {
        runtime.block_on(ReportDatabase::postgres()).unwrap()
    } else {
        ReportDatabase::sqlite().unwrap()
    };
    runtime.block_on(count(&database, sessions));
    runtime.block_on(query(&database));
    runtime.block_on(database.close()).unwrap();
    if let Some(file) = database.file()
        && std::env::var_os("HORIZON_WEB_BIN").is_some()
    {
        runtime.block_on(dashboard(file));
    }
    runtime.block_on(print_sizes(&database, sessions));
}

/// Counts the sessions, and prints what they cost.
async fn count(database: &ReportDatabase, sessions: u64) {
    let batch = std::env::var("BATCH").map_or(BATCH, |batch| batch.parse().unwrap());
    let store = database.store();
    let (mut cpu, mut time, mut count) = (CpuTime::default(), Duration::ZERO, 0);
    let mut stream = SessionStream::new();
    let mut expired = Duration::ZERO;
    println!("  sessions   µs/session     events/s    size, MiB");
    for day in 0..DAYS {
        let events = stream.day(day, sessions / DAYS);
        let (before, start) = (database.cpu().unwrap(), Instant::now());
        for batch in events.chunks(batch) {
            store.apply(batch).await.unwrap();
        }
        let day_time = start.elapsed();
        let day_cpu = database.cpu().unwrap() - before;
        (cpu, time, count) = (cpu + day_cpu, time + day_time, count + events.len());
        let start = Instant::now();
        let now = START.plus(DAY * u32::try_from(day + 1).unwrap());
        store.expire(now).await.unwrap();
        expired += start.elapsed();
        if day % 10 == 9 {
            let size = database.size().await.unwrap() as f64 / f64::from(1 << 20);
            let per_session = day_cpu.sum() * 1e6 / (sessions / DAYS) as f64;
            let rate = events.len() as f64 / day_time.as_secs_f64();
            let stored = (day + 1) * (sessions / DAYS);
            println!("{stored:>10} {per_session:>12.1} {rate:>12.0} {size:>12.1}");
        }
    }
    let per_session = |seconds: f64| seconds * 1e6 / sessions as f64;
    let (process, server) = (per_session(cpu.process), per_session(cpu.server));
    let rate = count as f64 / time.as_secs_f64();
    println!("{count} events, per session {process:.1} µs of CPU, {server:.1} µs of the server; {rate:.0} events/s");
    let start = Instant::now();
    store.expire(START.plus(DAY * 120)).await.unwrap();
    let (all, last) = (expired.as_secs_f64(), start.elapsed().as_secs_f64());
    database.settle().await.unwrap();
    println!("expire: {all:.1} s for all days, {last:.1} s for the last");
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
async fn query(database: &ReportDatabase) {
    let reports = database.store().reports().unwrap();
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
        measure(database, name, async || {
            for query in &queries {
                reports.query(query).await.unwrap();
            }
        })
        .await;
    }
    let pages = || {
        Query::new(range)
            .metrics([Metric::Visitors])
            .dimensions([Dimension::Page])
    };
    measure(database, "pages with a filter", async || {
        drop(reports.query(&pages().filter(filter.clone())).await.unwrap());
    })
    .await;
    measure(database, "verify", async || {
        assert_eq!(reports.verify().await.unwrap(), []);
    })
    .await;
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

async fn measure(database: &ReportDatabase, name: &str, work: impl AsyncFnOnce()) {
    let (before, start) = (database.cpu().unwrap(), Instant::now());
    work().await;
    let time = start.elapsed().as_secs_f64() * 1e3;
    let cpu = database.cpu().unwrap() - before;
    let (process, server) = (cpu.process * 1e3, cpu.server * 1e3);
    println!("{name}: {process:.0} ms of CPU, {server:.0} ms of the server, {time:.0} ms");
}

/// Prints the bytes of each table.
async fn print_sizes(database: &ReportDatabase, sessions: u64) {
    let before = database.size().await.unwrap();
    database.vacuum().await.unwrap();
    let after = database.size().await.unwrap();
    let per_session = |size: u64| size as f64 / sessions as f64;
    for (name, size) in database.tables().await.unwrap() {
        println!("{name:>24} {size:>12} bytes {:>8.1} per session", per_session(size));
    }
    let (before, after) = (per_session(before), per_session(after));
    println!("the database: {before:.1} bytes per session, {after:.1} after VACUUM");
}
