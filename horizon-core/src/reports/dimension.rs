use std::{fmt, str::FromStr};

/// The value under which a dimension's values count beyond the first [`MAX_VALUES`] of a day.
pub const OTHER_VALUE: &str = "(other)";

/// The maximum number of values that a session dimension has in a day: 1,000. Further values count under
/// [`OTHER_VALUE`].
pub const MAX_VALUES: usize = 1_000;

/// What the rows of a [`Table`](super::Table) are grouped by.
///
/// A value that is not known is the empty string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dimension {
    /// The hour, as the instant at which it starts, such as `2026-11-29T20:00:00Z`.
    Hour,
    /// The day, as `2026-11-29`.
    Day,
    /// The week, as its Monday.
    Week,
    /// The month, as `2026-11`.
    Month,
    /// The page.
    Page,
    /// The name of a custom event.
    Event,
    /// The first page of a session.
    EntryPage,
    /// The last page of a session.
    ExitPage,
    /// The site or campaign that led to a session.
    Source,
    /// The kind of source.
    Channel,
    /// `utm_medium`.
    Medium,
    /// `utm_campaign`.
    Campaign,
    /// `utm_term`.
    Term,
    /// `utm_content`.
    Content,
    /// The browser and its major version.
    Browser,
    /// The operating system.
    System,
    /// The kind of device.
    Device,
    /// The country.
    Country,
    /// The language.
    Language,
}

/// A text that is not the name of a [`Dimension`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dimension; use one of {}", Dimension::ALL.map(Dimension::name).join(", "))]
pub struct UnknownDimension;

impl Dimension {
    /// All dimensions.
    pub const ALL: [Self; 19] = [
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Page,
        Self::Event,
        Self::EntryPage,
        Self::ExitPage,
        Self::Source,
        Self::Channel,
        Self::Medium,
        Self::Campaign,
        Self::Term,
        Self::Content,
        Self::Browser,
        Self::System,
        Self::Device,
        Self::Country,
        Self::Language,
    ];

    /// The dimensions of a session, in the order of [`SessionRow::values`](super::SessionRow::values).
    pub const OF_SESSIONS: [Self; 13] = [
        Self::EntryPage,
        Self::ExitPage,
        Self::Source,
        Self::Channel,
        Self::Medium,
        Self::Campaign,
        Self::Term,
        Self::Content,
        Self::Browser,
        Self::System,
        Self::Device,
        Self::Country,
        Self::Language,
    ];

    /// Returns the name in queries and tables, such as `entry_page`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Page => "page",
            Self::Event => "event",
            Self::EntryPage => "entry_page",
            Self::ExitPage => "exit_page",
            Self::Source => "source",
            Self::Channel => "channel",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
            Self::Term => "term",
            Self::Content => "content",
            Self::Browser => "browser",
            Self::System => "system",
            Self::Device => "device",
            Self::Country => "country",
            Self::Language => "language",
        }
    }

    /// Returns whether it is a period of time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month)
    }

    /// Returns the position in [`OF_SESSIONS`](Self::OF_SESSIONS), or `None` if sessions do not have this dimension.
    #[must_use]
    pub fn session_index(self) -> Option<usize> {
        Self::OF_SESSIONS.iter().position(|dimension| *dimension == self)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dimension {
    type Err = UnknownDimension;

    fn from_str(name: &str) -> Result<Self, UnknownDimension> {
        let found = Self::ALL.into_iter().find(|dimension| dimension.name() == name);
        found.ok_or(UnknownDimension)
    }
}
