use std::{fmt, num::NonZeroU32, str::FromStr};

use horizon_core::Day;

/// The default retention of session rows, in days.
const DEFAULT_DAYS: NonZeroU32 = NonZeroU32::new(90).unwrap();

/// How long the sessions of the reports are kept: 90 days by default, another number of days, or forever.
///
/// Buckets of hours and days are always kept. Filters and some other queries need sessions.
///
/// ```
/// use horizon_backend::SessionRetention;
///
/// assert_eq!("400d".parse::<SessionRetention>()?, SessionRetention::days(400));
/// assert_eq!("forever".parse::<SessionRetention>()?, SessionRetention::FOREVER);
/// assert!("0".parse::<SessionRetention>().is_err());
/// # Ok::<(), horizon_backend::ParseRetentionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRetention(Option<NonZeroU32>);

/// A text that is not a [`SessionRetention`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a retention is a number of days from 1, such as 90, or `forever`")]
pub struct ParseRetentionError;

impl SessionRetention {
    /// Keeps all sessions.
    pub const FOREVER: Self = Self(None);

    /// Keeps the sessions of today and of this many days before. 0 is the same as 1, because the sessions of yesterday
    /// can still change.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        match NonZeroU32::new(days) {
            Some(days) => Self(Some(days)),
            None => Self(Some(NonZeroU32::MIN)),
        }
    }

    /// Returns the first day whose sessions are kept, or `None` if all are.
    #[must_use]
    pub fn first_day(self, today: Day) -> Option<Day> {
        let days = i64::from(self.0?.get());
        Some(Day::from_number(today.number().saturating_sub(days)))
    }
}

impl Default for SessionRetention {
    fn default() -> Self {
        Self(Some(DEFAULT_DAYS))
    }
}

impl fmt::Display for SessionRetention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(days) => write!(f, "{days}"),
            None => f.write_str("forever"),
        }
    }
}

impl FromStr for SessionRetention {
    type Err = ParseRetentionError;

    fn from_str(text: &str) -> Result<Self, ParseRetentionError> {
        if text == "forever" {
            return Ok(Self::FOREVER);
        }
        let days = text
            .strip_suffix('d')
            .unwrap_or(text)
            .parse()
            .map_err(|_| ParseRetentionError)?;
        Ok(Self(Some(days)))
    }
}
