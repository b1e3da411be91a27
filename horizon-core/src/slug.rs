use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a page: 1 to 128 ASCII letters, digits, `-`, `_`, `.` or `~`, not starting with a dot.
///
/// These are the characters that a URL carries unescaped (RFC 3986 §2.3), so that a slug is the same
/// in an address, a file name, a Redis key and a log line. Case counts. Cloning is cheap.
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

/// Why a text is no [`Slug`].
///
/// ```
/// use horizon_core::{Slug, SlugError};
///
/// let error = Slug::new("hello world").unwrap_err();
/// assert_eq!(error, SlugError::Character(' '));
/// assert!(error.to_string().contains("ASCII letters"));
/// ```
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
    /// The text has a character that a slug cannot hold.
    #[error("a slug holds only ASCII letters, digits, '-', '_', '.' and '~', not {0:?}")]
    Character(char),
}

impl Slug {
    /// The longest slug, in bytes.
    ///
    /// ```
    /// use horizon_core::{Slug, SlugError};
    ///
    /// assert!(Slug::new(&"x".repeat(Slug::MAX_BYTES)).is_ok());
    /// assert_eq!(Slug::new(&"x".repeat(Slug::MAX_BYTES + 1)), Err(SlugError::TooLong));
    /// ```
    pub const MAX_BYTES: usize = 128;

    /// Checks `text` and makes it a slug.
    ///
    /// ```
    /// use horizon_core::{Slug, SlugError};
    ///
    /// assert_eq!(Slug::new("2026_notes.v2")?.as_str(), "2026_notes.v2");
    /// assert_eq!(Slug::new(".hidden"), Err(SlugError::LeadingDot));
    /// # Ok::<(), SlugError>(())
    /// ```
    ///
    /// # Errors
    /// [`SlugError`] says which rule the text breaks.
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
            Some(wrong) => Err(SlugError::Character(wrong)),
            None => Ok(Self(text.into())),
        }
    }

    /// A slug from the program's own text.
    pub(crate) fn from_static(text: &'static str) -> Self {
        Self(text.into())
    }

    /// The slug as text.
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
    fn what_a_url_carries_unescaped_is_a_slug() {
        for good in ["a", "hello-world", "2026_notes.v2~draft", "CamelCase", &"x".repeat(128)] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_reason() {
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
