//! Days for people.

use horizon_core::{Day, reports::DayRange};

use crate::dashboard::{
    model::{ChartPoint, ChartStep},
    state::PeriodChoice,
};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The parts of a day.
struct CalendarDate {
    year: String,
    month: &'static str,
    /// Without a zero at its start.
    day: String,
    weekday: &'static str,
}

impl CalendarDate {
    fn new(day: Day) -> Self {
        let text = day.to_string();
        let mut parts = text.rsplitn(3, '-');
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<usize>().ok()).unwrap_or(1);
        let (of_month, month) = (number(parts.next()), number(parts.next()));
        let monday = day.monday().number();
        let weekday = usize::try_from(day.number().saturating_sub(monday)).unwrap_or(0);
        Self {
            year: parts.next().unwrap_or_default().to_owned(),
            month: MONTHS.get(month.saturating_sub(1)).copied().unwrap_or_default(),
            day: of_month.to_string(),
            weekday: WEEKDAYS.get(weekday).copied().unwrap_or_default(),
        }
    }

    fn short(&self) -> String {
        format!("{} {}", self.day, self.month)
    }

    fn full(&self) -> String {
        format!("{} {}", self.short(), self.year)
    }
}

/// Returns a day as `29 Nov 2026`.
pub(super) fn day(day: Day) -> String {
    CalendarDate::new(day).full()
}

/// Returns the days from the first to the last: `Sun 29 Nov 2026`, `Nov 2026`, `1–29 Nov 2026`,
/// `31 Oct – 29 Nov 2026`.
pub(super) fn range(range: &DayRange) -> String {
    let (first, last) = (CalendarDate::new(range.first), CalendarDate::new(range.last));
    let is_year = first.year == last.year;
    match is_year && first.month == last.month {
        _ if range.first == range.last => format!("{} {}", last.weekday, last.full()),
        true if first.day == "1" && CalendarDate::new(range.last.next()).day == "1" => {
            format!("{} {}", last.month, last.year)
        }
        true => format!("{}–{}", first.day, last.full()),
        false if is_year => format!("{} – {}", first.short(), last.full()),
        false => format!("{} – {}", first.full(), last.full()),
    }
}

/// Returns the days of a period, or of the one before it. As many days until today are not called a month, even if they
/// are one: `1–30 Nov 2026`.
pub(super) fn period(choice: PeriodChoice, days: &DayRange) -> String {
    match choice {
        PeriodChoice::Days30 if days.whole_months() == Some(1) => {
            format!("{}–{}", CalendarDate::new(days.first).day, day(days.last))
        }
        _ => range(days),
    }
}

/// Returns the time of a point as in a sentence: `14:00`, `Tue 3 Nov 2026`, `week of 2 Nov 2026`, `Nov 2026`.
pub(super) fn point(step: ChartStep, point: &ChartPoint) -> String {
    match (step, point.days) {
        (ChartStep::Hour, _) | (_, None) => point.label.clone(),
        (ChartStep::Day, Some((first, _))) => range(&DayRange::new(first, first)),
        (ChartStep::Week, Some((first, _))) => format!("week of {}", day(first.monday())),
        (ChartStep::Month, Some((first, _))) => {
            let date = CalendarDate::new(first);
            format!("{} {}", date.month, date.year)
        }
    }
}

/// Returns the label of a point on the axis: `14:00`, `Tue 3` (in a week), `3 Nov`, `Nov`, `Jan 2026`.
pub(super) fn axis(step: ChartStep, point: &ChartPoint, is_week: bool) -> String {
    match (step, point.days) {
        (ChartStep::Hour, _) | (_, None) => point.label.clone(),
        (ChartStep::Day, Some((first, _))) if is_week => {
            let date = CalendarDate::new(first);
            format!("{} {}", date.weekday, date.day)
        }
        (ChartStep::Day | ChartStep::Week, Some((first, _))) => CalendarDate::new(first).short(),
        (ChartStep::Month, Some((first, _))) => match CalendarDate::new(first) {
            date if date.month == "Jan" => format!("{} {}", date.month, date.year),
            date => date.month.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: &str, last: &str) -> DayRange {
        DayRange::new(first.parse().unwrap(), last.parse().unwrap())
    }

    #[test]
    fn ranges_do_not_repeat_what_both_days_have() {
        for (first, last, text) in [
            ("2026-11-29", "2026-11-29", "Sun 29 Nov 2026"),
            ("2026-11-01", "2026-11-29", "1–29 Nov 2026"),
            ("2026-11-01", "2026-11-30", "Nov 2026"),
            ("2024-02-01", "2024-02-29", "Feb 2024"),
            ("2026-10-31", "2026-11-29", "31 Oct – 29 Nov 2026"),
            ("2025-12-01", "2026-11-29", "1 Dec 2025 – 29 Nov 2026"),
        ] {
            assert_eq!(range(&days(first, last)), text);
        }
    }
}
