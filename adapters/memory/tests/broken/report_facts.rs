//! A store with reports that applies batches with [`Facts`](horizon_core::Facts) and [`ReportFacts`]. If it forgets to
//! read one kind of fact, the suite catches it.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use horizon_core::reports::{
    AnswerError, Capabilities, CountedEvents, DayNumbers, Dimension, Discrepancy, MemoryReportReader, MissingFacts,
    NumberKind, OTHER_VALUE, Query, ReportError, ReportFacts, ReportSite, ReportStatus, Reports, SessionColumnsError,
    SiteTimeZone, Table, VerifiedTopic, VisitorState, answer, verify,
};
use horizon_core::testing::Store;
use horizon_core::{
    BatchKeys, Day, Error, Event, EventId, ReaderId, Result, Slug, StatsStore, ThreadPage, Timestamp, Topic, Update,
    VisitorKey,
};
use horizon_memory::MemoryStore;

use crate::facts::{FactTables, forgotten};
use crate::store::{StoreDefect, harness};

/// The kinds of facts that only a store with reports reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReportFactKind {
    Site,
    VisitorStates,
    SessionNumbers,
    VisitorNumbers,
    NumbersOfValues,
    /// Without it, the store treats every value as new.
    StoredValues,
    /// Without it, the store treats every value as stored.
    NewValues,
}

/// Reads all facts but those of one kind.
struct ReportFactsStore {
    forgotten: Option<ReportFactKind>,
    tables: Mutex<ReportFactTables>,
}

#[derive(Default)]
struct ReportFactTables {
    common: FactTables,
    zone: SiteTimeZone,
    site: Option<ReportSite>,
    visitors: HashMap<(Topic, VisitorKey), VisitorState>,
    days: HashMap<Day, DayNumbers>,
    buckets: MemoryReportReader,
    first_session_day: Option<Day>,
    topics: BTreeSet<Topic>,
}

impl ReportFactTables {
    fn site(&self) -> ReportSite {
        self.site.clone().unwrap_or_else(|| ReportSite::new(self.zone.clone()))
    }

    fn apply(&mut self, events: &[Event], forgotten: Option<ReportFactKind>) -> Result<Vec<Update>> {
        let keys = BatchKeys::of(events);
        let facts = self.common.read(&keys, None);
        let mut reports = self.read(&keys, events, forgotten);
        let counted = match facts.apply_with_reports(&reports, events) {
            Ok(counted) => counted,
            Err(missing) => {
                self.read_missing(&missing, &mut reports, forgotten);
                let counted = facts.apply_with_reports(&reports, events);
                counted.map_err(|missing| Error::permanent("facts are missing").with_source(missing))?
            }
        };
        let updates = counted.updates.clone();
        self.topics.extend(keys.topics);
        self.write(counted);
        Ok(updates)
    }

    fn read(&self, keys: &BatchKeys, events: &[Event], forgotten: Option<ReportFactKind>) -> ReportFacts {
        let site = self.site();
        let days = ReportFacts::days_of(events, site.time_zone());
        let mut facts = ReportFacts::new(match forgotten {
            Some(ReportFactKind::Site) => ReportSite::new(site.time_zone().clone()),
            _ => site,
        });
        let reads_states = forgotten != Some(ReportFactKind::VisitorStates);
        for (topic, visitor) in keys.visitors.iter().filter(|_| reads_states) {
            let state = self.visitors.get(&(topic.clone(), *visitor));
            state
                .into_iter()
                .for_each(|state| facts.insert_visitor_state(topic.clone(), *visitor, state.clone()));
        }
        for day in days {
            facts.insert_day(day, self.day(day, forgotten));
        }
        facts
    }

    fn day(&self, day: Day, forgotten: Option<ReportFactKind>) -> DayNumbers {
        let mut numbers = self.days.get(&day).copied().unwrap_or_default();
        match forgotten {
            Some(ReportFactKind::SessionNumbers) => numbers.sessions = 0,
            Some(ReportFactKind::VisitorNumbers) => numbers.visitors = 0,
            Some(ReportFactKind::NumbersOfValues) => numbers.values = DayNumbers::default().values,
            _ => {}
        }
        numbers
    }

