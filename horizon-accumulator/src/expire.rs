//! The command `expire-sessions`.

use anyhow::Context as _;
use clap::Args;
use horizon_backend::{SessionRetention, StoreHandle, StoreUrl, now, print_line};
use horizon_core::Day;

use crate::report::{ReportStore, reports_of};

/// Which sessions to erase.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExpireArguments {
    /// Erase the sessions of the days before this one, such as `2026-09-01`.
    #[arg(
        long,
        value_name = "DAY",
        required_unless_present = "older_than",
        conflicts_with = "older_than"
    )]
    before: Option<Day>,
    /// Erase the sessions that are older than this many days, such as `90d`.
    #[arg(long, value_name = "DAYS")]
    older_than: Option<SessionRetention>,
    /// Only print how many sessions would be erased.
    #[arg(long)]
    dry_run: bool,
}

/// Erases old sessions, also while another process counts.
///
/// # Errors
/// The store cannot be read or written.
pub(crate) async fn run(url: &StoreUrl, arguments: &ExpireArguments) -> anyhow::Result<()> {
    // Refuses a missing file or one of another version before it is opened for writing.
    ReportStore::open(url)?.reports()?.status().await?;
    let store = StoreHandle::open(url).context("HORIZON_STORE cannot be used")?;
    let expired = expire(&store, arguments).await;
    store.close().await?;
    print_line(&expired?);
    Ok(())
}

async fn expire(store: &StoreHandle, arguments: &ExpireArguments) -> anyhow::Result<String> {
    let reports = reports_of(store)?;
    let today = reports.status().await?.time_zone.day_of(now());
    let by_age = arguments.older_than.and_then(|retention| retention.first_day(today));
    let Some(first) = arguments.before.or(by_age) else {
        return Ok("Sessions are kept forever: none were erased.".to_owned());
    };
    let mut sessions = reports.expire_sessions(first, true).await?;
    if arguments.dry_run {
        return Ok(format!("{sessions} sessions before {first} would be erased."));
    }
    // The store remembers which days lack their sessions, so erase only if there are any.
    if sessions > 0 {
        sessions = reports.expire_sessions(first, false).await?;
    }
    Ok(format!("{sessions} sessions before {first} were erased."))
}
