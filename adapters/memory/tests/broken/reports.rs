use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::reports::{Metric, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table};
use horizon_core::testing::{Store, StoreHarness};
use horizon_core::{Day, Event, EventKind, Result, StatsStore, Topic, Update, VisitCause, VisitorKey};
use horizon_memory::MemoryStore;

use crate::stats::{ChangesEvents, NonAtomicDedupe, fresh};
use crate::store::{NeverExpires, StoreDefect, harness};
use crate::{caught, names};

/// Changes the status that a correct store returns.
struct ChangesStatus(fn(&mut ReportStatus));

#[async_trait]
impl StoreDefect for ChangesStatus {
    async fn status(&self, good: &MemoryStore) -> Result<ReportStatus> {
        let mut status = good.status().await?;
        self.0(&mut status);
        Ok(status)
    }
}

/// Changes the tables that a correct store returns.
struct ChangesTables(fn(&mut Table));

#[async_trait]
impl StoreDefect for ChangesTables {
    async fn query(&self, good: &MemoryStore, query: &Query) -> Result<Table, ReportError> {
        let mut table = good.query(query).await?;
        self.0(&mut table);
        Ok(table)
    }
}

/// Returns an empty table instead of refusing a query.
struct RefusesNothing;

#[async_trait]
impl StoreDefect for RefusesNothing {
    async fn query(&self, good: &MemoryStore, query: &Query) -> Result<Table, ReportError> {
        match good.query(query).await {
            Err(ReportError::Refused(_)) => Ok(Table::default()),
            other => other,
        }
    }
}

/// Sets the time zone of the first caller, and tells later ones that it is theirs.
struct AcceptsEveryTimeZone;

#[async_trait]
impl StoreDefect for AcceptsEveryTimeZone {
    async fn set_time_zone(&self, good: &MemoryStore, zone: &SiteTimeZone) -> Result<()> {
        let _ = good.set_time_zone(zone).await;
        Ok(())
    }
}

/// Counts in UTC, whatever the time zone is.
struct IgnoresTimeZone;

#[async_trait]
impl StoreDefect for IgnoresTimeZone {
    async fn set_time_zone(&self, _: &MemoryStore, _: &SiteTimeZone) -> Result<()> {
        Ok(())
    }
}

/// Leaves out visits that are older than the newest event of the store.
#[derive(Default)]
struct OmitsOlderVisits(AtomicI64);

#[async_trait]
impl StoreDefect for OmitsOlderVisits {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain(|event| {
            let newest = self.0.fetch_max(event.at.as_millis(), Ordering::Relaxed);
            event.at.as_millis() >= newest || !matches!(event.kind, EventKind::Visit(_))
        });
        good.apply(&events).await
    }
}

/// Counts repeats of earlier batches.
struct CountsRepeats;

#[async_trait]
impl StoreDefect for CountsRepeats {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.iter_mut().for_each(|event| event.id = fresh());
        good.apply(&events).await
    }
}

/// Returns pageviews as visitors.
struct CountsPageviewsAsVisitors;

#[async_trait]
impl StoreDefect for CountsPageviewsAsVisitors {
    async fn query(&self, good: &MemoryStore, query: &Query) -> Result<Table, ReportError> {
        let mut other = query.clone();
        for metric in &mut other.metrics {
            if *metric == Metric::Visitors {
                *metric = Metric::Pageviews;
            }
        }
        let mut table = good.query(&other).await?;
        table.metrics.clone_from(&query.metrics);
        Ok(table)
    }
}

/// Erases the rows of sessions also in a dry run.
struct NoDryRun;

#[async_trait]
impl StoreDefect for NoDryRun {
    async fn expire_sessions(&self, good: &MemoryStore, first: Day, _: bool) -> Result<u64> {
        good.expire_sessions(first, false).await
    }
}

/// A harness that says that it changed the data of a store, and did not.
struct Unchanged(Arc<dyn Store>);

#[async_trait]
impl StoreHarness for Unchanged {
    async fn open(&mut self) -> Result<Arc<dyn Store>> {
        Ok(Arc::clone(&self.0))
    }
    async fn make_undated(&mut self) -> Result<bool> {
        Ok(true)
    }
    async fn damage_total(&mut self, _: &Topic) -> Result<bool> {
        Ok(true)
    }
}

