use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a page: 1 to 128 ASCII letters, digits, `-`, `_`, `.` or `~`, not starting with a dot.
///
/// URLs carry these characters unescaped (RFC 3986 §2.3), so a slug is the same in a URL, a file name, a Redis key and
/// a log line. Slugs are case-sensitive. Cloning is cheap.
///
/// ```
/// use horizon_core::Slug;
/// assert_eq!(Slug::new("hello-world")?.as_str(), "hello-world");
/// assert!(Slug::new("../etc/passwd").is_err());
/// # Ok::<(), horizon_core::SlugError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

/// Why a text is not a [`Slug`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlugError {
    /// The text is empty.
    #[error("a slug must not be empty")]
    Empty,
    /// The text is longer than [`Slug::MAX_BYTES`].
    #[error("a slug has at most {} characters", Slug::MAX_BYTES)]
    TooLong,
    /// The text starts with a dot.
    #[error("a slug must not start with a dot")]
    LeadingDot,
    /// The text contains a character that is not allowed.
    #[error("a slug contains only ASCII letters, digits, '-', '_', '.' and '~', not {0:?}")]
    Character(char),
}

impl Slug {
    /// The longest slug, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Validates `text`.
    ///
    /// # Errors
    /// Returns a [`SlugError`] with the rule that the text violates.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(SlugError::TooLong);
        }
        if text.starts_with('.') {
            return Err(SlugError::LeadingDot);
        }
        match text
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '~'))
        {
            Some(invalid) => Err(SlugError::Character(invalid)),
            None => Ok(Self(text.into())),
        }
    }

    /// Returns a slug that is valid by construction.
    pub(crate) fn from_static(text: &'static str) -> Self {
        Self(text.into())
    }

    /// Returns the slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::new(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.as_ref().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_has_only_unreserved_url_characters() {
        for good in ["a", "hello-world", "2026_notes.v2~draft", "CamelCase", &"x".repeat(128)] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn an_invalid_slug_is_rejected_with_its_reason() {
        assert_eq!(Slug::new(""), Err(SlugError::Empty));
        assert_eq!(Slug::new(&"x".repeat(129)), Err(SlugError::TooLong));
        assert_eq!(Slug::new(".hidden"), Err(SlugError::LeadingDot));
        for (bad, wrong) in [
            ("a b", ' '),
            ("a/b", '/'),
            ("a\r\nb", '\r'),
            ("é", 'é'),
            ("{x}", '{'),
            ("a%20", '%'),
        ] {
            assert_eq!(Slug::new(bad), Err(SlugError::Character(wrong)), "{bad:?}");
        }
    }
}
