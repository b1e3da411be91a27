//! Parses the texts in which authors and programs write dates.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

/// The first letters of the English months.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The first letters of the English days of the week.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A date and a time as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateText {
    /// Midnight if there is no time.
    pub(crate) time: NaiveDateTime,
    /// `None` if the text has no offset.
    pub(crate) offset: Option<FixedOffset>,
}

impl DateText {
    /// Parses a date, an optional time and an optional offset. Fractions of a second are ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (day, clock) = if text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['-', '/']) {
            numeric_day(text).or_else(|| named_day(text))?
        } else {
            named_day(text)?
        };
        let clock = clock.trim();
        if clock.is_empty() {
            return Some(Self {
                time: day.and_time(NaiveTime::MIN),
                offset: None,
            });
        }
        let end = clock.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'));
        let (time, rest) = clock.split_at(end.unwrap_or(clock.len()));
        let (is_afternoon, rest) = half_of_day(rest.trim_start());
        Some(Self {
            time: day.and_time(time_of_day(time, is_afternoon)?),
            offset: offset(rest.trim_start())?,
        })
    }
}

/// Returns the day in `2019-01-02` or `2019/1/2`, and the rest.
fn numeric_day(text: &str) -> Option<(NaiveDate, &str)> {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, 'T' | 't'));
    let (date, rest) = text.split_at(end.unwrap_or(text.len()));
    let separator = if date.contains('-') { '-' } else { '/' };
    let mut parts = date.split(separator);
    let day = day_of(parts.next()?, number(parts.next()?)?, parts.next()?)?;
    parts
        .next()
        .is_none()
        .then(|| (day, rest.trim_start_matches(['T', 't'])))
}

/// Returns the day in `8 July 2022`, `Jul 8, 2022` or `Fri, 08 Jul 2022`, and the rest.
fn named_day(text: &str) -> Option<(NaiveDate, &str)> {
    let (first, rest) = word(text)?;
    let is_weekday = WEEKDAYS.iter().any(|day| starts_with(first, day));
    let (first, rest) = if is_weekday { word(rest)? } else { (first, rest) };
    let (second, rest) = word(rest)?;
    let (year, rest) = word(rest)?;
    let date = match month(first) {
        Some(month) => day_of(year, month, second),
        None => day_of(year, month(second)?, first),
    };
    Some((date?, rest))
}

/// Returns the next word, without a comma, and the rest.
fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then(|| (word, rest.trim_start_matches(',')))
}

fn starts_with(word: &str, start: &str) -> bool {
    word.get(..start.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// Returns the number of an English month.
fn month(word: &str) -> Option<u32> {
    if !word.chars().all(|c| c.is_ascii_alphabetic() || c == '.') {
        return None;
    }
    let at = MONTHS.iter().position(|month| starts_with(word, month))?;
    u32::try_from(at + 1).ok()
}

fn day_of(year: &str, month: u32, day: &str) -> Option<NaiveDate> {
    (year.len() == 4 && day.len() <= 2).then_some(())?;
    NaiveDate::from_ymd_opt(i32::try_from(number(year)?).ok()?, month, number(day)?)
}

/// Parses digits. `u32::from_str` also accepts a sign.
fn number(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Splits off `AM` or `PM`.
fn half_of_day(text: &str) -> (Option<bool>, &str) {
    for (name, is_afternoon) in [("am", false), ("pm", true)] {
        if starts_with(text, name) {
            return (Some(is_afternoon), text.get(name.len()..).unwrap_or_default());
        }
    }
    (None, text)
}

/// Parses `15:04`, `15:04:05` or `15:04:05.999`.
fn time_of_day(text: &str, is_afternoon: Option<bool>) -> Option<NaiveTime> {
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts
        .next()
        .map_or(Some(0), |second| number(second.split('.').next()?))?;
    let hour = match is_afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(false) => hour % 12,
        Some(true) => hour % 12 + 12,
    };
    parts
        .next()
        .is_none()
        .then(|| NaiveTime::from_hms_opt(hour, minute, second))?
}

/// Parses `Z`, `UTC`, `-0500`, `+01:00` or `+01`, and ignores the name of a zone after an offset. Returns `Some(None)`
/// if the text is empty.
fn offset(text: &str) -> Option<Option<FixedOffset>> {
    if text.is_empty() {
        return Some(None);
    }
    if ["z", "utc", "gmt"].iter().any(|zone| text.eq_ignore_ascii_case(zone)) {
        return FixedOffset::east_opt(0).map(Some);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits = rest.split_whitespace().next()?.replace(':', "");
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(digits.get(..2)?)?, number(digits.get(2..)?)?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    (minutes < 60).then(|| FixedOffset::east_opt(sign * seconds))?.map(Some)
}
