use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use horizon_backend::{ReportsCheck, StoreHandle, StoreUrl, now};
use horizon_core::{StatsStore, reports::SiteTimeZone};

use crate::lines::{LineReader, count_lines};

/// Counts the events on standard input and prints the totals of their topics, one JSON object per line. Invalid lines
/// are reported on standard error.
///
/// # Errors
/// The store failed or its reports have another time zone, the output cannot be written, or lines were invalid; the
/// valid lines are counted first.
pub(crate) async fn count_stdin(store: &StoreUrl, time_zone: &SiteTimeZone) -> anyhow::Result<()> {
    let store = StoreHandle::open(store)?;
    let reports = ReportsCheck::new(Arc::clone(&store.stats), time_zone.clone());
    reports.require_zone().await?;
    let counted = count_and_print(&*store.stats).await;
    store.close().await?;
    match counted? {
        0 => Ok(()),
        invalid => bail!("{invalid} invalid lines were not counted, all others were"),
    }
}

/// Returns the number of invalid lines.
async fn count_and_print(store: &dyn StatsStore) -> anyhow::Result<u64> {
    let (mut invalid, mut reported, mut totals) = (0, Ok(()), BTreeMap::new());
    let mut reader = LineReader::new(tokio::io::stdin(), now, |line| {
        invalid += 1;
        let written = writeln!(std::io::stderr(), "{line}");
        reported = std::mem::replace(&mut reported, Ok(())).and(written);
    });
    let counted = count_lines(&mut reader, store, &mut totals).await;
    let mut output = std::io::stdout().lock();
    for update in totals.values() {
        writeln!(output, "{}", serde_json::to_string(update)?).context("the totals cannot be written")?;
    }
    counted?;
    reported.context("the invalid lines cannot be reported")?;
    Ok(invalid)
}
