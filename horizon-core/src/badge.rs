use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{clean_text, has_visible_text};

/// What the application says about the author of a comment, such as `Staff`. 1 to 32 characters on one line.
///
/// ```
/// use horizon_core::{Badge, BadgeError};
///
/// assert_eq!(Badge::new(" Staff ")?.as_str(), "Staff");
/// assert_eq!(Badge::new(" "), Err(BadgeError::Empty));
/// # Ok::<(), BadgeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Badge(Box<str>);

/// Why a text is not a [`Badge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadgeError {
    /// The text has no visible character.
    #[error("a badge must have a visible character")]
    Empty,
    /// The text is too long.
    #[error("a badge has at most {} characters", Badge::MAX_CHARS)]
    TooLong,
    /// The text contains a control character.
    #[error("a badge must not contain the control character U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
}

impl Badge {
    /// The longest badge, in Unicode scalar values (`char`).
    pub const MAX_CHARS: usize = 32;

    /// Validates `text`. Removes characters that reorder or hide text ([`clean_text`]) and surrounding white space.
    ///
    /// # Errors
    /// Returns a [`BadgeError`] with the rule that the text violates.
    pub fn new(text: &str) -> Result<Self, BadgeError> {
        let cleaned = clean_text(text);
        let text = cleaned.trim();
        if !has_visible_text(text) {
            return Err(BadgeError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(BadgeError::TooLong);
        }
        match text.chars().find(|c| c.is_control()) {
            Some(control) => Err(BadgeError::ControlCharacter(control)),
            None => Ok(Self(text.into())),
        }
    }

    /// Returns the badge as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Badge {
    type Error = BadgeError;
    fn try_from(text: String) -> Result<Self, BadgeError> {
        Self::new(&text)
    }
}

impl From<Badge> for String {
    fn from(badge: Badge) -> Self {
        badge.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_badge_is_rejected_with_its_reason() {
        assert_eq!(Badge::new("\u{200b}"), Err(BadgeError::Empty));
        assert_eq!(Badge::new(&"x".repeat(33)), Err(BadgeError::TooLong));
        assert_eq!(Badge::new("a\nb"), Err(BadgeError::ControlCharacter('\n')));
        assert!(Badge::new(&"é".repeat(32)).is_ok());
    }
}
