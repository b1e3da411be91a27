//! The reports of the store.

use async_trait::async_trait;
use horizon_core::reports::{
    Capabilities, Dimension, Discrepancy, Metric, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table,
    answer,
};
use horizon_core::{Day, Error, Result};
use redis::Value;

use super::apply::stored_site;
use super::bucket_reader::{self, NeededBuckets};
use super::snapshot::StoredSite;
use super::{RedisStore, verify};
use crate::error::map;

/// All metrics, without those that need numbers of the sessions' lengths or a histogram.
const METRICS: [Metric; 12] = [
    Metric::Visitors,
    Metric::Visits,
    Metric::Pageviews,
    Metric::PageVisits,
    Metric::ViewsPerVisit,
    Metric::AnonymousShare,
    Metric::Seconds,
    Metric::TimeOnPage,
    Metric::FinishedShare,
    Metric::Likes,
    Metric::Comments,
    Metric::Events,
];

/// All dimensions, without [`NOT_STORED`](super::ledger::NOT_STORED).
const DIMENSIONS: [Dimension; 18] = [
    Dimension::Hour,
    Dimension::Day,
    Dimension::Week,
    Dimension::Month,
    Dimension::Page,
    Dimension::Event,
    Dimension::EntryPage,
    Dimension::Source,
    Dimension::Channel,
    Dimension::Medium,
    Dimension::Campaign,
    Dimension::Term,
    Dimension::Content,
    Dimension::Browser,
    Dimension::System,
    Dimension::Device,
    Dimension::Country,
    Dimension::Language,
];

/// What the store answers.
pub(super) const CAPABILITIES: Capabilities = Capabilities::new(&METRICS, &DIMENSIONS, false);

#[async_trait]
impl Reports for RedisStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        let stored = self.stored_site().await?;
        self.set_site_zone(zone, stored.zone.as_deref())
    }

    /// Reads the buckets in several steps. A batch that is applied meanwhile may be in a part of the numbers.
    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let stored = self.stored_site().await?;
        let zone = self.site_zone(stored.zone.as_deref())?;
        let needed = NeededBuckets::new(zone.clone());
        answer(&needed, query, &zone, &CAPABILITIES, None)
            .map_err(|error| error.into_report_error(|never| match never {}))?;
        let reader = bucket_reader::read(self, needed, &zone).await?;
        let invalid = |e| Error::permanent("the buckets of the reports cannot be read").with_source(e);
        let table = answer(&reader, query, &zone, &CAPABILITIES, None);
        table.map_err(|error| error.into_report_error(invalid))
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn status(&self) -> Result<ReportStatus> {
        let stored = self.stored_site().await?;
        let site = stored_site(self.site_zone(stored.zone.as_deref())?, &stored);
        let mut status = ReportStatus::new(site.time_zone().clone());
        status.open_since = site.cutoff();
        status.late_events = site.late_events();
        Ok(status)
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        verify::verify(self).await
    }

    /// Erases nothing, because the store has no rows of sessions.
    async fn expire_sessions(&self, _: Day, _: bool) -> Result<u64> {
        Ok(0)
    }
}

impl RedisStore {
    /// Returns what Redis has of the site.
    pub(super) async fn stored_site(&self) -> Result<StoredSite> {
        let failed = |e| map("the state of the reports cannot be read from Redis", e);
        let mut pipe = redis::pipe();
        StoredSite::append_read(&mut pipe);
        let reply: Vec<Value> = self.redis.query_all(&mut pipe).await.map_err(failed)?;
        StoredSite::parse(reply.into_iter().next().unwrap_or(Value::Nil)).map_err(failed)
    }
}
