//! The front matter as a tree of values with their lines, for all formats.

use super::FileIssue;

/// A value. Scalars are their text: the front matter of another format has other types for the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldValue {
    /// Nothing, or `null`.
    Empty,
    /// Any scalar.
    Text(String),
    List(Vec<LocatedValue>),
    Mapping(Vec<FrontMatterField>),
}

/// A value and its line in the file, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LocatedValue {
    pub(super) line: usize,
    pub(super) value: FieldValue,
}

/// A key of a mapping and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FrontMatterField {
    /// In the author's spelling.
    pub(super) name: String,
    /// The line of the key.
    pub(super) line: usize,
    pub(super) value: LocatedValue,
}

/// The fields of a front matter, or why it cannot be parsed.
pub(super) type ParsedFields = Result<Vec<FrontMatterField>, FileIssue>;

impl FieldValue {
    /// Returns a scalar without the white space around it.
    pub(super) fn text(text: &str) -> Self {
        match text.trim() {
            "" => Self::Empty,
            text => Self::Text(text.to_owned()),
        }
    }
}

impl LocatedValue {
    /// Returns a scalar that is not empty.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.value {
            FieldValue::Text(text) => Some(text),
            FieldValue::Empty | FieldValue::List(_) | FieldValue::Mapping(_) => None,
        }
    }

    /// Returns the fields of a mapping.
    pub(super) fn fields(&self) -> &[FrontMatterField] {
        match &self.value {
            FieldValue::Mapping(fields) => fields,
            FieldValue::Empty | FieldValue::Text(_) | FieldValue::List(_) => &[],
        }
    }

    /// Returns the number of values in it, including itself.
    pub(super) fn count(&self) -> usize {
        1 + match &self.value {
            FieldValue::Empty | FieldValue::Text(_) => 0,
            FieldValue::List(items) => items.iter().map(Self::count).sum(),
            FieldValue::Mapping(fields) => fields.iter().map(|field| field.value.count()).sum(),
        }
    }
}
