//! Numbers for people.

use super::{Metric, Value};

/// What is shown for an unknown number.
const UNKNOWN: &str = "–";

impl Metric {
    /// Returns a value of this metric as text for people: `1,234`, `12.3 %`, `1:23` for seconds, `–` if it is unknown.
    ///
    /// ```
    /// use horizon_core::reports::{Metric, Value};
    ///
    /// assert_eq!(Metric::BounceRate.format(Value::Ratio { numerator: 1, denominator: 3 }), "33.3 %");
    /// ```
    #[must_use]
    pub fn format(self, value: Value) -> String {
        match (self, value) {
            (Self::Seconds, Value::Count(seconds)) => duration(seconds),
            (_, Value::Count(count)) => grouped(count),
            (Self::BounceRate | Self::AnonymousShare | Self::FinishedShare, value) => {
                known(value, |share| format!("{:.1} %", share * 100.0))
            }
            (Self::VisitDuration | Self::TimeOnPage | Self::MedianTimeOnPage, value) => known(value, |seconds| {
                #[expect(clippy::cast_possible_truncation, reason = "seconds are far below 2^53")]
                duration(seconds.round() as i64)
            }),
            (_, value) => known(value, |mean| format!("{mean:.2}")),
        }
    }
}

fn known(value: Value, format: impl FnOnce(f64) -> String) -> String {
    value.to_f64().map_or_else(|| UNKNOWN.to_owned(), format)
}

/// Returns a number with commas between thousands.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "-" } else { "" });
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns seconds as `1:23`, or `4:05:06` from an hour.
fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{rest:02}"),
        hours => format!("{}:{minutes:02}:{rest:02}", grouped(hours)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i64, denominator: i64) -> Value {
        Value::Ratio { numerator, denominator }
    }

    #[test]
    fn numbers_are_for_people() {
        for (metric, value, text) in [
            (Metric::Visitors, Value::Count(0), "0"),
            (Metric::Visitors, Value::Count(999), "999"),
            (Metric::Visitors, Value::Count(1_234_567), "1,234,567"),
            (Metric::Comments, Value::Count(-1_000), "-1,000"),
            (Metric::Seconds, Value::Count(83), "1:23"),
            (Metric::Seconds, Value::Count(4 * 3_600 + 5 * 60 + 6), "4:05:06"),
            (Metric::BounceRate, ratio(123, 1_000), "12.3 %"),
            (Metric::BounceRate, ratio(0, 0), "–"),
            (Metric::BounceRate, ratio(0, 7), "0.0 %"),
            (Metric::ViewsPerVisit, ratio(5, 3), "1.67"),
            (Metric::TimeOnPage, ratio(119, 2), "1:00"),
            (Metric::MedianTimeOnPage, Value::Median(Some(83.4)), "1:23"),
            (Metric::MedianTimeOnPage, Value::Median(None), "–"),
        ] {
            assert_eq!(metric.format(value), text, "{metric} {value:?}");
        }
    }
}
