//! Reads each field by itself, so that all wrong values are reported.

use jiff::tz::TimeZone;

use super::{
    FileIssue,
    keys::{self, KeyMatch},
    publication::{MatchedField, flag},
    tree::{FieldValue, FrontMatterField, LocatedValue},
};
use crate::{Date, Severity, unicode::nfc};

/// The mappings in which Hugo and Zola have the keys of a theme.
const NESTED: [&str; 2] = ["params", "extra"];

/// The fields of a front matter by the [normal](keys::normal) form of their names.
pub(super) struct FieldLookup<'a> {
    top: Vec<(String, &'a FrontMatterField)>,
    /// The fields of the mappings in [`NESTED`].
    nested: Vec<(String, &'a FrontMatterField)>,
}

impl<'a> FieldLookup<'a> {
    /// If a known key occurs in two spellings, the one in lower case has effect, or else the first.
    pub(super) fn new(matched: &[MatchedField<'a>], issues: &mut Vec<FileIssue>) -> Self {
        let mut top: Vec<(String, &'a FrontMatterField)> = Vec::new();
        let mut nested = Vec::new();
        for MatchedField { field, key, normal } in matched {
            let field = *field;
            if NESTED.contains(&normal.as_str()) {
                let fields = field.value.fields().iter();
                nested.extend(fields.map(|field| (keys::normal(&field.name), field)));
            }
            match (top.iter_mut().find(|(name, _)| name == normal), key) {
                (None, _) => top.push((normal.clone(), field)),
                (Some((_, first)), KeyMatch::Known(known)) if !known.may_repeat() => {
                    let (used, other) = if field.name == known.name {
                        (field, *first)
                    } else {
                        (*first, field)
                    };
                    *first = used;
                    let (unused, name) = (&other.name, &used.name);
                    let reason = format!("\"{unused}\" has no effect, because there is also \"{name}\"");
                    issues.push(FileIssue::warning(Some(other.line), reason));
                }
                // `Publication` evaluates each known key, and the first of other keys has effect.
                (Some(_), _) => {}
            }
        }
        Self { top, nested }
    }

    fn get(&self, name: &str) -> Option<&'a FrontMatterField> {
        find(&self.top, name)
    }

    /// Returns the fields with these names: those at the top, then the nested ones.
    pub(super) fn find_all(&self, names: &[&str]) -> Vec<&'a FrontMatterField> {
        let all = [&self.top, &self.nested].into_iter();
        let all = all.flat_map(|fields| names.iter().filter_map(|name| find(fields, name)));
        all.collect()
    }
}

fn find<'a>(fields: &[(String, &'a FrontMatterField)], name: &str) -> Option<&'a FrontMatterField> {
    let (_, field) = fields.iter().find(|(known, _)| known == name)?;
    Some(field)
}

/// Reads the fields of a front matter.
///
/// A wrong value of one of the blog's own keys is an error, as the author expects it to have an effect. A key of
/// another program may have a meaning that the blog does not know: a wrong value of it is at most a warning.
pub(super) struct FieldParser<'a> {
    pub(super) lookup: FieldLookup<'a>,
    pub(super) zone: &'a TimeZone,
    pub(super) issues: Vec<FileIssue>,
}

impl<'a> FieldParser<'a> {
    pub(super) fn error(&mut self, line: usize, reason: impl Into<String>) {
        self.issues.push(FileIssue::error(Some(line), reason));
    }

    pub(super) fn warning(&mut self, line: usize, reason: impl Into<String>) {
        self.issues.push(FileIssue::warning(Some(line), reason));
    }

    pub(super) fn has_error(&self) -> bool {
        self.issues.iter().any(|issue| issue.severity == Severity::Error)
    }

