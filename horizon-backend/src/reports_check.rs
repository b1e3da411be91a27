use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use horizon_core::reports::{ReportStatus, Reports, SiteTimeZone};
use horizon_core::{Error, Result, StatsStore, Timestamp, error_chain};
use parking_lot::Mutex;
use tokio::time::{sleep, timeout};

use crate::{Health, now};

/// How often the reports are read: every 10 seconds. Another process may store another time zone with the first event.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// The wait after a failed check: 1 second. A store that is available again is soon checked.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long the start of a process waits for the stored time zone: 2 seconds. A store that is unavailable is checked
/// later.
const START_TIMEOUT: Duration = Duration::from_secs(2);

/// The part of a process's [`Health`] that reports another time zone.
const HEALTH_PART: &str = "time-zone";

/// Checks that the reports of a store have the time zone of this process. Clones share their state.
///
/// Visitor keys and reports change at the site's midnight, so all processes of a site must have the same time zone. The
/// store keeps that of the first event. A store without reports keeps none, and every time zone is right.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_backend::ReportsCheck;
/// use horizon_core::reports::SiteTimeZone;
/// use horizon_memory::MemoryStore;
///
/// let check = ReportsCheck::new(Arc::new(MemoryStore::new()), SiteTimeZone::new("Europe/Berlin")?);
/// check.refuse_other_zone().await?;
/// check.require_zone().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ReportsCheck(Arc<ReportsCheckState>);

struct ReportsCheckState {
    stats: Arc<dyn StatsStore>,
    time_zone: SiteTimeZone,
    last: Mutex<LastZoneCheck>,
}

/// What the last check found.
#[derive(Clone, Debug, Default)]
struct LastZoneCheck {
    zone: ZoneState,
    /// The number of late events. `None` without reports, and before the first check.
    late_events: Option<u64>,
    /// Whether days of the future are closed.
    has_closed_future: bool,
}

#[derive(Clone, Debug, Default)]
enum ZoneState {
    #[default]
    Unknown,
    Same,
    /// Another zone is stored, as this sentence says.
    Other(String),
}

impl ReportsCheck {
    /// Returns the check of a store.
    #[must_use]
    pub fn new(stats: Arc<dyn StatsStore>, time_zone: SiteTimeZone) -> Self {
        Self(Arc::new(ReportsCheckState {
            stats,
            time_zone,
            last: Mutex::default(),
        }))
    }

    /// Returns the time zone of this process.
    #[must_use]
    pub fn time_zone(&self) -> &SiteTimeZone {
        &self.0.time_zone
    }

    /// Returns the number of visits that came after their day was closed, as the store last said. `None` if the store
    /// keeps no reports or has not responded yet.
    #[must_use]
    pub fn late_events(&self) -> Option<u64> {
        self.0.last.lock().late_events
    }

