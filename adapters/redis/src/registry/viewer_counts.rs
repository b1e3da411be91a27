//! The pages and sources in the record of a web node.

use std::{collections::BTreeMap, fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};

/// The maximum number of pages in a record, and of sources.
const MAX_ENTRIES: usize = 50;

/// The maximum size of the pages in a record: 6 KiB of JSON.
pub(super) const MAX_PAGES_BYTES: usize = 6 * 1024;

/// The maximum size of the sources in a record: 2 KiB of JSON. With the pages it is 8 KiB.
pub(super) const MAX_SOURCES_BYTES: usize = 2 * 1024;

/// The bytes of an entry besides its key: two quotes, a colon, a comma, and 20 digits.
const ENTRY_BYTES: usize = 24;

/// Returns the entries with the most viewers that fit into a record.
pub(super) fn highest<K: Clone + Ord + ToString>(viewers: &BTreeMap<K, u64>, max_bytes: usize) -> BTreeMap<K, u64> {
    let mut entries: Vec<_> = viewers.iter().filter(|(_, viewers)| **viewers > 0).collect();
    entries.sort_by(|(_, a), (_, b)| b.cmp(a));
    let mut bytes_left = max_bytes;
    let mut fits = |key: &K| {
        let bytes = ENTRY_BYTES + escaped_bytes(&key.to_string());
        let left = bytes_left.checked_sub(bytes);
        bytes_left = left.unwrap_or(bytes_left);
        left.is_some()
    };
    entries
        .into_iter()
        .filter(|(key, _)| fits(key))
        .take(MAX_ENTRIES)
        .map(|(key, viewers)| (key.clone(), *viewers))
        .collect()
}

/// Returns the largest number of bytes that the text needs in a JSON string: `\u0000` for a control character.
fn escaped_bytes(text: &str) -> usize {
    let bytes = |c: char| match c {
        '"' | '\\' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    };
    text.chars().map(bytes).sum()
}

/// Parses the entries of a record: the first [`MAX_ENTRIES`] with valid keys.
pub(super) fn deserialize<'de, K, D>(deserializer: D) -> Result<BTreeMap<K, u64>, D::Error>
where
    K: FromStr + Ord,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(CountsVisitor(PhantomData))
}

struct CountsVisitor<K>(PhantomData<K>);

impl<'de, K: FromStr + Ord> Visitor<'de> for CountsVisitor<K> {
    type Value = BTreeMap<K, u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with numbers of viewers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut viewers = BTreeMap::new();
        while let Some((key, count)) = entries.next_entry::<String, u64>()? {
            if viewers.len() < MAX_ENTRIES
                && let Ok(key) = key.parse()
            {
                viewers.insert(key, count);
            }
        }
        Ok(viewers)
    }
}
