use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{
    Day, Error, Result,
    reports::{
        AnswerError, Capabilities, Discrepancy, MAX_DISCREPANCIES, Query, ReportError, ReportStatus, Reports,
        SiteTimeZone, Table, VerifiedTopic, answer, hour_value, verify,
    },
};
use tokio::{runtime::Handle, sync::mpsc, task::spawn_blocking};

use super::{SiteRecord, reader::PostgresReportReader};
use crate::{
    columns::{self, TimestampColumn},
    connection::PoolKind,
    error::DatabaseError,
    sql::reports as sql,
    store::{PostgresStore, totals},
};

/// How long a statement of a verification, which reads all rows, may run.
const VERIFY_TIMEOUT: Duration = Duration::from_secs(600);

const NOT_READ: &str = "the reports in PostgreSQL cannot be read";
const NOT_ERASED: &str = "the sessions in PostgreSQL cannot be erased";

#[async_trait]
impl Reports for PostgresStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        let site = self.read_site().await?;
        let stored = site.state.time_zone();
        if site.state.cutoff().is_some() && stored != zone {
            return Err(Error::permanent(format!(
                "the reports in PostgreSQL are in the time zone {stored}, not in {zone}: configure {stored}"
            )));
        }
        self.zone.set(zone.clone());
        Ok(())
    }

    async fn query(&self, query: &Query) -> Result<Table, ReportError> {
        let query = query.clone();
        let limit = PoolKind::Report.statement_timeout();
        let answered = self.read_reports(limit, move |reader, site| answer_query(reader, site, &query));
        answered.await.map_err(not_read)?
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
        self.read_reports(VERIFY_TIMEOUT, find_discrepancies)
            .await
            .map_err(not_read)
    }

    async fn expire_sessions(&self, first: Day, dry_run: bool) -> Result<u64> {
        let erased = self.erase_sessions(first, dry_run).await;
        erased.map_err(|error| error.into_port_error(NOT_ERASED))
    }
}

fn not_read(error: DatabaseError) -> Error {
    error.into_port_error(NOT_READ)
}

impl PostgresStore {
    async fn read_site(&self) -> Result<SiteRecord> {
        let read = async |tx: &_| SiteRecord::read(tx, &self.zone).await;
        self.database.read(read).await.map_err(not_read)
    }

    /// Runs `work` on a thread that may block, in a transaction that sees one state of the database. No statement may
    /// run longer than `limit`. If this future is dropped, the thread ends at its next read.
    async fn read_reports<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl FnOnce(&PostgresReportReader, &SiteRecord) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let transaction = self.database.report().await?;
        let (caller, waiting) = mpsc::channel(1);
        let reader = PostgresReportReader::new(transaction, Handle::current(), caller, limit);
        let zone = std::sync::Arc::clone(&self.zone);
        let thread = spawn_blocking(move || {
            let site = reader.block_on(async |tx| SiteRecord::read(tx, &zone).await)?;
            let value = work(&reader, &site)?;
            reader.finish();
            Ok(value)
        });
        let done = thread.await;
        drop(waiting);
        done.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(DatabaseError::Closed),
        })
    }
}

/// Answers a query. The outer error is a failure of the database; the inner one says why the query has no answer.
fn answer_query(
    reader: &PostgresReportReader,
    site: &SiteRecord,
    query: &Query,
) -> Result<Result<Table, ReportError>, DatabaseError> {
    let (zone, first) = (site.state.time_zone(), site.first_session_day);
    match answer(reader, query, zone, &Capabilities::ALL, first) {
        Err(AnswerError::Reader(error)) => Err(error),
        answered => Ok(answered.map_err(|error| error.into_report_error(not_read))),
    }
}

fn find_discrepancies(reader: &PostgresReportReader, site: &SiteRecord) -> Result<Vec<Discrepancy>, DatabaseError> {
    let totals = reader.block_on(async |tx| {
        let limit = VERIFY_TIMEOUT.as_millis().to_string();
        tx.query(sql::SET_STATEMENT_TIMEOUT, &[&limit]).await?;
        let names = tx.query(sql::TOPICS, &[]).await?;
        let topics = names.iter().map(|row| columns::topic(row, "name"));
        totals::read(tx, &topics.collect::<Result<Vec<_>, _>>()?).await
    })?;
    let mut topics: Vec<_> = totals.iter().map(|total| VerifiedTopic::dated(&total.update)).collect();
    topics.sort_by(|a, b| a.topic.cmp(&b.topic));
    let zone = site.state.time_zone();
    let mut found = verify(reader, zone, &Capabilities::ALL, &topics, site.first_session_day)?;
    reader.rows(sql::WRONG_BIN_SUMS, &[], |row| {
        let (TimestampColumn(hour), bin): (_, i16) = (row.try_get("hour")?, row.try_get("bin")?);
        let what = || {
            format!(
                "page visits with reading times of bin {bin} in the hour {} of all pages",
                hour_value(hour)
            )
        };
        if found.len() < MAX_DISCREPANCIES {
            found.extend(Discrepancy::between(what, row.try_get("parts")?, row.try_get("total")?));
        }
        Ok(())
    })?;
    Ok(found)
}
