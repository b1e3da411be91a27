use std::borrow::Cow;

use horizon_core::{
    Timestamp,
    reports::{DayRange, Dimension, SiteTimeZone},
};

use crate::reports::time_step;

/// The name of a time dimension whose length depends on the range.
pub(super) const ANY_TIME: &str = "time";

const TIME_HOUR: &str = "time:hour";
const TIME_DAY: &str = "time:day";
const TIME_MONTH: &str = "time:month";

/// A dimension with the name that a query has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedDimension {
    pub(super) name: &'static str,
    pub(super) dimension: Dimension,
}

/// The names of Plausible, with the dimension that each means.
const PLAUSIBLE_NAMES: [(&str, Dimension); 18] = [
    ("event:page", Dimension::Page),
    ("event:goal", Dimension::Event),
    ("visit:entry_page", Dimension::EntryPage),
    ("visit:exit_page", Dimension::ExitPage),
    ("visit:source", Dimension::Source),
    ("visit:channel", Dimension::Channel),
    ("visit:utm_medium", Dimension::Medium),
    ("visit:utm_campaign", Dimension::Campaign),
    ("visit:utm_term", Dimension::Term),
    ("visit:utm_content", Dimension::Content),
    ("visit:browser", Dimension::Browser),
    ("visit:os", Dimension::System),
    ("visit:device", Dimension::Device),
    ("visit:country", Dimension::Country),
    (TIME_HOUR, Dimension::Hour),
    (TIME_DAY, Dimension::Day),
    ("time:week", Dimension::Week),
    (TIME_MONTH, Dimension::Month),
];

impl NamedDimension {
    /// Returns the dimension with this name, which is Plausible's or that of a [`Dimension`].
    pub(super) fn parse(name: &str) -> Option<Self> {
        let named = |(name, dimension)| Self { name, dimension };
        let own = Dimension::ALL.map(|dimension| (dimension.name(), dimension));
        let mut known = PLAUSIBLE_NAMES.into_iter().chain(own);
        known.find(|(known, _)| *known == name).map(named)
    }

    /// Returns all names.
    pub(super) fn names() -> Vec<&'static str> {
        let plausible = PLAUSIBLE_NAMES.iter().map(|(name, _)| *name);
        let own = Dimension::ALL.iter().map(|dimension| dimension.name());
        plausible.chain([ANY_TIME]).chain(own).collect()
    }

    /// Returns the dimension that [`ANY_TIME`] means for a range.
    pub(super) fn time_of(range: DayRange) -> Self {
        let dimension = time_step(range);
        let name = match dimension {
            Dimension::Hour => TIME_HOUR,
            Dimension::Day => TIME_DAY,
            _ => TIME_MONTH,
        };
        Self { name, dimension }
    }

    /// Returns a value as the name promises: Plausible's hours are those of the site's clocks, and its months are
    /// dates.
    pub(super) fn text<'a>(&self, value: &'a str, zone: &SiteTimeZone) -> Cow<'a, str> {
        match self.name {
            TIME_HOUR => match value.parse::<jiff::Timestamp>() {
                Ok(hour) => zone.clock_text(Timestamp::from_millis(hour.as_millisecond())).into(),
                Err(_) => value.into(),
            },
            TIME_MONTH => format!("{value}-01").into(),
            _ => value.into(),
        }
    }
}
