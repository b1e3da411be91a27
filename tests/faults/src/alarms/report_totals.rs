//! Checks that the reports of a store agree with its totals.

use anyhow::Context;
use horizon_backend::{StoreHandle, now};
use horizon_core::{
    Slug, StatsStore, StatsStoreExt, Timestamp, Topic,
    reports::{DayRange, Metric, Query, Value},
};

use super::{like_clients::PAGE, scenario::AlarmScenario};

/// Checks that the reports of this store, to which nobody writes, have exactly the likes of its totals, and that
/// `verify` finds nothing.
pub(crate) async fn check(scenario: &mut AlarmScenario, store: &str) -> anyhow::Result<()> {
    let store = StoreHandle::open_read_only(&store.parse()?)?;
    for finding in differences(&*store.stats, now()).await? {
        scenario.add_finding(finding);
    }
    Ok(())
}

/// Returns what differs in a store whose likes are of the day before `now` or later.
async fn differences(store: &dyn StatsStore, now: Timestamp) -> anyhow::Result<Vec<String>> {
    let reports = store.reports().context("the store has no reports")?;
    let today = reports.status().await?.time_zone.day_of(now);
    let query = Query::new(DayRange::new(today.previous(), today)).metrics([Metric::Likes]);
    let table = reports.query(&query).await?;
    let total = store.total(&Topic::from(Slug::new(PAGE)?)).await?.stats.likes;
    let reported = table.rows.first().and_then(|row| row.metrics.first()).copied();
    let mut found = Vec::new();
    if reported != Some(Value::Count(i64::try_from(total)?)) {
        found.push(format!("the totals have {total} likes, the reports {reported:?}"));
    }
    let damaged = reports.verify().await?;
    found.extend(damaged.iter().map(|discrepancy| format!("verify: {discrepancy}")));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use horizon_core::{Event, EventKind, ReaderId, Stamp};
    use horizon_memory::MemoryStore;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[tokio::test]
    async fn a_like_that_is_not_in_the_reports_is_a_difference() {
        let store = MemoryStore::new();
        let week = Duration::from_secs(7 * 24 * 3_600);
        for (number, expected) in [(1, 0), (2, 1)] {
            // The second one is not in the days that the reports are asked for.
            let at = if number == 1 { NOW } else { NOW.minus(week) };
            let reader = ReaderId::from_u128(number);
            let topic = Topic::from(Slug::new(PAGE).unwrap());
            let like = Event::new(Stamp::new(at, [7; 10]), topic, EventKind::Like { reader });
            store.apply(&[like]).await.unwrap();
            let found = differences(&store, NOW).await.unwrap();
            assert_eq!(found.len(), expected, "{found:?}");
        }
    }
}
