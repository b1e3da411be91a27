//! The buckets, visitors and sessions of the reports.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::reports::{
    AnswerError, Capabilities, Dimension, Discrepancy, MAX_VALUES, MemoryReportReader, NumberKind, Query,
    ReportChanges, ReportError, ReportSite, ReportStatus, Reports, SiteTimeZone, Table, VerifiedTopic, VisitorState,
    answer, verify,
};
use horizon_core::{Day, Error, Result, Timestamp, Topic, VisitorKey};

use super::MemoryStore;

/// The tables of the reports. All events are dated, because the store starts empty.
#[derive(Default)]
pub(super) struct ReportTables {
    /// The zone of the site until the first event.
    pub(super) zone: SiteTimeZone,
    /// `None` before the first event.
    site: Option<ReportSite>,
    pub(super) buckets: MemoryReportReader,
    pub(super) visitors: HashMap<(Topic, VisitorKey), VisitorState>,
    pub(super) values: HashMap<(Day, Dimension), BTreeSet<Arc<str>>>,
    pub(super) numbers: HashMap<(Day, NumberKind), u32>,
    /// The first day whose sessions are not erased.
    first_session_day: Option<Day>,
}

impl ReportTables {
    pub(super) fn site_state(&self) -> ReportSite {
        self.site.clone().unwrap_or_else(|| ReportSite::new(self.zone.clone()))
    }

    pub(super) fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> bool {
        let values = self.values.entry((day, dimension)).or_default();
        values.contains(value) || (values.len() < MAX_VALUES && values.insert(value.into()))
    }

    pub(super) fn next_number(&mut self, day: Day, kind: NumberKind) -> u32 {
        let next = self.numbers.entry((day, kind)).or_default();
        let number = *next;
        *next = next.saturating_add(1);
        number
    }

    pub(super) fn write(&mut self, changes: ReportChanges) {
        self.site = Some(changes.site);
        let buckets = &mut self.buckets;
        for (key, counts) in changes.hours {
            buckets.hours.entry(key).or_default().merge(&counts);
        }
        for (key, counts) in changes.days {
            buckets.days.entry(key).or_default().merge(&counts);
        }
        for (key, counts) in changes.dimensions {
            *buckets.dimensions.entry(key).or_default() += counts;
        }
        for (key, count) in changes.custom_events {
            *buckets.custom_events.entry(key).or_default() += count;
        }
        for id in changes.removed_sessions {
            buckets.sessions.remove(&id);
        }
        buckets
            .sessions
            .extend(changes.sessions.into_iter().map(|row| (row.id, row)));
        for (topic, visitor, state) in changes.visitors {
            self.visitors.insert((topic, visitor), state);
        }
    }

    /// Closes days by the clock, and erases what no event can change any more.
    pub(super) fn expire(&mut self, now: Timestamp) {
        let Some(site) = &mut self.site else { return };
        site.close_by_clock(now);
        if let Some(cutoff) = site.cutoff() {
            self.visitors.retain(|_, state| !state.is_closed(cutoff));
        }
    }
}

#[async_trait]
impl Reports for MemoryStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        let reports = &mut self.tables().reports;
        match &reports.site {
            Some(site) if site.time_zone() != zone => Err(Error::permanent(format!(
                "the numbers of this store are in the time zone {}, not in {zone}",
                site.time_zone()
            ))),
            _ => {
                reports.zone = zone.clone();
                Ok(())
            }
        }
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let reports = &self.tables().reports;
        let (zone, first) = (reports.site_state(), reports.first_session_day);
        answer(&reports.buckets, query, zone.time_zone(), &self.capabilities(), first)
            .map_err(|error| AnswerError::into_report_error(error, damaged))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn status(&self) -> Result<ReportStatus> {
        let reports = &self.tables().reports;
        let site = reports.site_state();
        let mut status = ReportStatus::new(site.time_zone().clone());
        status.open_since = site.cutoff();
        status.late_events = site.late_events();
        status.first_session_day = reports.first_session_day;
        Ok(status)
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        let tables = self.tables();
        let reports = &tables.reports;
        let topics: Vec<_> = tables.totals.values().map(VerifiedTopic::dated).collect();
        let (site, first) = (reports.site_state(), reports.first_session_day);
        verify(&reports.buckets, site.time_zone(), &Capabilities::ALL, &topics, first).map_err(damaged)
    }

    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        let reports = &mut self.tables().reports;
        let site = reports.site_state();
        let Some(cutoff) = site.cutoff() else { return Ok(0) };
        let first = first.min(site.time_zone().day_of(cutoff));
        let sessions = &mut reports.buckets.sessions;
        let before = sessions.len();
        let kept = sessions.keys().filter(|id| id.day >= first).count();
        if !dry_run && kept < before {
            sessions.retain(|id, _| id.day >= first);
            reports.first_session_day = reports.first_session_day.max(Some(first));
        }
        Ok((before - kept) as u64)
    }
}

fn damaged(error: horizon_core::reports::SessionColumnsError) -> Error {
    Error::permanent("the sessions in memory cannot be read").with_source(error)
}
