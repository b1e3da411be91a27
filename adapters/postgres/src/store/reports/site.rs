use horizon_core::{
    Day, Timestamp,
    reports::{ReportSite, SiteTimeZone, TimeZoneError},
};
use parking_lot::Mutex;
use tokio_postgres::Row;

use crate::{
    columns::{DateColumn, invalid, signed, unsigned},
    connection::{TableWrite, Transaction},
    error::DatabaseError,
    schema,
    sql::site as sql,
};

/// The time zone of the site: the stored one, or that of the application before the first dated event.
#[derive(Default)]
pub(in crate::store) struct CachedZone(Mutex<SiteTimeZone>);

/// What is stored of the site as a whole.
pub(in crate::store) struct SiteRecord {
    pub(in crate::store) state: ReportSite,
    /// The first day whose session rows are kept.
    pub(in crate::store) first_session_day: Option<Day>,
}

impl CachedZone {
    /// Returns the cached zone.
    pub(in crate::store) fn get(&self) -> SiteTimeZone {
        self.0.lock().clone()
    }

    pub(in crate::store) fn set(&self, zone: SiteTimeZone) {
        *self.0.lock() = zone;
    }

    /// Returns the stored time zone, and caches it because reading the time zone database is slow.
    fn stored(&self, name: &str) -> Result<SiteTimeZone, TimeZoneError> {
        let mut zone = self.0.lock();
        if zone.name() != name {
            *zone = SiteTimeZone::new(name)?;
        }
        Ok(zone.clone())
    }
}

impl SiteRecord {
    /// # Errors
    /// The schema has another version: a connection may be older than the migration by another process.
    pub(in crate::store) async fn read(transaction: &Transaction, zone: &CachedZone) -> Result<Self, DatabaseError> {
        let row = transaction.query_opt(sql::SITE, &[]).await?;
        row.map_or_else(|| Ok(Self::without_events(zone)), |row| Self::from_row(&row, zone))
    }

    fn without_events(zone: &CachedZone) -> Self {
        Self {
            state: ReportSite::new(zone.get()),
            first_session_day: None,
        }
    }

    fn from_row(row: &Row, zone: &CachedZone) -> Result<Self, DatabaseError> {
        let version: Option<i32> = row.try_get("version")?;
        schema::check_number(version.unwrap_or(0))?;
        let cutoff: Option<i64> = row.try_get("cutoff")?;
        let Some(cutoff) = cutoff else {
            return Ok(Self::without_events(zone));
        };
        let name: &str = row.try_get("time_zone")?;
        let zone = zone.stored(name).map_err(|error| invalid("time_zone", error))?;
        let first: Option<DateColumn> = row.try_get("first_session_day")?;
        Ok(Self {
            state: ReportSite::stored(
                zone,
                Some(Timestamp::from_millis(cutoff)),
                unsigned(row, "late_events")?,
            ),
            first_session_day: first.map(|DateColumn(day)| day),
        })
    }

    /// Returns the first day that is not closed, or `None` before the first dated event.
    pub(in crate::store) fn open_day(&self) -> Option<Day> {
        let cutoff = self.state.cutoff()?;
        Some(self.state.time_zone().day_of(cutoff))
    }
}

/// Returns the statement that stores the state, or `None` before the first dated event.
pub(in crate::store) fn write(state: &ReportSite) -> Option<TableWrite<'_>> {
    let cutoff = state.cutoff()?;
    let write = TableWrite::new(sql::SET_SITE, 1)
        .value(state.time_zone().name())
        .value(cutoff.as_millis())
        .value(signed(state.late_events()));
    Some(write)
}
