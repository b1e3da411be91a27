use std::sync::Arc;
use std::time::Duration;

use horizon_core::reports::{Discrepancy, SiteState};
use horizon_core::{Day, Result, Timestamp};

use super::site::{self, SiteZone, StoredSite};
use super::verify::verify;
use crate::sql::{Db, reports as sql};
use crate::store::SqliteStore;

/// How much later than an event the clock closes a day: 24 hours.
const CLOCK_DELAY: Duration = Duration::from_secs(24 * 3600);

impl SqliteStore {
    /// Compares the totals with the buckets and these with the sessions.
    pub(super) async fn discrepancies(&self) -> Result<Vec<Discrepancy>> {
        let zone = Arc::clone(&self.zone);
        self.read_pool.read_alone(move |db| verify(db, &zone)).await
    }

    /// Closes the days that ended 48 hours ago, and erases the states of visitors that no event can change any more.
    pub(in crate::store) async fn expire_reports(&self, now: Timestamp) -> Result<()> {
        let zone = Arc::clone(&self.zone);
        let open = self.writer.write(move |db| close_days(db, &zone, now)).await?;
        self.expire_rows(sql::EXPIRE_VISITOR_STATES, open.number()).await
    }
}

/// Closes days by the clock. Returns the first day whose visitors are kept.
fn close_days(db: Db<'_>, zone: &SiteZone, now: Timestamp) -> rusqlite::Result<Day> {
    let site = StoredSite::read(db, zone)?;
    let mut state = site.state.clone();
    state.close_by_clock(now);
    if state != site.state {
        site::write(db, &state)?;
    }
    // Without dated events, there may still be visitors from before the store kept reports.
    let mut clock = SiteState::new(state.time_zone().clone());
    clock.close_by_event(now.minus(CLOCK_DELAY));
    let cutoff = state.cutoff().or(clock.cutoff()).unwrap_or(now);
    Ok(state.time_zone().day_of(cutoff))
}
