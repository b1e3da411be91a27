//! Compares the answers of a store with those of the model.

use std::time::Duration;

use anyhow::Context;
use fastrand::Rng;
use horizon_backend::now;
use horizon_core::{
    Timestamp,
    reports::{DayRange, Query, Reports, Table},
    testing::{RandomQueries, ReportAnswer, ReportModel},
};
use tokio::time::Instant;

use crate::{
    cluster::FaultCluster, oracle::MAX_FINDINGS, report::ClassOutcome, report_queries::queries, runner::PAST,
    scale::Scale, stream,
};

/// The greatest age of the generated events: a day more than that of the past.
const MAX_AGE: Duration = Duration::from_secs(24 * 3_600).saturating_add(PAST);

/// The longest text of an answer in a finding, in characters.
const MAX_ANSWER: usize = 200;

/// Stops the web nodes of a class, waits until their last events are counted, and compares all reports of the store
/// with the events of the stream. Each difference is a finding.
pub(crate) async fn run(
    outcome: &mut ClassOutcome,
    cluster: &mut FaultCluster,
    scale: &Scale,
    rng: &mut Rng,
) -> anyhow::Result<()> {
    cluster.stop_webs().await?;
    if let Some(rest) = stream::drained(&cluster.redis).await? {
        outcome
            .findings
            .push(format!("the last events are not counted: {rest}"));
        return Ok(());
    }
    let end = stream::end(&cluster.redis).await?;
    let model = cluster.recorder.model_up_to(end).await?;
    let (reports, started) = (cluster.reports()?, Instant::now());
    let range = days(reports, now()).await?;
    let mut queries = queries(range, &reports.capabilities());
    let mut random = RandomQueries::new(rng.u64(..), range, reports.capabilities());
    queries.extend((0..scale.random_queries).map(|_| random.query()));
    let mut differences = differences(reports, &model, &queries).await?;
    let more = differences.len().saturating_sub(MAX_FINDINGS);
    differences.truncate(MAX_FINDINGS);
    outcome.findings.append(&mut differences);
    if more > 0 {
        outcome.findings.push(format!("{more} more differences from the model"));
    }
    let (asked, took) = (queries.len(), started.elapsed().as_secs_f64());
    outcome
        .notes
        .push(format!("{asked} reports were compared in {took:.1} s"));
    Ok(())
}

/// Returns the days of the events of a class that runs now.
async fn days(reports: &dyn Reports, now: Timestamp) -> anyhow::Result<DayRange> {
    let zone = reports.status().await?.time_zone;
    Ok(DayRange::new(zone.day_of(now.minus(MAX_AGE)), zone.day_of(now)))
}

/// Returns the answers, numbers and states of the store that differ from the model, and what `verify` finds.
async fn differences(reports: &dyn Reports, model: &ReportModel, queries: &[Query]) -> anyhow::Result<Vec<String>> {
    let (status, capabilities) = (reports.status().await?, reports.capabilities());
    let mut found = Vec::new();
    for query in queries {
        let answer = reports.query(query).await;
        let answer = ReportAnswer::from_result(answer).with_context(|| format!("{query:?}"))?;
        let expected = model.answer(query, &capabilities, status.first_session_day);
        if answer != expected {
            found.push(difference(query, &answer, &expected));
        }
    }
    let (late, expected) = (status.late_events, model.late_events());
    if late != expected {
        found.push(format!("the store has {late} late events, the model {expected}"));
    }
    let (open_since, expected) = (status.open_since, model.open_since());
    if open_since != expected {
        found.push(format!(
            "the first open day of the store starts at {open_since:?}, of the model at {expected:?}"
        ));
    }
    let damaged = reports.verify().await?;
    found.extend(damaged.iter().map(|discrepancy| format!("verify: {discrepancy}")));
    Ok(found)
}

/// Returns the first value that differs, and the query.
fn difference(query: &Query, answer: &ReportAnswer, expected: &ReportAnswer) -> String {
    let difference = match (answer, expected) {
        (ReportAnswer::Table(answer), ReportAnswer::Table(expected)) => first_difference(answer, expected),
        _ => None,
    };
    let (answer, expected) = difference.unwrap_or_else(|| (format!("{answer:?}"), format!("{expected:?}")));
    let short = |text: String| text.chars().take(MAX_ANSWER).collect::<String>();
    let (answer, expected) = (short(answer), short(expected));
    format!("the store answers {answer}, the model {expected}, to {query:?}")
}

/// Returns the first row that differs, or of two rows with the same dimensions the first value.
fn first_difference(answer: &Table, expected: &Table) -> Option<(String, String)> {
    let rows = answer.rows.len().max(expected.rows.len());
    let row = (0..rows).find(|row| answer.rows.get(*row) != expected.rows.get(*row))?;
    let (one, other) = (answer.rows.get(row), expected.rows.get(row));
    if let (Some(one), Some(other)) = (one, other)
        && one.dimensions == other.dimensions
    {
        let mut values = answer.metrics.iter().zip(one.metrics.iter().zip(&other.metrics));
        let (metric, (value, expected)) = values.find(|(_, (one, other))| one != other)?;
        let of = one.dimensions.join(" | ");
        return Some((format!("{metric} {value:?} of `{of}`"), format!("{expected:?}")));
    }
    Some((format!("{one:?} in row {row}"), format!("{other:?}")))
}

#[cfg(test)]
mod tests {
    use horizon_core::{Event, EventKind, StatsStore, reports::SiteTimeZone, testing::RandomVisits};
    use horizon_memory::MemoryStore;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn events() -> Vec<Event> {
        let mut visits = RandomVisits::new(1, NOW).with_stopped_clock().without_verdicts();
        (0..20).flat_map(|_| visits.batch()).collect()
    }

    async fn found_after(counted: &[Event]) -> Vec<String> {
        let (store, mut model) = (MemoryStore::new(), ReportModel::new(SiteTimeZone::utc()));
        store.apply(counted).await.unwrap();
        model.apply(&events());
        let range = days(&store, NOW).await.unwrap();
        let queries = queries(range, &store.capabilities());
        differences(&store, &model, &queries).await.unwrap()
    }

    #[tokio::test]
    async fn a_store_with_the_same_events_does_not_differ() {
        let mut shuffled = events();
        Rng::with_seed(1).shuffle(&mut shuffled);
        assert_eq!(found_after(&shuffled).await, [""; 0]);
    }

    #[tokio::test]
    async fn a_missing_event_is_a_difference() {
        let mut counted = events();
        let reads = |event: &&Event| match &event.kind {
            EventKind::Visit(visit) => visit.visitor.is_some() && visit.seconds > Some(0),
            _ => false,
        };
        let lost = counted.iter().find(reads).unwrap().id;
        counted.retain(|event| event.id != lost);
        let found = found_after(&counted).await;
        assert!(found.iter().any(|finding| finding.contains("the model")), "{found:?}");
    }
}