fn comments_an_hour_later(event: &mut Event) {
    if matches!(event.kind, EventKind::Comment { .. }) {
        event.at = event.at.plus(Duration::from_secs(3600));
    }
}

fn likes_an_hour_later(event: &mut Event) {
    if matches!(event.kind, EventKind::Like { .. } | EventKind::Unlike { .. }) {
        event.at = event.at.plus(Duration::from_secs(3600));
    }
}

fn without_seconds(event: &mut Event) {
    if let EventKind::Visit(visit) = &mut event.kind {
        visit.seconds = None;
    }
}

/// Gives a key to readers without one.
fn a_key_per_pageview(event: &mut Event) {
    if let EventKind::Visit(visit) = &mut event.kind
        && visit.visitor.is_none()
        && visit.cause() == VisitCause::Open
    {
        visit.visitor = Some(VisitorKey::from_u128(event.id.as_u128()));
    }
}

/// Gives a visitor another key on the next day.
fn a_key_per_day(event: &mut Event) {
    let day = event.at.day().number().unsigned_abs();
    if let EventKind::Visit(visit) = &mut event.kind {
        visit.visitor = visit
            .visitor
            .map(|visitor| VisitorKey::from_u128(visitor.as_u128() ^ u128::from(day)));
    }
}

fn without_missing_values(table: &mut Table) {
    table
        .rows
        .retain(|row| row.dimensions.iter().all(|value| !value.is_empty()));
}

caught! { reports, reports_suite:
    a_late_event_counts_without_its_visitor: harness(ChangesStatus(|status| status.late_events = 0))
        => "the late events\n   got 0\nwanted 7";
    a_store_without_a_time_zone_uses_utc: harness(AcceptsEveryTimeZone)
        => "whether a retry may set another zone\n   got Ok(())";
    a_visit_goes_on_after_its_day_is_closed: harness(ChangesEvents(a_key_per_day))
        => "the returned totals of";
    comments_count_when_they_were_written: harness(ChangesEvents(comments_an_hour_later)) => "the answer to";
    custom_events_count_by_hour_page_and_name: harness(ChangesTables(without_missing_values)) => "the answer to";
    data_from_before_reports_stay_undated: Unchanged(harness(NeverExpires)) => "the dated numbers: nothing new";
    every_order_of_arrival_gives_the_same_answers: harness(OmitsOlderVisits::default()) => "the totals of site";
    expire_closes_days: harness(NeverExpires) => "the start of the first open day";
    expire_erases_salts_by_the_day_of_the_site: harness(IgnoresTimeZone) => "yesterday's salt\n   got [8";
    expire_sessions_erases_the_rows_of_closed_days: harness(NoDryRun) => "the first day: a dry run";
    hours_and_days_follow_the_clocks: harness(IgnoresTimeZone) => "the answer to";
    likes_move_to_the_latest_like: harness(ChangesEvents(likes_an_hour_later)) => "the answer to";
    queries_beyond_the_capabilities_are_refused_by_name: harness(RefusesNothing) => "wanted Refused(TimeFilter(Hour))";
    random_queries_match_the_model: harness(ChangesEvents(without_seconds)) => "the answer to";
    random_queries_match_the_model_where_a_day_starts_at_one: harness(IgnoresTimeZone) => "the answer to";
    random_queries_match_the_model_where_hours_start_at_half: harness(IgnoresTimeZone) => "the answer to";
    readers_without_a_key_are_visits_but_not_visitors: harness(ChangesEvents(a_key_per_pageview)) => "the answer to";
    repeated_events_change_no_answer: harness(CountsRepeats) => "the returned totals of";
    the_time_zone_is_stored_with_the_first_event: harness(AcceptsEveryTimeZone)
        => "whether a retry may set another zone\n   got Ok(())";
    two_accumulators_count_as_one: harness(NonAtomicDedupe::default()) => "the totals of site";
    two_visits_merge_when_an_event_joins_them: harness(OmitsOlderVisits::default()) => "the answer to";
    values_beyond_the_limit_count_as_other: harness(ChangesTables(|table| table.has_other = false))
        => "the answer to";
    verify_finds_a_damaged_total: Unchanged(harness(NeverExpires)) => "what verify finds of blog:one";
    visitors_count_once_in_each_hour_and_day: harness(CountsPageviewsAsVisitors) => "the answer to";
    visits_count_where_they_start: harness(OmitsOlderVisits::default()) => "the answer to";
}
