use horizon_core::{
    Day, Timestamp,
    reports::{DayRange, RecentDays, SiteTimeZone},
};
use serde_json::Value;

use super::{MAX_REPEATED_CHARS, invalid};
use crate::Problem;

/// How far before the end of a day the last instant of a range may be: a second, as in `23:59:59`.
const LAST_SECOND_MILLIS: i64 = 1_000;

/// Returns the days of a `date_range`, or `None` for `all`. Those that end today include it.
pub(super) fn parse(range: &Value, today: Day, zone: &SiteTimeZone) -> Result<Option<DayRange>, Problem> {
    match range {
        Value::String(name) => named(name, today),
        Value::Array(ends) => {
            let [Value::String(first), Value::String(last)] = ends.as_slice() else {
                return Err(unknown());
            };
            let (first, last) = (first_day(first, zone)?, last_day(last, zone)?);
            Ok(Some(DayRange::new(first, last)))
        }
        _ => Err(unknown()),
    }
}

fn unknown() -> Problem {
    invalid(
        "date_range",
        "must be `day`, `7d`, `28d`, `30d`, `91d`, `month`, `6mo`, `12mo`, `year`, `all`, another number of days or \
         months, or two dates such as `[\"2026-11-01\", \"2026-11-30\"]`.",
    )
}

fn named(name: &str, today: Day) -> Result<Option<DayRange>, Problem> {
    let period = match name {
        "all" => return Ok(None),
        "day" => RecentDays::Days(1),
        "month" => RecentDays::Months(1),
        "year" => RecentDays::Years(1),
        name => {
            // Plausible writes `6mo` for what is `6m` elsewhere.
            let period = name
                .strip_suffix('o')
                .filter(|name| name.ends_with('m'))
                .unwrap_or(name);
            period.parse().map_err(|_| unknown())?
        }
    };
    Ok(Some(period.ending(today)))
}

fn first_day(text: &str, zone: &SiteTimeZone) -> Result<Day, Problem> {
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let at = instant("date_range[0]", text)?;
    let day = zone.day_of(at);
    if zone.day_start(day) == at {
        return Ok(day);
    }
    Err(not_whole("date_range[0]", text, "start", zone))
}

fn last_day(text: &str, zone: &SiteTimeZone) -> Result<Day, Problem> {
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let at = instant("date_range[1]", text)?;
    let day = zone.day_of(at);
    let end = zone.day_start(day.next()).as_millis();
    if end.saturating_sub(at.as_millis()) <= LAST_SECOND_MILLIS {
        return Ok(day);
    }
    Err(not_whole("date_range[1]", text, "last second", zone))
}

fn instant(path: &str, text: &str) -> Result<Timestamp, Problem> {
    let at = text.parse::<jiff::Timestamp>().map_err(|_| {
        invalid(
            path,
            "must be a date such as `2026-11-30`, or a time with its offset such as `2026-11-30T00:00:00Z`.",
        )
    })?;
    Ok(Timestamp::from_millis(at.as_millisecond()))
}

fn not_whole(path: &str, text: &str, end: &str, zone: &SiteTimeZone) -> Problem {
    let text: String = text.chars().take(MAX_REPEATED_CHARS).collect();
    invalid(
        path,
        format!("is `{text}`, which is not the {end} of a day in {zone}. Reports are of whole days: use dates."),
    )
}
