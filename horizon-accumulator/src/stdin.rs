use std::io::Write as _;

use anyhow::{Context as _, bail};
use horizon_core::StatsStore;

use crate::{LineConsumer, count};
use horizon_backend::{StoreHandle, StoreUrl, now};

/// Counts the events on standard input, and then prints the totals of the topics that they name: one JSON object a
/// line, by the topic's name. Bad lines are named on standard error.
///
/// ```no_run
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = "sqlite:numbers.db".parse()?;
/// horizon_accumulator::count_stdin(&store).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// The store cannot be opened or closed, or what is found out cannot be written; those of [`count`]; a line that is no
/// event, once all others are counted.
pub async fn count_stdin(store: &StoreUrl) -> anyhow::Result<()> {
    let store = StoreHandle::open(store)?;
    let counted = count_lines(&*store.stats).await;
    store.close().await?;
    match counted? {
        0 => Ok(()),
        bad => bail!("{bad} bad lines were not counted, all others were"),
    }
}

/// Answers how many lines were bad.
async fn count_lines(store: &dyn StatsStore) -> anyhow::Result<u64> {
    let (mut bad, mut unheard) = (0, Ok(()));
    let mut feed = LineConsumer::new(tokio::io::stdin(), now, |line| {
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
