use horizon_core::reports::{ReportSite, SiteTimeZone, TimeZoneError};
use horizon_core::{Day, Timestamp};
use parking_lot::Mutex;
use rusqlite::types::FromSqlError;
use rusqlite::{OptionalExtension, Result, params};

use crate::sql::{Db, reports as sql};
use crate::store::ledger::{read_unsigned, to_signed};

/// The time zone of the site: the stored one, before the first dated event that of the application.
#[derive(Default)]
pub(crate) struct SqlSiteZone(Mutex<SiteTimeZone>);

/// What the file has of the site as a whole.
pub(super) struct SqlSite {
    pub(super) state: ReportSite,
    /// The first day whose session rows are kept.
    pub(super) first_session_day: Option<Day>,
}

impl SqlSiteZone {
    pub(super) fn get(&self) -> SiteTimeZone {
        self.0.lock().clone()
    }

    pub(super) fn set(&self, zone: SiteTimeZone) {
        *self.0.lock() = zone;
    }

    /// Returns the stored time zone, and keeps it because reading the database of time zones is slow.
    fn stored(&self, name: &str) -> Result<SiteTimeZone, TimeZoneError> {
        let mut zone = self.0.lock();
        if zone.name() != name {
            *zone = SiteTimeZone::new(name)?;
        }
        Ok(zone.clone())
    }
}

impl SqlSite {
    pub(super) fn read(db: Db<'_>, zone: &SqlSiteZone) -> Result<Self> {
        let found = db.prepare(sql::SITE)?.query_row([], |row| {
            let name = row.get_ref(0)?.as_str()?;
            let zone = zone.stored(name).map_err(|e| FromSqlError::Other(e.into()))?;
            let cutoff = Timestamp::from_millis(row.get(1)?);
            Ok(Self {
                state: ReportSite::stored(zone, Some(cutoff), read_unsigned(row, 2)?),
                first_session_day: row.get::<_, Option<i64>>(3)?.map(Day::from_number),
            })
        });
        Ok(found.optional()?.unwrap_or_else(|| Self {
            state: ReportSite::new(zone.get()),
            first_session_day: None,
        }))
    }

    /// Returns the first day that is not closed, or `None` before the first dated event.
    pub(super) fn open_day(&self) -> Option<Day> {
        let cutoff = self.state.cutoff()?;
        Some(self.state.time_zone().day_of(cutoff))
    }
}

/// Stores the state. Does nothing before the first dated event.
pub(super) fn write(db: Db<'_>, state: &ReportSite) -> Result<()> {
    let Some(cutoff) = state.cutoff() else { return Ok(()) };
    let late_events = to_signed(state.late_events())?;
    db.prepare(sql::SET_SITE)?
        .execute(params![state.time_zone().name(), cutoff.as_millis(), late_events])?;
    Ok(())
}
