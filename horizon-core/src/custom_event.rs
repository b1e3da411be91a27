//! Events that the application names.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The maximum number of names of custom events that a topic has. Events with further names count under
/// [`OTHER_EVENTS`].
pub const MAX_EVENT_NAMES: usize = 64;

/// The name under which events count whose topic already has [`MAX_EVENT_NAMES`] names.
pub const OTHER_EVENTS: &str = "(other)";

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
    /// The text is empty or only white space.
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

    /// Validates `text`. Removes surrounding white space and converts to normalization form C.
    ///
    /// # Errors
    /// Returns an [`EventNameError`] with the rule that the text violates.
    pub fn new(text: &str) -> Result<Self, EventNameError> {
        let text = text.trim();
        // Normalizing shortens no text to less than a third, so much longer ones need not be normalized.
        if text.len() > 3 * Self::MAX_BYTES {
            return Err(EventNameError::TooLong(text.len()));
        }
        let name: String = text.nfc().collect();
        if name.is_empty() {
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
        let mut checked = BTreeMap::new();
        for (key, value) in properties {
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
            if checked.len() == Self::MAX_COUNT && !checked.contains_key(&key) {
                return Err(PropertiesError::TooMany);
            }
            if checked.insert(key.clone(), value).is_some() {
                return Err(PropertiesError::RepeatedKey(key));
            }
        }
        Ok(Self(checked))
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

/// How often each custom event happened on a topic: at most [`MAX_EVENT_NAMES`] names, and [`OTHER_EVENTS`]. Cloning is
/// cheap.
///
/// ```
/// use horizon_core::{EventCounts, EventName};
///
/// let mut counts = EventCounts::default();
/// counts.add(&EventName::new("download")?);
/// counts.add(&EventName::new("download")?);
/// assert_eq!((counts.get("download"), counts.get("share")), (2, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Box<str>, u64>", into = "BTreeMap<Box<str>, u64>")]
pub struct EventCounts(Option<Arc<BTreeMap<Box<str>, u64>>>);

impl EventCounts {
    /// Counts an event. Returns the name under which it counts.
    pub fn add<'a>(&mut self, name: &'a EventName) -> &'a str {
        let counts = Arc::make_mut(self.0.get_or_insert_default());
        if let Some(count) = counts.get_mut(name.as_str()) {
            *count = count.saturating_add(1);
            return name.as_str();
        }
        if has_room(counts) {
            counts.insert(name.as_str().into(), 1);
            return name.as_str();
        }
        let other = counts.entry(OTHER_EVENTS.into()).or_default();
        *other = other.saturating_add(1);
        OTHER_EVENTS
    }

    /// Returns how often the event happened.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.0
            .as_ref()
            .and_then(|counts| counts.get(name).copied())
            .unwrap_or(0)
    }

    /// Returns the names and their counts, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let counts = self.0.iter().flat_map(|counts| counts.iter());
        counts.map(|(name, count)| (&**name, *count))
    }

    /// Returns whether no custom event happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|counts| counts.is_empty())
    }

    /// Returns whether an event with this name counts under it, and not under [`OTHER_EVENTS`], after events with the
    /// `pending` names are counted.
    #[must_use]
    pub fn accepts<'a>(&self, name: &EventName, pending: impl IntoIterator<Item = &'a EventName>) -> bool {
        let pending = pending.into_iter().map(|name| name.as_str());
        let counted = self.iter().map(|(name, _)| name).filter(|name| *name != OTHER_EVENTS);
        let names: BTreeSet<&str> = counted.chain(pending).collect();
        names.contains(name.as_str()) || names.len() < MAX_EVENT_NAMES
    }
}

fn has_room(counts: &BTreeMap<Box<str>, u64>) -> bool {
    counts.len() - usize::from(counts.contains_key(OTHER_EVENTS)) < MAX_EVENT_NAMES
}

impl<K: Into<Box<str>>> FromIterator<(K, u64)> for EventCounts {
    /// Returns stored counts.
    fn from_iter<I: IntoIterator<Item = (K, u64)>>(counts: I) -> Self {
        counts
            .into_iter()
            .map(|(name, count)| (name.into(), count))
            .collect::<BTreeMap<_, _>>()
            .into()
    }
}

impl From<BTreeMap<Box<str>, u64>> for EventCounts {
    fn from(counts: BTreeMap<Box<str>, u64>) -> Self {
        Self((!counts.is_empty()).then(|| Arc::new(counts)))
    }
}

impl From<EventCounts> for BTreeMap<Box<str>, u64> {
    fn from(counts: EventCounts) -> Self {
        counts.0.map(Arc::unwrap_or_clone).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> EventName {
        EventName::new(&format!("event-{number}")).unwrap()
    }

    #[test]
    fn an_invalid_name_is_rejected_with_its_reason() {
        assert_eq!(EventName::new(" \n"), Err(EventNameError::Empty));
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

    #[test]
    fn names_beyond_the_limit_count_as_other() {
        let mut counts = EventCounts::default();
        for number in 0..MAX_EVENT_NAMES {
            assert!(counts.accepts(&name(number), []));
            assert_eq!(counts.add(&name(number)), name(number).as_str());
        }
        assert!(!counts.accepts(&name(64), []) && counts.accepts(&name(0), []));
        assert_eq!(counts.add(&name(64)), OTHER_EVENTS);
        assert_eq!(counts.add(&name(65)), OTHER_EVENTS);
        assert_eq!(counts.add(&name(0)), "event-0");
        assert!(!counts.accepts(&name(66), []));
        assert_eq!(
            (counts.get(OTHER_EVENTS), counts.get("event-0"), counts.iter().count()),
            (2, 2, 65)
        );
    }

    #[test]
    fn names_that_are_not_counted_yet_use_up_the_limit() {
        let counts: EventCounts = (0..62).map(|number| (name(number).as_str().to_owned(), 1)).collect();
        let pending = [name(0), name(62), name(63)];
        assert!(counts.accepts(&name(64), &pending[..2]));
        assert!(!counts.accepts(&name(64), &pending));
        assert!(counts.accepts(&name(63), &pending));
    }

    #[test]
    fn counts_are_a_flat_map_in_json() {
        let counts: EventCounts = [("b", 2), (OTHER_EVENTS, 1)].into_iter().collect();
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(json, r#"{"(other)":1,"b":2}"#);
        assert_eq!(serde_json::from_str::<EventCounts>(&json).unwrap(), counts);
        assert!(serde_json::from_str::<EventCounts>("{}").unwrap().is_empty());
    }
}
