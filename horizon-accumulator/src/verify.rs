//! The command `verify`.

use anyhow::bail;
use horizon_backend::{StoreUrl, print_line};

use crate::report::ReportStore;

/// Compares the numbers of a store and prints each difference on a line.
///
/// # Errors
/// Numbers differ, or the store cannot be read.
pub(crate) async fn run(url: &StoreUrl) -> anyhow::Result<()> {
    let store = ReportStore::open(url)?;
    let discrepancies = store.reports()?.verify().await?;
    for discrepancy in &discrepancies {
        print_line(&discrepancy.to_string());
    }
    match discrepancies.len() {
        0 => print_line("All totals are the sums of their hours and days, and the days match the sessions."),
        1 => bail!("1 number differs"),
        count => bail!("{count} numbers differ"),
    }
    Ok(())
}
