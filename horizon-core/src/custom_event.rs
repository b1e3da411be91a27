//! Events that the application names.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{OTHER_EVENTS, clean_text, has_visible_text};

/// The name of a custom event, such as `download` or `👍`.
///
/// 1 to 120 bytes of UTF-8 in Unicode normalization form C, without control characters and surrounding white space.
/// Cloning is cheap.
///
/// ```
/// use horizon_core::{EventName, EventNameError};
///
/// assert_eq!(EventName::new(" download ")?.as_str(), "download");
/// assert_eq!(EventName::new("(other)"), Err(EventNameError::Reserved));
/// # Ok::<(), EventNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventName(Arc<str>);

/// Why a text is not an [`EventName`]. The text continues a sentence that starts with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventNameError {
    /// The text has no visible character.
    #[error("must not be empty")]
    Empty,
    /// The text is too long.
    #[error("has {0} bytes, at most {max} are allowed", max = EventName::MAX_BYTES)]
    TooLong(usize),
    /// The text contains a control character.
    #[error("must not contain the control character U+{:04X}", u32::from(*.0))]
    ControlCharacter(char),
    /// The text is [`OTHER_EVENTS`].
    #[error("must not be `{OTHER_EVENTS}`, which stands for the names beyond the limit")]
    Reserved,
}

impl EventName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 120;

    /// Validates `text`. Removes characters that reorder or hide text ([`clean_text`](crate::clean_text)) and surrounding
    /// white space, and converts to normalization form C.
    ///
    /// # Errors
    /// Returns an [`EventNameError`] with the rule that the text violates.
    pub fn new(text: &str) -> Result<Self, EventNameError> {
        let cleaned = clean_text(text);
        let text = cleaned.trim();
        // Normalizing shortens no text to less than a third, so much longer ones need not be normalized.
        if text.len() > 3 * Self::MAX_BYTES {
            return Err(EventNameError::TooLong(text.len()));
        }
        let name: String = text.nfc().collect();
        if !has_visible_text(&name) {
            return Err(EventNameError::Empty);
        }
        if name.len() > Self::MAX_BYTES {
            return Err(EventNameError::TooLong(name.len()));
        }
        if let Some(control) = name.chars().find(|c| c.is_control()) {
            return Err(EventNameError::ControlCharacter(control));
        }
        if name == OTHER_EVENTS {
            return Err(EventNameError::Reserved);
        }
        Ok(Self(name.into()))
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EventName {
    type Err = EventNameError;
    fn from_str(text: &str) -> Result<Self, EventNameError> {
        Self::new(text)
    }
}

impl TryFrom<String> for EventName {
    type Error = EventNameError;
    fn try_from(text: String) -> Result<Self, EventNameError> {
        Self::new(&text)
    }
}

impl From<EventName> for String {
    fn from(name: EventName) -> Self {
        name.0.as_ref().into()
    }
}

/// What the application says about a custom event: at most 30 texts by their keys.
///
/// ```
/// use horizon_core::Properties;
///
/// let properties = Properties::new([("file", "guide.pdf"), ("size", "3")])?;
/// assert_eq!(properties.get("file"), Some("guide.pdf"));
/// # Ok::<(), horizon_core::PropertiesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct Properties(BTreeMap<String, String>);

/// Why texts are not [`Properties`]. The text continues a sentence that starts with the field's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertiesError {
    /// There are too many properties.
    #[error("has more than {max} entries", max = Properties::MAX_COUNT)]
    TooMany,
    /// A key is empty.
    #[error("must not have an empty key")]
    EmptyKey,
    /// Two properties have the same key.
    #[error("has the key `{0}` twice")]
    RepeatedKey(String),
    /// A key is too long.
    #[error("has a key of {0} bytes, at most {max} are allowed", max = Properties::MAX_KEY_BYTES)]
    KeyTooLong(usize),
    /// A value is too long.
    #[error(
        "has a value of {bytes} bytes for the key `{key}`, at most {max} are allowed",
        max = Properties::MAX_VALUE_BYTES
    )]
    ValueTooLong {
        /// The key.
        key: String,
        /// The length of the value, in bytes.
        bytes: usize,
    },
}

