//! The accumulator as a process of its own: counts the events on standard input into a store.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use clap::Parser;
use horizon_accumulator::{LineFeed, count};
use horizon_core::{StatsStore, Timestamp};
use horizon_memory::MemoryStats;
use horizon_sqlite::SqliteStats;
use tracing_subscriber::EnvFilter;

/// Counts events, one JSON object a line, each exactly once, and prints the totals of the topics they name.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where events come from: `stdin:`.
    #[arg(long, env = "HORIZON_PIPE", value_name = "HORIZON_PIPE", default_value = "stdin:", value_parser = pipe)]
    pipe: Pipe,
    /// Where the numbers are kept: `sqlite:PATH`, or `memory:` to try a file out.
    #[arg(long, env = "HORIZON_STORE", value_name = "HORIZON_STORE", default_value = "sqlite:horizon.db", value_parser = store)]
    store: Store,
}

#[derive(Clone, Copy, Debug)]
enum Pipe {
    Stdin,
}

#[derive(Clone, Debug)]
enum Store {
    Memory,
    Sqlite(PathBuf),
}

fn pipe(text: &str) -> Result<Pipe, &'static str> {
    match text {
        "stdin:" => Ok(Pipe::Stdin),
        "memory:" => Err("the memory pipe lives inside horizon-web, which runs the accumulator itself"),
        _ => Err("a pipe is `stdin:`"),
    }
}

fn store(text: &str) -> Result<Store, &'static str> {
    match text.split_once(':') {
        Some(("memory", "")) => Ok(Store::Memory),
        Some(("sqlite", path)) if !path.is_empty() => Ok(Store::Sqlite(path.into())),
        _ => Err("a store is `sqlite:PATH` or `memory:`"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments {
        pipe: Pipe::Stdin,
        store,
    } = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let bad = match store {
        Store::Memory => count_stdin(&MemoryStats::new()).await?,
        Store::Sqlite(path) => {
            let store = SqliteStats::open(path)?;
            let counted = count_stdin(&store).await;
            store.close().await?;
            counted?
        }
    };
    if bad > 0 {
        writeln!(std::io::stderr(), "{bad} bad lines were not counted, all others were")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Answers how many lines were bad.
async fn count_stdin(store: &dyn StatsStore) -> anyhow::Result<u64> {
    let (mut bad, mut unheard) = (0, Ok(()));
    let mut feed = LineFeed::new(tokio::io::stdin(), now, |line| {
        bad += 1;
        let told = writeln!(std::io::stderr(), "{line}");
        unheard = std::mem::replace(&mut unheard, Ok(())).and(told);
    });
    let counted = count(&mut feed, store).await;
    let mut output = std::io::stdout().lock();
    for totals in feed.totals() {
        writeln!(output, "{}", serde_json::to_string(totals)?).context("the totals cannot be written")?;
    }
    counted?;
    unheard.context("the bad lines cannot be reported")?;
    Ok(bad)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