    fn read_missing(&self, missing: &MissingFacts, facts: &mut ReportFacts, forgotten: Option<ReportFactKind>) {
        for day in &missing.days {
            facts.insert_day(*day, self.day(*day, forgotten));
        }
        for key in &missing.values {
            let is_stored = match forgotten {
                Some(ReportFactKind::StoredValues) => false,
                Some(ReportFactKind::NewValues) => true,
                _ => self.buckets.dimensions.contains_key(key),
            };
            facts.insert_value(key.0, key.1, key.2.clone(), is_stored);
        }
    }

    fn write(&mut self, counted: CountedEvents) {
        self.common.write(counted.changes);
        for ((day, kind), next) in counted.numbers {
            let numbers = self.days.entry(day).or_default();
            match kind {
                NumberKind::Session => numbers.sessions = next,
                NumberKind::Visitor => numbers.visitors = next,
            }
        }
        let changes = counted.reports;
        self.site = Some(changes.site);
        for (key, counts) in changes.hours {
            self.buckets.hours.entry(key).or_default().merge(&counts);
        }
        for (key, counts) in changes.days {
            self.buckets.days.entry(key).or_default().merge(&counts);
        }
        for ((dimension, day, value), counts) in changes.dimensions {
            let key = (dimension, day, value);
            if !self.buckets.dimensions.contains_key(&key) {
                self.count_value(dimension, day, &key.2);
            }
            *self.buckets.dimensions.entry(key).or_default() += counts;
        }
        for (key, count) in changes.custom_events {
            *self.buckets.custom_events.entry(key).or_default() += count;
        }
        for id in changes.removed_sessions {
            self.buckets.sessions.remove(&id);
        }
        let sessions = changes.sessions.into_iter();
        self.buckets.sessions.extend(sessions.map(|row| (row.id, row)));
        let visitors = changes.visitors.into_iter();
        self.visitors
            .extend(visitors.map(|(topic, visitor, state)| ((topic, visitor), state)));
    }

    /// Adds a new value to the number of values.
    fn count_value(&mut self, dimension: Dimension, day: Day, value: &str) {
        let numbers = self.days.entry(day).or_default();
        let number = dimension
            .session_index()
            .and_then(|index| numbers.values.get_mut(index));
        if let Some(number) = number.filter(|_| value != OTHER_VALUE) {
            *number += 1;
        }
    }

    fn expire(&mut self, now: Timestamp) {
        self.common.expire(now);
        let Some(site) = &mut self.site else { return };
        site.close_by_clock(now);
        if let Some(cutoff) = site.cutoff() {
            self.visitors.retain(|_, state| !state.is_closed(cutoff));
        }
    }

    fn expire_sessions(&mut self, first: Day, dry_run: bool) -> u64 {
        let site = self.site();
        let Some(cutoff) = site.cutoff() else { return 0 };
        let first = first.min(site.time_zone().day_of(cutoff));
        let sessions = &mut self.buckets.sessions;
        let erased = sessions.keys().filter(|id| id.day < first).count();
        if !dry_run && erased > 0 {
            sessions.retain(|id, _| id.day >= first);
            self.first_session_day = self.first_session_day.max(Some(first));
        }
        u64::try_from(erased).unwrap_or(u64::MAX)
    }
}

#[async_trait]
impl StoreDefect for ReportFactsStore {
    async fn apply(&self, _: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        self.tables.lock().unwrap().apply(events, self.forgotten)
    }

    async fn totals(&self, _: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        let tables = self.tables.lock().unwrap();
        Ok(topics.iter().map(|topic| tables.common.total(topic)).collect())
    }

    async fn is_liked_by(&self, _: &MemoryStore, topic: &Topic, reader: ReaderId) -> Result<bool> {
        Ok(self.tables.lock().unwrap().common.is_liked_by(topic, reader))
    }

    async fn threads(&self, _: &MemoryStore, slug: &Slug, _: Option<EventId>, _: NonZeroUsize) -> Result<ThreadPage> {
        Ok(self.tables.lock().unwrap().common.threads(slug))
    }

