use anyhow::Context;
use horizon_core::{Timestamp, reports::SiteTimeZone};

/// The local hour at which a class starts. Midnight is then within the ages of the events, and the next one far away.
const START_HOUR: i64 = 5;

/// An hour, in milliseconds.
const HOUR: i64 = 3_600 * 1_000;

/// Returns a time zone in which it is between five and six o'clock at `now`.
pub(crate) fn zone_at_five(now: Timestamp) -> anyhow::Result<SiteTimeZone> {
    let offset = START_HOUR - now.as_millis().div_euclid(HOUR).rem_euclid(24);
    // The zones are 12 hours behind UTC to 14 hours ahead. The sign in the name is the opposite.
    let offset = if offset < -12 { offset + 24 } else { offset };
    let name = match offset {
        0 => "Etc/GMT".to_owned(),
        ..0 => format!("Etc/GMT+{}", -offset),
        _ => format!("Etc/GMT-{offset}"),
    };
    SiteTimeZone::new(&name).with_context(|| format!("there is no time zone {name}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn midnight_was_five_hours_ago() {
        for hour in 0..24 {
            let now = Timestamp::from_millis(1_800_000_000_000 + hour * HOUR);
            let zone = zone_at_five(now).unwrap();
            let since = now.since(zone.day_start(zone.day_of(now)));
            assert_eq!(since.as_secs() / 3_600, 5, "{zone} at {now:?}");
            assert!(since >= Duration::from_secs(5 * 3_600));
        }
    }
}
