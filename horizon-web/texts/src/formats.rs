//! Numbers, dates and plural categories of a language, by ICU4X.

use icu_calendar::{Date, Gregorian};
use icu_datetime::{
    FixedCalendarDateTimeFormatter,
    fieldsets::{YMD, YMDT},
    input::{DateTime, Time},
    options::TimePrecision,
};
use icu_decimal::{
    DecimalFormatter,
    options::{DecimalFormatterOptions, GroupingStrategy},
};
use icu_locale::Locale;
use icu_plurals::{PluralCategory, PluralRules};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The days from 1 January of the year 1 to the Unix epoch.
const EPOCH_DAY: i64 = 719_163;

/// The formatters of a language. The compiled data has one for each language, so that none of them is missing; without
/// one, numbers and dates are those of ISO 8601.
#[derive(Debug)]
pub(crate) struct Formats {
    number: Option<DecimalFormatter>,
    ungrouped: Option<DecimalFormatter>,
    plurals: Option<PluralRules>,
    date: Option<FixedCalendarDateTimeFormatter<Gregorian, YMD>>,
    date_time: Option<FixedCalendarDateTimeFormatter<Gregorian, YMDT>>,
}

impl Formats {
    pub(crate) fn new(locale: &Locale) -> Self {
        let number = |grouping| {
            let mut options = DecimalFormatterOptions::default();
            options.grouping_strategy = Some(grouping);
            DecimalFormatter::try_new(locale.into(), options).ok()
        };
        let date_time = YMDT::long().with_time_precision(TimePrecision::Minute);
        Self {
            number: number(GroupingStrategy::Auto),
            ungrouped: number(GroupingStrategy::Never),
            plurals: PluralRules::try_new_cardinal(locale.into()).ok(),
            date: FixedCalendarDateTimeFormatter::try_new(locale.into(), YMD::long()).ok(),
            date_time: FixedCalendarDateTimeFormatter::try_new(locale.into(), date_time).ok(),
        }
    }

    pub(crate) fn number(&self, number: u64) -> String {
        format_number(self.number.as_ref(), number)
    }

    pub(crate) fn ungrouped(&self, number: u64) -> String {
        format_number(self.ungrouped.as_ref(), number)
    }

    pub(crate) fn category(&self, number: u64) -> PluralCategory {
        let category = self.plurals.as_ref().map(|rules| rules.category_for(number));
        category.unwrap_or(PluralCategory::Other)
    }

    pub(crate) fn categories(&self) -> impl Iterator<Item = PluralCategory> {
        self.plurals.iter().flat_map(PluralRules::categories)
    }

    /// Formats a day of the Gregorian calendar.
    pub(crate) fn date(&self, year: i32, month: u8, day: u8) -> String {
        let date = Date::try_new_gregorian(year, month, day).ok();
        let formatted = date.zip(self.date.as_ref());
        formatted.map_or_else(
            || format!("{year}-{month:02}-{day:02}"),
            |(date, formatter)| formatter.format(&date).to_string(),
        )
    }

    /// Formats milliseconds since the Unix epoch, in UTC.
    pub(crate) fn date_time(&self, millis: i64) -> Option<String> {
        let date = utc_day(millis)?;
        let minutes = u16::try_from(millis.rem_euclid(DAY_MILLIS) / 60_000).ok()?;
        let (hour, minute) = (u8::try_from(minutes / 60).ok()?, u8::try_from(minutes % 60).ok()?);
        let time = Time::try_new(hour, minute, 0, 0).ok()?;
        Some(self.date_time.as_ref()?.format(&DateTime { date, time }).to_string())
    }

    /// Formats the day of milliseconds since the Unix epoch, in UTC.
    pub(crate) fn utc_date(&self, millis: i64) -> Option<String> {
        Some(self.date.as_ref()?.format(&utc_day(millis)?).to_string())
    }
}

/// Returns a day of UTC; `None` if it is further away than the calendar reaches.
fn utc_day(millis: i64) -> Option<Date<Gregorian>> {
    /// The days of 9,999 years.
    const REACH: std::ops::RangeInclusive<i64> = -3_652_059..=3_652_059;
    let day = millis.div_euclid(DAY_MILLIS);
    if !REACH.contains(&day) {
        return None;
    }
    let day = icu_calendar::types::RataDie::new(day + EPOCH_DAY);
    Some(Date::from_rata_die(day, Gregorian))
}

fn format_number(formatter: Option<&DecimalFormatter>, number: u64) -> String {
    formatter.map_or_else(
        || number.to_string(),
        |formatter| formatter.format(&number.into()).to_string(),
    )
}