    /// Erases also the salts, which are in the other store.
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        self.tables.lock().unwrap().expire(now);
        good.expire(now).await
    }

    async fn set_time_zone(&self, good: &MemoryStore, zone: &SiteTimeZone) -> Result<()> {
        good.set_time_zone(zone).await?;
        let tables = &mut *self.tables.lock().unwrap();
        if tables.site.as_ref().is_some_and(|site| site.time_zone() != zone) {
            return Err(Error::permanent("the numbers are in another time zone"));
        }
        tables.zone = zone.clone();
        Ok(())
    }

    async fn query(&self, _: &MemoryStore, query: &Query) -> Result<Table, ReportError> {
        let tables = self.tables.lock().unwrap();
        let (site, first) = (tables.site(), tables.first_session_day);
        answer(&tables.buckets, query, site.time_zone(), &Capabilities::ALL, first)
            .map_err(|error| AnswerError::into_report_error(error, damaged))
    }

    async fn status(&self, _: &MemoryStore) -> Result<ReportStatus> {
        let tables = self.tables.lock().unwrap();
        let site = tables.site();
        let mut status = ReportStatus::new(site.time_zone().clone());
        status.open_since = site.cutoff();
        status.late_events = site.late_events();
        status.first_session_day = tables.first_session_day;
        Ok(status)
    }

    async fn verify(&self, _: &MemoryStore) -> Result<Vec<Discrepancy>> {
        let tables = self.tables.lock().unwrap();
        let totals = tables.topics.iter().map(|topic| tables.common.total(topic));
        let topics: Vec<_> = totals.map(|total| VerifiedTopic::dated(&total)).collect();
        let (site, first) = (tables.site(), tables.first_session_day);
        verify(&tables.buckets, site.time_zone(), &Capabilities::ALL, &topics, first).map_err(damaged)
    }

    async fn expire_sessions(&self, _: &MemoryStore, first: Day, dry_run: bool) -> Result<u64> {
        Ok(self.tables.lock().unwrap().expire_sessions(first, dry_run))
    }
}

fn damaged(error: SessionColumnsError) -> Error {
    Error::permanent("the sessions in memory cannot be read").with_source(error)
}

fn store(forgotten: Option<ReportFactKind>) -> Arc<dyn Store> {
    harness(ReportFactsStore {
        forgotten,
        tables: Mutex::default(),
    })
}

async fn store_with_all_facts() -> Arc<dyn Store> {
    store(None)
}

mod all_facts {
    horizon_core::stats_suite!(super::store_with_all_facts);
}

mod all_facts_of_reports {
    horizon_core::reports_suite!(super::store_with_all_facts);
}

forgotten! {
    a_store_that_forgets_the_site_opens_closed_days_again: ReportFactKind::Site,
        reports::a_late_event_counts_without_its_visitor
        => "the returned totals of blog:one\n   got Stats { visits: 3,";
    a_store_that_forgets_visitors_begins_a_visit_with_each_batch: ReportFactKind::VisitorStates,
        reports::two_visits_merge_when_an_event_joins_them => "the returned totals of";
    a_store_that_forgets_the_numbers_of_sessions_overwrites_them: ReportFactKind::SessionNumbers,
        reports::random_queries_match_the_model => "the answer to";
    a_store_that_forgets_the_numbers_of_visitors_confuses_them: ReportFactKind::VisitorNumbers,
        reports::random_queries_match_the_model => "visitors of the session rows of";
    a_store_that_forgets_how_many_values_there_are_adds_more: ReportFactKind::NumbersOfValues,
        reports::values_beyond_the_limit_count_as_other => "the answer to";
    a_store_that_forgets_stored_values_counts_them_as_other: ReportFactKind::StoredValues,
        reports::values_beyond_the_limit_count_as_other => "the answer to";
    a_store_that_takes_new_values_for_stored_ones_adds_them: ReportFactKind::NewValues,
        reports::values_beyond_the_limit_count_as_other => "the answer to";
}
