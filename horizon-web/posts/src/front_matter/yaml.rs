//! Reads values from YAML, with their line numbers in the file.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Error, Spanned, with_deserializer_from_str};

use super::keys::{self, KeyMatch, KeyRule};

/// A value and its line in the file.
pub(super) type Located<T> = (T, Option<usize>);

#[derive(Deserialize)]
pub(super) struct CoverYaml {
    pub(super) image: Option<String>,
    pub(super) alt: Option<String>,
    pub(super) caption: Option<String>,
}

/// A key of the mapping.
#[derive(Debug)]
pub(crate) struct YamlEntry {
    /// In the author's spelling.
    pub(crate) name: String,
    pub(crate) line: Option<usize>,
    pub(crate) key: KeyMatch,
    /// [`Scalar::Nested`] unless it may decide whether the file is public.
    pub(crate) value: Scalar,
}

/// A value that is empty, a scalar as text, or anything else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Empty,
    Text(String),
    Nested,
}

impl Scalar {
    pub(crate) fn new(text: &str) -> Self {
        match text.trim() {
            "" => Self::Empty,
            text => Self::Text(text.to_owned()),
        }
    }
}

impl YamlEntry {
    pub(crate) fn new(name: &str, line: Option<usize>, value: Scalar) -> Self {
        Self {
            name: name.to_owned(),
            line,
            key: keys::find(name),
            value,
        }
    }

    /// Returns whether the value may decide whether the file is public.
    fn decides(key: KeyMatch) -> bool {
        matches!(key, KeyMatch::Known(key) | KeyMatch::Similar(key) if key.rule != KeyRule::Content)
    }
}

/// Converts a line of the YAML, which starts on the second line of the file.
fn file_line(yaml_line: u64) -> usize {
    usize::try_from(yaml_line).unwrap_or(usize::MAX).saturating_add(1)
}

pub(super) fn error_line(error: &Error) -> Option<usize> {
    error.location().map(|at| file_line(at.line()))
}

fn is_blank(yaml: &str) -> bool {
    let mut lines = yaml.lines();
    lines.all(|line| matches!(line.trim_start().chars().next(), None | Some('#')))
}

/// Returns the entries of a mapping, in their order.
pub(super) fn entries(yaml: &str) -> Result<Vec<YamlEntry>, Error> {
    if is_blank(yaml) {
        return Ok(Vec::new());
    }
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(EntriesVisitor))
}

/// Returns the value of `key` in a mapping, or `None` if it is missing or null.
pub(super) fn value<T: DeserializeOwned>(yaml: &str, key: &str) -> Result<Option<Located<T>>, Error> {
    let only = ValueOfKey(key, PhantomData);
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(only))
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<YamlEntry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<YamlEntry>, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let key = keys::find(&name.value);
            let value = if YamlEntry::decides(key) {
                map.next_value()?
            } else {
                map.next_value::<IgnoredAny>().map(|_| Scalar::Nested)?
            };
            entries.push(YamlEntry {
                line: Some(file_line(name.referenced.line())),
                name: name.value,
                key,
                value,
            });
        }
        Ok(entries)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::new(value))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Empty)
    }

    fn visit_none<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Empty)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Nested)
    }
}

/// Reads the value of one key and skips all others.
struct ValueOfKey<'a, T>(&'a str, PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ValueOfKey<'_, T> {
    type Value = Option<Located<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if self.0 == key {
                let value: Spanned<Option<T>> = map.next_value()?;
                let line = file_line(value.referenced.line());
                found = value.value.map(|value| (value, Some(line)));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}