impl Properties {
    /// The maximum number of properties.
    pub const MAX_COUNT: usize = 30;

    /// The longest key, in bytes.
    pub const MAX_KEY_BYTES: usize = 64;

    /// The longest value, in bytes.
    pub const MAX_VALUE_BYTES: usize = 500;

    /// Validates the properties.
    ///
    /// # Errors
    /// Returns a [`PropertiesError`] with the rule that they violate.
    pub fn new<K: Into<String>, V: Into<String>>(
        properties: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, PropertiesError> {
        let mut checked = Self::default();
        for (key, value) in properties {
            checked.insert(key, value)?;
        }
        Ok(checked)
    }

    /// Adds a property.
    ///
    /// # Errors
    /// Returns a [`PropertiesError`] with the rule that it violates. It is not added then.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) -> Result<(), PropertiesError> {
        let (key, value) = (key.into(), value.into());
        if key.is_empty() {
            return Err(PropertiesError::EmptyKey);
        }
        if key.len() > Self::MAX_KEY_BYTES {
            return Err(PropertiesError::KeyTooLong(key.len()));
        }
        let bytes = value.len();
        if bytes > Self::MAX_VALUE_BYTES {
            return Err(PropertiesError::ValueTooLong { key, bytes });
        }
        if self.0.contains_key(&key) {
            return Err(PropertiesError::RepeatedKey(key));
        }
        if self.0.len() == Self::MAX_COUNT {
            return Err(PropertiesError::TooMany);
        }
        self.0.insert(key, value);
        Ok(())
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Returns the properties, ordered by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns whether there are no properties.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<BTreeMap<String, String>> for Properties {
    type Error = PropertiesError;
    fn try_from(properties: BTreeMap<String, String>) -> Result<Self, PropertiesError> {
        Self::new(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_name_is_rejected_with_its_reason() {
        for empty in [" \n", "\u{200b}", "\u{3164}"] {
            assert_eq!(EventName::new(empty), Err(EventNameError::Empty));
        }
        assert_eq!(EventName::new("\u{202e}down\u{200b}load"), EventName::new("download"));
        assert_eq!(EventName::new(&"é".repeat(61)), Err(EventNameError::TooLong(122)));
        assert_eq!(EventName::new(&"x".repeat(1000)), Err(EventNameError::TooLong(1000)));
        assert_eq!(EventName::new("a\tb"), Err(EventNameError::ControlCharacter('\t')));
        assert_eq!(EventName::new(" (other) "), Err(EventNameError::Reserved));
        assert!(
            EventName::new(&"e\u{301}".repeat(60)).is_ok(),
            "the limit applies to form C"
        );
        assert_eq!(EventName::new("e\u{301}"), EventName::new("é"));
    }

    #[test]
    fn properties_outside_their_limits_are_rejected_with_the_reason() {
        let many = |count: usize| Properties::new((0..count).map(|number| (number.to_string(), "")));
        assert!(many(30).is_ok());
        assert_eq!(many(31), Err(PropertiesError::TooMany));
        assert_eq!(Properties::new([("", "")]), Err(PropertiesError::EmptyKey));
        assert_eq!(
            Properties::new([("k", "1"), ("k", "2")]),
            Err(PropertiesError::RepeatedKey("k".into()))
        );
        let long_key = "k".repeat(65);
        assert_eq!(
            Properties::new([(&*long_key, "")]),
            Err(PropertiesError::KeyTooLong(65))
        );
        let long = Properties::new([("k", "v".repeat(501))]).unwrap_err();
        assert!(long.to_string().contains("501 bytes for the key `k`"), "{long}");
        assert!(Properties::new([("k".repeat(64), "v".repeat(500))]).is_ok());
        assert!(serde_json::from_str::<Properties>(r#"{"":"x"}"#).is_err());
    }
}
