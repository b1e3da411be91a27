use std::sync::Arc;

use async_trait::async_trait;
use horizon_core::reports::{
    AnswerError, Capabilities, Counts, Discrepancy, Query, ReportError, ReportStatus, Reports, SiteTimeZone, Table,
    VerifiedTopic, answer, verify,
};
use horizon_core::{Day, Error, EventCounts, Result, Topic};
use rusqlite::types::FromSqlError;

use super::reader::{ReadError, SqlReportReader};
use super::site::{SqlSite, SqlSiteZone};
use crate::connection::READ_FAILED;
use crate::error;
use crate::sql::{Db, reports as sql};
use crate::store::SqliteStore;
use crate::store::ledger::{read_total, read_unsigned};

#[async_trait]
impl Reports for SqliteStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        let site = self.read_site().await?;
        let stored = site.state.time_zone();
        if site.state.cutoff().is_some() && stored != zone {
            return Err(Error::permanent(format!(
                "the reports of the database {} are in the time zone {stored}, not in {zone}: configure {stored}",
                self.path.display()
            )));
        }
        self.zone.set(zone.clone());
        Ok(())
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let (query, zone) = (query.clone(), Arc::clone(&self.zone));
        self.report_pool.read(move |db| answer_query(db, &zone, &query)).await?
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn status(&self) -> Result<ReportStatus> {
        let site = self.read_site().await?;
        let mut status = ReportStatus::new(site.state.time_zone().clone());
        status.open_since = site.state.cutoff();
        status.late_events = site.state.late_events();
        status.first_session_day = site.first_session_day;
        Ok(status)
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        let zone = Arc::clone(&self.zone);
        self.read_pool.read_alone(move |db| find_discrepancies(db, &zone)).await
    }

    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        self.erase_sessions(first, dry_run).await
    }
}

impl SqliteStore {
    async fn read_site(&self) -> Result<SqlSite> {
        let zone = Arc::clone(&self.zone);
        self.read_pool.read(move |db| SqlSite::read(db, &zone)).await
    }
}

/// Returns the answer or why there is none. The outer error is that of the driver.
fn answer_query(db: Db<'_>, zone: &SqlSiteZone, query: &Query) -> rusqlite::Result<Result<Table, ReportError>> {
    let site = SqlSite::read(db, zone)?;
    let (zone, first) = (site.state.time_zone(), site.first_session_day);
    match answer(&SqlReportReader(db), query, zone, &Capabilities::ALL, first) {
        Err(AnswerError::Reader(error)) => Err(error.into()),
        answered => Ok(answered.map_err(|error| error.into_report_error(map_read_error))),
    }
}

fn map_read_error(error: ReadError) -> Error {
    error::map(READ_FAILED, rusqlite::Error::from(error))
}

fn find_discrepancies(db: Db<'_>, zone: &SqlSiteZone) -> rusqlite::Result<Vec<Discrepancy>> {
    let site = SqlSite::read(db, zone)?;
    let mut topics = Vec::new();
    let mut statement = db.prepare(sql::TOPICS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str()?;
        let topic = name.parse().map_err(|e| FromSqlError::Other(Box::new(e)))?;
        topics.push(verified_topic(db, row.get(0)?, &topic)?);
    }
    let zone = site.state.time_zone();
    let found = verify(
        &SqlReportReader(db),
        zone,
        &Capabilities::ALL,
        &topics,
        site.first_session_day,
    );
    Ok(found?)
}

/// Returns the totals of a topic, and what of them is undated.
fn verified_topic(db: Db<'_>, key: i64, topic: &Topic) -> rusqlite::Result<VerifiedTopic> {
    let mut verified = VerifiedTopic::dated(&read_total(db, topic)?);
    verified.undated = db.prepare(sql::UNDATED)?.query_row([key], |row| {
        let mut undated = Counts::default();
        (undated.visits, undated.likes, undated.comments) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(undated)
    })?;
    let mut statement = db.prepare(sql::UNDATED_EVENTS)?;
    let events = statement.query_map([key], |row| Ok((row.get::<_, String>(0)?, read_unsigned(row, 1)?)))?;
    verified.undated_events = events.collect::<rusqlite::Result<EventCounts>>()?;
    Ok(verified)
}
