//! Every example of the documentation returns the numbers of the reports.

use horizon_core::reports::Reports as _;
use horizon_core::{Day, StatsStore as _};
use horizon_postgres::PostgresStore;
use horizon_test_support::TestDatabase;

use crate::answers::{self, Answers};
use crate::document::{Example, examples, statements};
use crate::{blog, expected, rows, store_in};

/// The number of events in a batch.
pub(crate) const BATCH: usize = 50;

/// Sets the time zone of the session to one in which the current day is not that of the site.
const SET_TIME_ZONE: &str = "SELECT set_config('TimeZone', zone, false)
    FROM unnest(ARRAY['Pacific/Kiritimati', 'Etc/GMT+12']) AS zone
    WHERE (now() AT TIME ZONE zone)::date <> (now() AT TIME ZONE 'Europe/Berlin')::date LIMIT 1";

/// Stores the numbers of a blog whose last events are of `today`.
pub(crate) async fn fill(store: &PostgresStore, today: Day) -> anyhow::Result<()> {
    store.set_time_zone(&blog::zone()).await?;
    for batch in blog::events(today).chunks(BATCH) {
        store.apply(batch).await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_example_gives_the_numbers_of_the_reports() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let client = database.connect().await?;
    client.batch_execute(SET_TIME_ZONE).await?;
    client.batch_execute(&statements("Questions in SQL").join(";")).await?;
    // Within a transaction the time of the server, and so the current day of the site, stays the same.
    client.batch_execute("BEGIN").await?;
    let today = rows(&client, "SELECT (now() AT TIME ZONE 'Europe/Berlin')::date").await?;
    let today: Day = today[0][0].parse()?;
    let store = store_in(&database)?;
    fill(&store, today).await?;
    client.batch_execute(&blog::insert_posts(today)).await?;

    let answers = Answers::new(&store, today);
    let mut failures = Vec::new();
    for Example { question, sql } in examples() {
        let expected = expected::rows(&question, &answers).await?;
        let actual = rows(&client, &sql).await?;
        let is_known = |column: usize| expected.iter().any(|row| !row[column].is_empty());
        let columns = expected.first().map_or(0, Vec::len);
        assert!(
            columns > 0 && (0..columns).all(is_known),
            "{question} needs other events: {expected:#?}"
        );
        if !answers::are_equal(&expected, &actual) {
            failures.push(format!("{question}\nreports: {expected:#?}\nSQL: {actual:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
