use horizon_core::reports::{DayRange, Dimension, SiteTimeZone, hour_value};

use super::{invalid, named_dimension::NamedDimension};
use crate::Problem;

/// The maximum number of time labels of an answer: those of more than a year of hours, or of 27 years of days.
const MAX_TIME_LABELS: u64 = 10_000;

/// The number of hours of a long day.
const MAX_HOURS: u64 = 25;

/// Returns all values of a time in a range, in order, as the rows have them.
pub(super) fn of_range(time: NamedDimension, range: DayRange, zone: &SiteTimeZone) -> Result<Vec<String>, Problem> {
    let is_hours = time.dimension == Dimension::Hour;
    let labels = if is_hours {
        range.days().saturating_mul(MAX_HOURS)
    } else {
        range.days()
    };
    if labels > MAX_TIME_LABELS {
        return Err(invalid(
            "include.time_labels",
            "needs a shorter range: at most 400 days of hours, or 10,000 days.",
        ));
    }
    let values = if is_hours {
        hours(range, zone)
    } else {
        range.periods(time.dimension)
    };
    Ok(values.iter().map(|value| time.text(value, zone).into_owned()).collect())
}

fn hours(range: DayRange, zone: &SiteTimeZone) -> Vec<String> {
    let mut hours = Vec::new();
    let mut day = range.first;
    while day <= range.last {
        hours.extend(zone.hours(day).into_iter().map(hour_value));
        day = day.next();
    }
    hours
}
