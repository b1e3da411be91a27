//! How often each custom event happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::EventName;

/// The maximum number of names of custom events that a topic has. Events with further names count under
/// [`OTHER_EVENTS`].
pub const MAX_EVENT_NAMES: usize = 64;

/// The name under which events count whose topic already has [`MAX_EVENT_NAMES`] names.
pub const OTHER_EVENTS: &str = "(other)";

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

    /// Returns whether there are [`MAX_EVENT_NAMES`] names, so that new ones count under [`OTHER_EVENTS`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.as_ref().is_some_and(|counts| !has_room(counts))
    }

    /// Returns whether an event with this name counts under it, and not under [`OTHER_EVENTS`], after events with the
    /// `pending` names are counted.
    #[must_use]
    pub fn accepts<'a>(&self, name: &EventName, pending: impl IntoIterator<Item = &'a EventName>) -> bool {
        if self.get(name.as_str()) > 0 || self.is_full() {
            return self.get(name.as_str()) > 0;
        }
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
        let full: EventCounts = (0..64).map(|number| (name(number).as_str().to_owned(), 1)).collect();
        assert!(full.is_full() && !counts.is_full());
        assert!(
            !full.accepts(&name(64), [&name(64)]),
            "a pending name of full counts counts as other"
        );
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
