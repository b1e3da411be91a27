//! The numbers of a bucket in Redis: decimal numbers with a space between them, without zeros at the end. `apply.lua`
//! adds to them.
//!
//! The fields of a topic's buckets on a day are `d` for the day, the number of an hour in the day, and `e`, the number
//! of the hour, a colon and a name for the custom events of an hour. The fields of a dimension are its values.

use std::time::Duration;

use horizon_core::Timestamp;
use horizon_core::reports::{Counts, LocalTime};

const HOUR: Duration = Duration::from_secs(3600);

/// The field of the whole day.
pub(super) const DAY: &str = "d";

/// Returns the numbers that are stored of a bucket.
fn numbers(counts: &Counts) -> [i64; 8] {
    [
        counts.pageviews,
        counts.visits,
        counts.keyed_visits,
        counts.visitors,
        counts.seconds,
        counts.finished,
        counts.likes,
        counts.comments,
    ]
}

/// Encodes numbers; the text is empty if all are 0.
pub(super) fn encode(counts: &Counts) -> String {
    let numbers = numbers(counts).map(|number| number.to_string());
    let length = numbers
        .iter()
        .rposition(|number| number != "0")
        .map_or(0, |last| last + 1);
    numbers
        .get(..length)
        .map(|numbers| numbers.join(" "))
        .unwrap_or_default()
}

/// Decodes numbers. What is not a number is 0.
pub(super) fn decode(text: &str) -> Counts {
    let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    let mut counts = Counts::default();
    for number in [
        &mut counts.pageviews,
        &mut counts.visits,
        &mut counts.keyed_visits,
        &mut counts.visitors,
        &mut counts.seconds,
        &mut counts.finished,
        &mut counts.likes,
        &mut counts.comments,
    ] {
        *number = next();
    }
    counts
}

/// Returns the field of an hour.
pub(super) fn hour_field(hour: LocalTime) -> String {
    hour.hour_index.to_string()
}

/// Returns the field of a custom event in an hour.
pub(super) fn event_field(hour: LocalTime, name: &str) -> String {
    format!("e{}:{name}", hour.hour_index)
}

/// What a field of a topic's buckets is about.
#[derive(Debug, PartialEq)]
pub(super) enum BucketField<'a> {
    Day,
    /// The number of an hour.
    Hour(u8),
    /// The number of an hour and a name.
    Event(u8, &'a str),
}

impl<'a> BucketField<'a> {
    /// Parses a field.
    pub(super) fn parse(field: &'a str) -> Option<Self> {
        if field == DAY {
            return Some(Self::Day);
        }
        let Some(event) = field.strip_prefix('e') else {
            return field.parse().ok().map(Self::Hour);
        };
        let (hour, name) = event.split_once(':')?;
        Some(Self::Event(hour.parse().ok()?, name))
    }
}

/// Returns the start of an hour of a day that starts at `day_start`.
pub(super) fn hour_start(day_start: Timestamp, hour_index: u8) -> Timestamp {
    day_start.plus(HOUR * u32::from(hour_index))
}
