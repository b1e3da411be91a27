//! The time zone of the site.

use horizon_core::reports::SiteTimeZone;
use horizon_core::{Error, Result};
use parking_lot::Mutex;

use super::RedisStore;

/// The time zone of the site, as far as this process knows it.
#[derive(Default)]
pub(super) struct SiteZone(Mutex<KnownZones>);

#[derive(Default)]
struct KnownZones {
    /// What the process was configured with.
    configured: Option<SiteTimeZone>,
    /// The stored one that was read last.
    stored: Option<SiteTimeZone>,
}

impl RedisStore {
    /// Returns the time zone with the stored name, or the configured one if none is stored.
    ///
    /// # Errors
    /// Permanent if the name is not a time zone.
    pub(super) fn site_zone(&self, stored: Option<&str>) -> Result<SiteTimeZone> {
        let mut known = self.zone.0.lock();
        let Some(name) = stored else {
            return Ok(known.configured.clone().unwrap_or_default());
        };
        let zone = match known.stored.as_ref().filter(|zone| zone.name() == name) {
            Some(zone) => zone.clone(),
            None => parse_zone(name)?,
        };
        known.stored = Some(zone.clone());
        Ok(zone)
    }

    /// Returns the time zone in which events are counted.
    ///
    /// # Errors
    /// Permanent if another zone than the stored one is configured: another process was first.
    pub(super) fn counting_zone(&self, stored: Option<&str>) -> Result<SiteTimeZone> {
        let zone = self.site_zone(stored)?;
        match &self.zone.0.lock().configured {
            Some(configured) if *configured != zone => Err(other_zone(configured, &zone)),
            _ => Ok(zone),
        }
    }

    /// Sets the configured time zone.
    ///
    /// # Errors
    /// Permanent if the stored name is that of another zone.
    pub(super) fn set_site_zone(&self, zone: &SiteTimeZone, stored: Option<&str>) -> Result<()> {
        if let Some(name) = stored.filter(|name| *name != zone.name()) {
            return Err(other_zone(zone, &parse_zone(name)?));
        }
        self.zone.0.lock().configured = Some(zone.clone());
        Ok(())
    }
}

fn parse_zone(name: &str) -> Result<SiteTimeZone> {
    SiteTimeZone::new(name).map_err(|e| {
        Error::permanent("Redis has a time zone of the site that this version does not know: update the program")
            .with_source(e)
    })
}

fn other_zone(configured: &SiteTimeZone, stored: &SiteTimeZone) -> Error {
    Error::permanent(format!(
        "the site's time zone is {configured} here and {stored} in Redis: set HORIZON_TIMEZONE={stored} for all \
         processes"
    ))
}
