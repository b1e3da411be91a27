use std::sync::Arc;

use super::random_visits::PAGES;
use super::{RandomQueries, ReportAnswer, ReportModel};
use crate::reports::{Capabilities, DayRange, Query, ReportStatus, Reports, SiteTimeZone, Value};
use crate::testing::event_factory::page_topic;
use crate::testing::{Store, StoreHarness, Violation, expect_eq, located};
use crate::{Day, Error, Event, Timestamp, Topic};

/// How many queries are asked before the store is opened again.
const QUERIES_PER_OPEN: usize = 50;

/// The rows of a table: the dimensions, joined by ` | `, and the counts and numerators of the metrics.
pub(super) type WantedRows<'a> = &'a [(&'a str, &'a [i64])];

/// A store and the model, which get the same events.
pub(super) struct ReportComparison<'a> {
    harness: &'a mut dyn StoreHarness,
    zone: SiteTimeZone,
    pub(super) model: ReportModel,
    /// How many answers to random queries were those of the model.
    pub(super) random_queries: usize,
}

impl<'a> ReportComparison<'a> {
    pub(super) fn new(harness: &'a mut dyn StoreHarness, zone: &str) -> Result<Self, Violation> {
        let zone = time_zone(zone)?;
        Ok(Self {
            harness,
            model: ReportModel::new(zone.clone()),
            zone,
            random_queries: 0,
        })
    }

    pub(super) fn utc(harness: &'a mut dyn StoreHarness) -> Result<Self, Violation> {
        Self::new(harness, "UTC")
    }

    /// Opens the store and sets its time zone.
    pub(super) async fn open(&mut self) -> Result<Arc<dyn Store>, Violation> {
        let store = self.harness.open().await?;
        reports(&*store)?.set_time_zone(&self.zone).await?;
        Ok(store)
    }

    /// Returns two handles of the store, which may be one.
    pub(super) async fn open_two(&mut self) -> Result<[Arc<dyn Store>; 2], Violation> {
        let one = self.open().await?;
        let other = self.harness.open_another().await?;
        let other = other.unwrap_or_else(|| Arc::clone(&one));
        reports(&*other)?.set_time_zone(&self.zone).await?;
        Ok([one, other])
    }

    pub(super) fn harness(&mut self) -> &mut dyn StoreHarness {
        self.harness
    }

