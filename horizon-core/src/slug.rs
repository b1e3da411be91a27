use std::{fmt, str::FromStr, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The characters that [`Slug::url_path`] encodes: all but those that RFC 3986 §2.3 calls unreserved, and the slash.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// The name of a page: its URL path, decoded and without the leading slash, such as `docs/guide/intro`. The name of the
/// root page is `/`.
///
/// A slug has at most 512 bytes of UTF-8 in Unicode normalization form C. Its segments are not empty, `.` or `..`, and
/// it has no control characters. Slugs are case-sensitive. Cloning is cheap.
///
/// ```
/// use horizon_core::Slug;
///
/// assert_eq!(Slug::new("hello-world")?.as_str(), "hello-world");
/// assert_eq!(Slug::from_path("/docs/r%C3%A9sum%C3%A9/")?, Slug::new("docs/résumé")?);
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
    #[error("a slug must not be empty; that of the root page is `/`")]
    Empty,
    /// The text is longer than [`Slug::MAX_BYTES`].
    #[error("a slug has at most {} bytes", Slug::MAX_BYTES)]
    TooLong,
    /// The text starts or ends with a slash, or has two slashes in a row.
    #[error("a slug has no slash at its start or end, and no two slashes in a row")]
    EmptySegment,
    /// A segment is `.` or `..`.
    #[error("a slug has no segment `.` or `..`")]
    DotSegment,
    /// The text contains a control character.
    #[error("a slug must not contain the control character U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
    /// A URL path contains `%2F`. Proxies and frameworks disagree about its meaning.
    #[error("write the slashes of a path as they are, not as %2F")]
    EncodedSlash,
    /// A URL path does not decode to UTF-8.
    #[error("a path must decode to UTF-8")]
    NotUtf8,
}

impl Slug {
    /// The longest slug, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Validates the decoded `text`, and converts it to normalization form C.
    ///
    /// # Errors
    /// Returns a [`SlugError`] with the rule that the text violates.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        // Normalizing shortens no text to less than a third, so much longer ones need not be looked at.
        if text.len() > 3 * Self::MAX_BYTES {
            return Err(SlugError::TooLong);
        }
        if is_nfc(text) {
            return Self::from_normalized(text);
        }
        Self::from_normalized(&text.nfc().collect::<String>())
    }

    fn from_normalized(text: &str) -> Result<Self, SlugError> {
        if text.is_empty() {
            return Err(SlugError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(SlugError::TooLong);
        }
        if let Some(control) = text.chars().find(|c| c.is_control()) {
            return Err(SlugError::ControlCharacter(control));
        }
        if text != "/" {
            for segment in text.split('/') {
                match segment {
                    "" => return Err(SlugError::EmptySegment),
                    "." | ".." => return Err(SlugError::DotSegment),
                    _ => {}
                }
            }
        }
        Ok(Self(text.into()))
    }

    /// Returns the name of the page with this URL path. The path is percent-encoded, may start and end with a slash,
    /// and has no query.
    ///
    /// ```
    /// use horizon_core::{Slug, SlugError};
    ///
    /// assert_eq!(Slug::from_path("/caf%C3%A9")?.as_str(), "café");
    /// assert_eq!(Slug::from_path("/")?.as_str(), "/");
    /// assert_eq!(Slug::from_path("/a%2Fb"), Err(SlugError::EncodedSlash));
    /// # Ok::<(), horizon_core::SlugError>(())
    /// ```
    ///
    /// # Errors
    /// Returns a [`SlugError`] with the rule that the path violates.
    pub fn from_path(path: &str) -> Result<Self, SlugError> {
        let path = path.strip_prefix('/').unwrap_or(path);
        if path.is_empty() {
            return Ok(Self("/".into()));
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        if path == "/" {
            return Err(SlugError::EmptySegment);
        }
        // An encoded byte has three characters.
        if path.len() > 9 * Self::MAX_BYTES {
            return Err(SlugError::TooLong);
        }
        let is_encoded_slash = |triple: &[u8]| triple.eq_ignore_ascii_case(b"%2f");
        if path.as_bytes().windows(3).any(is_encoded_slash) {
            return Err(SlugError::EncodedSlash);
        }
        let decoded = percent_decode_str(path).decode_utf8();
        Self::new(&decoded.map_err(|_| SlugError::NotUtf8)?)
    }

    /// Returns the URL path without the leading slash, percent-encoded. That of the root page is empty.
    ///
    /// ```
    /// let path = horizon_core::Slug::new("docs/c# & more")?.url_path();
    /// assert_eq!(format!("/{path}"), "/docs/c%23%20%26%20more");
    /// # Ok::<(), horizon_core::SlugError>(())
    /// ```
    #[must_use]
    pub fn url_path(&self) -> String {
        let path = if &*self.0 == "/" { "" } else { &self.0 };
        utf8_percent_encode(path, &ENCODED).to_string()
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
    fn a_slug_is_a_decoded_path_in_normalization_form_c() {
        for good in [
            "a",
            "hello-world",
            "2026_notes.v2~draft",
            "docs/guide/intro",
            "/",
            ".hidden",
            "a/...",
            "{x}",
            "a b",
            "100%",
            "日本/語",
            &"x".repeat(512),
        ] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
        assert_eq!(Slug::new("cafe\u{301}").unwrap(), Slug::new("café").unwrap());
        let long = "e\u{301}".repeat(256);
        assert_eq!(
            Slug::new(&long).unwrap().as_str().len(),
            512,
            "the limit applies to form C"
        );
    }

    #[test]
    fn an_invalid_slug_is_rejected_with_its_reason() {
        assert_eq!(Slug::new(""), Err(SlugError::Empty));
        for long in [513, 100_000] {
            assert_eq!(Slug::new(&"x".repeat(long)), Err(SlugError::TooLong));
        }
        for bad in ["/a", "a/", "a//b", "//", "///"] {
            assert_eq!(Slug::new(bad), Err(SlugError::EmptySegment), "{bad:?}");
        }
        for bad in [".", "..", "a/../b", "./a", "a/."] {
            assert_eq!(Slug::new(bad), Err(SlugError::DotSegment), "{bad:?}");
        }
        for (bad, wrong) in [("a\r\nb", '\r'), ("a\0", '\0'), ("\u{85}", '\u{85}')] {
            assert_eq!(Slug::new(bad), Err(SlugError::ControlCharacter(wrong)), "{bad:?}");
        }
    }

    #[test]
    fn a_path_and_its_slug_convert_into_each_other() {
        for text in [
            "/",
            "a",
            "docs/guide/intro",
            "100%",
            "a?b#c",
            "{x}",
            "日本/語",
            "a%2Fb",
            "\"<>'&",
        ] {
            let slug = Slug::new(text).unwrap();
            let path = slug.url_path();
            assert!(path.is_ascii() && !path.contains(['?', '#', '"', '<', '{']), "{path}");
            assert_eq!(Slug::from_path(&format!("/{path}")), Ok(slug.clone()), "{text}");
        }
        for (path, error) in [
            ("/a%2fb", SlugError::EncodedSlash),
            ("//", SlugError::Empty),
            ("///", SlugError::EmptySegment),
            ("/a//b", SlugError::EmptySegment),
            ("/a/%2e%2E/b", SlugError::DotSegment),
            ("/a%00", SlugError::ControlCharacter('\0')),
            ("/%ff", SlugError::NotUtf8),
        ] {
            assert_eq!(Slug::from_path(path), Err(error), "{path}");
        }
        assert_eq!(Slug::from_path(""), Slug::new("/"));
    }
}
