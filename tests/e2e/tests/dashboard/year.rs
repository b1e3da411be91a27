//! The seeded year, and servers that have it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use horizon_core::{
    Slug, Timestamp,
    reports::{DayRange, Metric, Value},
};
use horizon_test_support::{BlogYear, SEED, SeededPost, ServerOptions, Share, TEST_SESSIONS, clock};
use tokio::sync::OnceCell;

use crate::ADMIN_TOKEN;

/// When the year ends: 2026-11-26, 16:40 UTC, a Thursday. The server's clock starts here, whatever the time is.
const NOW: Timestamp = Timestamp::from_millis(1_795_711_200_000);

static YEAR: OnceCell<(BlogYear, PathBuf)> = OnceCell::const_new();

/// Returns the year. The first call counts it into a database.
pub(crate) async fn year() -> anyhow::Result<&'static BlogYear> {
    Ok(&with_database().await?.0)
}

async fn with_database() -> anyhow::Result<&'static (BlogYear, PathBuf)> {
    let written = YEAR.get_or_try_init(async || {
        let year = BlogYear::new(NOW, TEST_SESSIONS, SEED)?;
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard-year.db");
        for ending in ["", "-wal", "-shm"] {
            fs::remove_file(format!("{}{ending}", path.display())).ok();
        }
        year.write_database(&path).await?;
        anyhow::Ok((year, path))
    });
    written.await
}

/// Returns the options of a server that has the year, at its end.
pub(crate) async fn options() -> anyhow::Result<ServerOptions> {
    let (year, database) = with_database().await?;
    let options = ServerOptions::default()
        .with_database(database)
        .with_posts(year.write_posts()?)
        .with("HORIZON_ADMIN_TOKEN", ADMIN_TOKEN)
        .with("HORIZON_TRUSTED_PROXIES", "127.0.0.1/32");
    let clock = clock::starting_at(NOW)?;
    Ok(clock
        .iter()
        .fold(options, |options, (name, value)| options.with(name, value)))
}

/// Returns the default period of the dashboard: 30 days.
pub(crate) fn default_period(year: &BlogYear) -> DayRange {
    DayRange::ending(year.today(), 30)
}

/// Returns yesterday's post.
pub(crate) fn yesterdays_post(year: &BlogYear) -> anyhow::Result<&SeededPost> {
    let post = year.published_on(year.today().previous());
    post.ok_or_else(|| anyhow::anyhow!("no post was published yesterday"))
}

/// Returns the title of a post, or the slug of another page.
pub(crate) fn title(year: &BlogYear, slug: &Slug) -> String {
    let post = year.posts().iter().find(|post| post.slug == *slug);
    post.map_or(slug.as_str(), |post| post.title).to_owned()
}

/// Returns a count as the dashboard shows it.
pub(crate) fn count(count: u64) -> String {
    Metric::Visitors.format(Value::Count(i64::try_from(count).unwrap_or(i64::MAX)))
}

/// Returns a share as the dashboard shows it.
pub(crate) fn percent(share: Share) -> String {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Metric::BounceRate.format(Value::Ratio {
        numerator: number(share.numerator),
        denominator: number(share.denominator),
    })
}
