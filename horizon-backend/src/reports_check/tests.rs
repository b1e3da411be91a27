use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use horizon_core::reports::{Capabilities, Discrepancy, Query, ReportError, ReportStatus, Table};
use horizon_core::{Day, Event, ReaderId, Timestamp, Topic, Update};

use super::*;

/// A store whose reports have a time zone, and that can be unavailable.
struct ZonedStore {
    zone: SiteTimeZone,
    is_available: AtomicBool,
}

#[async_trait]
impl StatsStore for ZonedStore {
    async fn apply(&self, _: &[Event]) -> Result<Vec<Update>> {
        Ok(Vec::new())
    }

    async fn totals(&self, _: &[Topic]) -> Result<Vec<Update>> {
        Ok(Vec::new())
    }

    async fn is_liked_by(&self, _: &Topic, _: ReaderId) -> Result<bool> {
        Ok(false)
    }

    async fn expire(&self, _: Timestamp) -> Result<()> {
        Ok(())
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl Reports for ZonedStore {
    async fn set_time_zone(&self, zone: &SiteTimeZone) -> Result<()> {
        match self.is_available.load(Ordering::SeqCst) {
            false => Err(Error::unavailable("connection refused")),
            true if *zone != self.zone => Err(Error::permanent("another zone")),
            true => Ok(()),
        }
    }

    async fn query(&self, _: &Query) -> Result<Table, ReportError> {
        Ok(Table::default())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn status(&self) -> Result<ReportStatus> {
        let mut status = ReportStatus::new(self.zone.clone());
        status.late_events = 7;
        Ok(status)
    }

    async fn verify(&self) -> Result<Vec<Discrepancy>> {
        Ok(Vec::new())
    }

    async fn expire_sessions(&self, _: Day, _: bool) -> Result<u64> {
        Ok(0)
    }
}

fn zone(name: &str) -> SiteTimeZone {
    SiteTimeZone::new(name).unwrap()
}

fn check(stored: &str, is_available: bool, own: &str) -> (Arc<ZonedStore>, ReportsCheck) {
    let store = Arc::new(ZonedStore {
        zone: zone(stored),
        is_available: is_available.into(),
    });
    (Arc::clone(&store), ReportsCheck::new(store, zone(own)))
}

#[tokio::test]
async fn another_zone_is_refused_in_one_sentence_with_both_zones_and_the_setting() {
    let (_, check) = check("Europe/Berlin", true, "UTC");
    let error = check.refuse_other_zone().await.unwrap_err();
    assert!(!error.is_retryable());
    for part in [
        "is UTC",
        "time zone Europe/Berlin",
        "HORIZON_TIMEZONE",
        "Builder::time_zone",
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(check.require_zone().await.unwrap_err().to_string(), error.to_string());
}

#[tokio::test]
async fn the_same_zone_passes_and_late_events_are_read() {
    let (_, check) = check("Europe/Berlin", true, "Europe/Berlin");
    assert_eq!(check.late_events(), None);
    check.refuse_other_zone().await.unwrap();
    check.require_zone().await.unwrap();
    assert_eq!(check.late_events(), Some(7));
}

#[test]
fn closed_days_of_the_future_are_a_sign_of_a_wrong_clock() {
    let (_, check) = check("Europe/Berlin", true, "Europe/Berlin");
    let now = Timestamp::from_millis(1_800_000_000_000);
    let day = Duration::from_secs(24 * 3600);
    let mut status = ReportStatus::new(zone("Europe/Berlin"));
    for (open_since, expected) in [
        (None, false),
        (Some(now.minus(day)), false),
        (Some(now.plus(day)), true),
        (Some(now.minus(day)), false),
    ] {
        status.open_since = open_since;
        check.note_status(&status, now);
        assert_eq!(check.0.last.lock().has_closed_future, expected, "{open_since:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_store_passes_at_the_start_and_is_a_problem_once_it_responds_with_another_zone() {
    let (store, check) = check("Europe/Berlin", false, "UTC");
    check.refuse_other_zone().await.unwrap();
    assert!(check.require_zone().await.unwrap_err().is_retryable());
    let (health, task) = (Health::default(), check.clone());
    let reported = health.clone();
    tokio::spawn(async move { task.run(&reported, std::future::pending()).await });
    sleep(RECHECK_INTERVAL * 2).await;
    assert!(health.problems().is_empty());
    store.is_available.store(true, Ordering::SeqCst);
    sleep(RECHECK_INTERVAL * 2).await;
    let problems = health.problems();
    assert!(
        problems.len() == 1 && problems[0].starts_with("time-zone: the time zone is UTC, but"),
        "{problems:?}"
    );
    assert!(!check.require_zone().await.unwrap_err().is_retryable());
}