    /// Checks the time zone at the start, for at most 2 seconds. A store that is unavailable passes; [`run`](Self::run)
    /// checks it later, and [`require_zone`](Self::require_zone) fails until then.
    ///
    /// # Errors
    /// Permanent if another zone is stored: a sentence with both zones and the setting.
    pub async fn refuse_other_zone(&self) -> Result<()> {
        if self.0.stats.reports().is_none() && self.0.time_zone != SiteTimeZone::utc() {
            tracing::warn!(
                time_zone = self.0.time_zone.name(),
                "the store keeps no reports, so it does not keep the time zone, which only decides when visitor keys \
                 change: give all processes of this site the same HORIZON_TIMEZONE"
            );
        }
        match timeout(START_TIMEOUT, self.check()).await {
            Ok(Err(error)) if !error.is_retryable() => Err(error),
            Ok(Err(error)) => {
                let cause = error_chain(&error);
                tracing::warn!(%error, cause, "the time zone of the reports is not known: nothing is counted");
                Ok(())
            }
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Returns at once if the last check found the right time zone, and checks it otherwise.
    ///
    /// # Errors
    /// Permanent if another zone is stored, retryable if the store is unavailable.
    pub async fn require_zone(&self) -> Result<()> {
        let zone = self.0.last.lock().zone.clone();
        match zone {
            ZoneState::Same => Ok(()),
            ZoneState::Other(sentence) => Err(Error::permanent(sentence)),
            ZoneState::Unknown => self.check().await,
        }
    }

    /// Checks every 10 seconds until `shutdown`, and every second while that fails. Reports the part `time-zone`.
    pub async fn run(&self, health: &Health, shutdown: impl Future<Output = ()>) {
        let checks = async {
            loop {
                let checked = self.check().await;
                match &checked {
                    Ok(()) => health.recover(HEALTH_PART),
                    Err(error) if error.is_retryable() => {
                        tracing::debug!(%error, cause = error_chain(error), "the reports cannot be read, retrying");
                    }
                    Err(error) => health.fail(HEALTH_PART, error.to_string()),
                }
                sleep(if checked.is_ok() {
                    CHECK_INTERVAL
                } else {
                    RECHECK_INTERVAL
                })
                .await;
            }
        };
        tokio::select! {
            () = shutdown => {}
            () = checks => {}
        }
    }

    /// Compares the time zone with the stored one and reads the number of late events.
    async fn check(&self) -> Result<()> {
        let Some(reports) = self.0.stats.reports() else {
            self.0.last.lock().zone = ZoneState::Same;
            return Ok(());
        };
        let set = reports.set_time_zone(&self.0.time_zone).await;
        if let Err(error) = set {
            return Err(self.explain(reports, error).await);
        }
        self.0.last.lock().zone = ZoneState::Same;
        self.note_status(&reports.status().await?, now());
        Ok(())
    }

    /// Keeps the number of late events, and logs once if days of the future are closed. An event is at most an hour
    /// ahead and closes days that ended a day before it, so only a wrong clock does that.
    fn note_status(&self, status: &ReportStatus, now: Timestamp) {
        let mut last = self.0.last.lock();
        last.late_events = Some(status.late_events);
        let open_since = status.open_since.filter(|start| *start > now);
        let was_logged = std::mem::replace(&mut last.has_closed_future, open_since.is_some());
        if let Some(start) = open_since.filter(|_| !was_logged) {
            tracing::error!(
                open_since = %status.time_zone.day_of(start),
                "the reports are closed until a day in the future: visits count without visitors and sessions until \
                 then; the clock of this machine is wrong, or events were counted while it was: set the clock, and \
                 restore the store from a backup of before"
            );
        }
    }

    /// Returns why the time zone cannot be set: with both zones if another one is stored.
    async fn explain(&self, reports: &dyn Reports, error: Error) -> Error {
        if error.is_retryable() {
            return error;
        }
        let own = &self.0.time_zone;
        let sentence = match reports.status().await {
            Ok(status) if status.time_zone != *own => format!(
                "the time zone is {own}, but the reports in the store have the time zone {}: set HORIZON_TIMEZONE \
                 (`Builder::time_zone`) to that in every process of this site",
                status.time_zone
            ),
            _ => error.to_string(),
        };
        self.0.last.lock().zone = ZoneState::Other(sentence.clone());
        Error::permanent(sentence).with_source(error)
    }
}

impl fmt::Debug for ReportsCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReportsCheck")
            .field("time_zone", &self.0.time_zone)
            .finish_non_exhaustive()
    }
}

/// Writes `horizon_late_events_total`.
#[cfg(feature = "metrics")]
impl prometheus_client::collector::Collector for ReportsCheck {
    fn encode(&self, mut encoder: prometheus_client::encoding::DescriptorEncoder<'_>) -> fmt::Result {
        use prometheus_client::encoding::EncodeMetric as _;
        use prometheus_client::metrics::counter::ConstCounter;

        let Some(late_events) = self.late_events() else {
            return Ok(());
        };
        let counter = ConstCounter::new(late_events);
        let help = "Visits in the store that came after their day was closed, so that they count without a visitor; \
                    all processes with this store show the same number";
        counter.encode(encoder.encode_descriptor("horizon_late_events", help, None, counter.metric_type())?)
    }
}

#[cfg(test)]
mod tests;
