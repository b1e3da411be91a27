//! Takes values out of YAML, with the lines of the file where they stand.

use std::{any::Any, collections::HashMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Error, Spanned, with_deserializer_from_str};

use super::keys::{self, Found, Meaning};

/// A value and the line of the file where it stands.
pub(super) type Placed<T> = (T, Option<usize>);

/// Values by their keys, each of the type that its key has.
pub(super) type Values = HashMap<String, Placed<Box<dyn Any>>>;

#[derive(Deserialize)]
pub(super) struct CoverYaml {
    pub(super) image: Option<String>,
    pub(super) alt: Option<String>,
    pub(super) caption: Option<String>,
}

/// A key of the mapping.
#[derive(Debug)]
pub(crate) struct Entry {
    /// As the author spells it.
    pub(crate) name: String,
    pub(crate) line: Option<usize>,
    pub(crate) found: Found,
    /// Read only where it may decide whether the file is public.
    pub(crate) value: Scalar,
}

/// A value of any type, as far as it is one text.
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

impl Entry {
    pub(crate) fn new(name: &str, line: Option<usize>, value: Scalar) -> Self {
        Self {
            name: name.to_owned(),
            line,
            found: keys::find(name),
            value,
        }
    }

    /// Whether the value may decide whether the file is public.
    fn decides(found: Found) -> bool {
        matches!(found, Found::Known(key) | Found::Near(key) if key.meaning != Meaning::Content)
    }
}

/// The YAML starts on the second line of the file.
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

/// All keys of a mapping, in their order.
pub(super) fn entries(yaml: &str) -> Result<Vec<Entry>, Error> {
    if is_blank(yaml) {
        return Ok(Vec::new());
    }
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(Entries))
}

/// All values in one go; none if one of them has not its key's type.
pub(super) fn values(yaml: &str) -> Option<Values> {
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(All)).ok()
}

/// The value of `key` in a mapping; none if it is not there or null.
pub(super) fn value<T: DeserializeOwned>(yaml: &str, key: &str) -> Result<Option<Placed<T>>, Error> {
    if is_blank(yaml) {
        return Ok(None);
    }
    let only = Only {
        key,
        value: PhantomData::<T>,
    };
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(only))
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Entry>, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let found = keys::find(&name.value);
            let value = if Entry::decides(found) {
                map.next_value()?
            } else {
                map.next_value::<IgnoredAny>().map(|_| Scalar::Nested)?
            };
            entries.push(Entry {
                line: Some(file_line(name.referenced.line())),
                name: name.value,
                found,
                value,
            });
        }
        Ok(entries)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
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

    fn visit_i128<E>(self, value: i128) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Scalar, E> {
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

/// Takes all values in one go. It fails with the first that has not its key's type.
struct All;

impl<'de> Visitor<'de> for All {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
        let mut all = Values::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = match keys::normal(&key).as_str() {
                "title" | "description" | "date" | "updated" | "slug" | "showtoc" => placed::<String, A>(&mut map)?,
                "tags" => placed::<Vec<String>, A>(&mut map)?,
                "cover" => placed::<CoverYaml, A>(&mut map)?,
                _ => map.next_value::<IgnoredAny>().map(|_| None)?,
            };
            all.extend(value.map(|value| (key, value)));
        }
        Ok(all)
    }
}

fn placed<'de, T: DeserializeOwned + 'static, A: MapAccess<'de>>(
    map: &mut A,
) -> Result<Option<Placed<Box<dyn Any>>>, A::Error> {
    let value: Spanned<Option<T>> = map.next_value()?;
    let line = file_line(value.referenced.line());
    Ok(value.value.map(|value| (Box::new(value) as Box<dyn Any>, Some(line))))
}

/// Takes one key's value out of a mapping and skips all others.
struct Only<'a, T> {
    key: &'a str,
    value: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Only<'_, T> {
    type Value = Option<Placed<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            if self.key == key {
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