    /// Applies the events, and expects the totals of the model.
    #[track_caller]
    pub(super) fn apply(&mut self, events: &[Event]) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            self.model.apply(events);
            for update in self.open().await?.apply(events).await? {
                let want = self.model.totals(&update.topic);
                expect_eq(
                    &format!("the returned totals of {}", update.topic),
                    &update.stats,
                    &want,
                )?;
            }
            Ok(())
        })
    }

    #[track_caller]
    pub(super) fn expire(&mut self, now: Timestamp) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            self.model.expire(now);
            Ok(self.open().await?.expire(now).await?)
        })
    }

    #[track_caller]
    pub(super) fn capabilities(&mut self) -> impl Future<Output = Result<Capabilities, Violation>> {
        located(async move { Ok(reports(&*self.open().await?)?.capabilities()) })
    }

    #[track_caller]
    pub(super) fn status(&mut self) -> impl Future<Output = Result<ReportStatus, Violation>> {
        located(async move { Ok(reports(&*self.open().await?)?.status().await?) })
    }

    /// Expects these rows, whose counts and numerators are given, unless the store refuses the query by name.
    #[track_caller]
    pub(super) fn expect_rows(
        &mut self,
        what: &str,
        query: &Query,
        want: WantedRows<'_>,
    ) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            let store = self.open().await?;
            let answer = self.answer(&*store, query, None).await?;
            let ReportAnswer::Table(table) = answer else {
                return Ok(());
            };
            let rows = table.rows.iter().map(|row| {
                let numbers = row.metrics.iter().map(|value| numerator(*value)).collect::<Vec<_>>();
                (row.dimensions.join(" | "), numbers)
            });
            let want = want.iter().map(|(key, numbers)| ((*key).to_owned(), numbers.to_vec()));
            expect_eq(what, &rows.collect::<Vec<_>>(), &want.collect())
        })
    }

    /// Returns the answer of the store, which has to be that of the model.
    #[track_caller]
    pub(super) fn expect_answer(&mut self, query: &Query) -> impl Future<Output = Result<ReportAnswer, Violation>> {
        located(async move {
            let store = self.open().await?;
            self.answer(&*store, query, None).await
        })
    }

    /// Expects the answers of the model to random queries.
    #[track_caller]
    pub(super) fn expect_answers(
        &mut self,
        seed: u64,
        range: DayRange,
        count: usize,
    ) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            let capabilities = self.capabilities().await?;
            let first_session_day = self.status().await?.first_session_day;
            let mut queries = RandomQueries::new(seed, range, capabilities);
            let queries: Vec<_> = (0..count).map(|_| queries.query()).collect();
            self.compare(&queries, first_session_day).await?;
            self.random_queries += queries.len();
            Ok(())
        })
    }

    /// Expects the answers of the model to these queries.
    #[track_caller]
    pub(super) fn expect_answers_to(&mut self, queries: &[Query]) -> impl Future<Output = Result<(), Violation>> {
        located(self.compare(queries, None))
    }

    async fn compare(&mut self, queries: &[Query], first_session_day: Option<Day>) -> Result<(), Violation> {
        for queries in queries.chunks(QUERIES_PER_OPEN) {
            let store = self.open().await?;
            for query in queries {
                self.answer(&*store, query, first_session_day).await?;
            }
        }
        Ok(())
    }

    /// Returns the answer of the store if it is that of the model.
    async fn answer(&self, store: &dyn Store, query: &Query, first: Option<Day>) -> Result<ReportAnswer, Violation> {
        let reports = reports(store)?;
        let got = ReportAnswer::from_result(reports.query(query).await)?;
        let want = self.model.answer(query, &reports.capabilities(), first);
        expect_eq(&format!("the answer to {query:?}"), &got, &want)?;
        Ok(got)
    }

    /// Expects the totals of the model, and that `verify` finds nothing.
    #[track_caller]
    pub(super) fn expect_totals(&mut self) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            let mut topics = vec![Topic::Site];
            for page in PAGES {
                topics.push(page_topic(page)?);
            }
            let store = self.open().await?;
            for update in store.totals(&topics).await? {
                let want = self.model.totals(&update.topic);
                expect_eq(&format!("the totals of {}", update.topic), &update.stats, &want)?;
            }
            let found = reports(&*store)?.verify().await?;
            expect_eq("what verify finds", &found, &Vec::new())
        })
    }

    /// Expects the state of the model.
    #[track_caller]
    pub(super) fn expect_status(&mut self) -> impl Future<Output = Result<(), Violation>> {
        located(async move {
            let status = self.status().await?;
            expect_eq(
                "the start of the first open day",
                &status.open_since,
                &self.model.open_since(),
            )?;
            expect_eq("the late events", &status.late_events, &self.model.late_events())
        })
    }
}

/// Returns the reports of the store.
pub(super) fn reports(store: &dyn Store) -> Result<&dyn Reports, Violation> {
    let missing = || Violation::from(Error::permanent("the store has no reports"));
    store.reports().ok_or_else(missing)
}

pub(super) fn time_zone(name: &str) -> Result<SiteTimeZone, Violation> {
    SiteTimeZone::new(name).map_err(|e| Violation::new(e.to_string()))
}

fn numerator(value: Value) -> i64 {
    match value {
        Value::Count(count) => count,
        Value::Ratio { numerator, .. } => numerator,
        Value::Median(_) => -1,
    }
}