    /// Returns the field at the top with this key, unless it is empty.
    pub(super) fn own(&self, name: &str) -> Option<&'a FrontMatterField> {
        self.lookup
            .get(name)
            .filter(|field| field.value.value != FieldValue::Empty)
    }

    /// Returns the fields with these keys that are not empty, in the order of the keys: those at the top, then those of
    /// the theme.
    pub(super) fn others(&self, names: &[&str]) -> impl Iterator<Item = &'a FrontMatterField> + use<'a> {
        let all = self.lookup.find_all(names).into_iter();
        all.filter(|field| field.value.value != FieldValue::Empty)
    }

    /// Returns the first text with one of these keys.
    pub(super) fn other_text(&self, names: &[&str]) -> Option<(&'a FrontMatterField, &'a str)> {
        self.others(names)
            .find_map(|field| Some((field, field.value.as_text()?)))
    }

    /// Returns the text of a field of the blog. Reports a value of another type.
    pub(super) fn own_text(&mut self, name: &str, expected: &str) -> Option<(&'a FrontMatterField, &'a str)> {
        let field = self.own(name)?;
        let text = field.value.as_text();
        if text.is_none() {
            self.error(field.value.line, format!("\"{}\" must be {expected}", field.name));
        }
        Some((field, text?))
    }

    /// Returns a text to show: that of a field of the blog, or else of a key of another program.
    pub(super) fn shown_text(&mut self, name: &str, others: &[&str]) -> Option<String> {
        let own = self.own_text(name, "a text");
        let (_, text) = own.or_else(|| self.other_text(others))?;
        Some(nfc(text).into_owned())
    }

    /// Parses the text of a field of the blog.
    pub(super) fn own_parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let (field, text) = self.own_text(name, "a text")?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let reason = format!("\"{}\" is {text:?}, but {error}", field.name);
                self.error(field.value.line, reason);
                None
            }
        }
    }

    /// Parses the text of the first of these keys. A wrong value has no effect.
    pub(super) fn other_parsed<T, E: std::fmt::Display>(
        &mut self,
        names: &[&str],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let (field, text) = self.other_text(names)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let reason = format!("\"{}\" is {text:?}, but {error}; it has no effect", field.name);
                self.warning(field.value.line, reason);
                None
            }
        }
    }

    /// Returns the flag of a field of the blog, or else of a key of another program.
    pub(super) fn flag(&mut self, name: &str, others: &[&str]) -> bool {
        const EXPECTED: &str = "true or false";
        let Some((field, text)) = self.own_text(name, EXPECTED) else {
            return self.other_flag(others).unwrap_or(false);
        };
        flag(text).unwrap_or_else(|| {
            self.error(field.value.line, format!("\"{}\" must be {EXPECTED}", field.name));
            false
        })
    }

    /// Returns the flag of the first of these keys whose value is one.
    pub(super) fn other_flag(&self, names: &[&str]) -> Option<bool> {
        self.others(names).find_map(|field| flag(field.value.as_text()?))
    }

    /// Returns the date of a field of the blog.
    pub(super) fn own_date(&mut self, name: &str) -> Option<Date> {
        let zone = self.zone;
        self.own_parsed(name, |text| Date::parse_in(text, zone))
    }

    /// Returns the date of the first of these keys whose value is one.
    pub(super) fn other_date(&self, names: &[&str]) -> Option<Date> {
        let mut fields = self.others(names);
        fields.find_map(|field| Date::parse_in(field.value.as_text()?, self.zone).ok())
    }

    /// Reports that a required key is missing, unless its value was reported.
    pub(super) fn require<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.issues.len();
        let value = read(self);
        if value.is_none() && self.issues.len() == before {
            self.error(1, format!("there is no {name}"));
        }
        value
    }
}

/// Returns the texts of a list, or the one text. Leaves out empty values. Returns `None` if there is a value of another
/// type.
pub(super) fn texts(value: &LocatedValue) -> Option<Vec<(&str, usize)>> {
    let items = match &value.value {
        FieldValue::List(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    };
    let filled = items.iter().filter(|item| item.value != FieldValue::Empty);
    filled.map(|item| Some((item.as_text()?, item.line))).collect()
}
