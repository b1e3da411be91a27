//! When a file is public. A file with an invalid value is a draft.

use horizon_core::Timestamp;
use jiff::tz::TimeZone;

use super::{
    FileIssue,
    format::FrontMatterFormat,
    keys::{self, KeyMatch, KeyRule, KnownKey},
    tree::{FieldValue, FrontMatterField, LocatedValue},
};
use crate::Date;

/// Whether a file is public, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Publication {
    /// The author marks it as not public, or a value is invalid.
    pub(crate) is_draft: bool,
    pub(crate) from: Option<Date>,
    pub(crate) until: Option<Date>,
}

impl Publication {
    /// Returns whether the file is public at that time.
    pub(crate) fn is_public(&self, now: Timestamp) -> bool {
        let has_come = |date: &Date| date.timestamp() <= now;
        !self.is_draft && self.from.as_ref().is_none_or(has_come) && !self.until.as_ref().is_some_and(has_come)
    }

    /// Returns when the file becomes public, if that is after this time.
    pub(crate) fn due_after(&self, now: Timestamp) -> Option<Date> {
        let ends = |from: Date| self.until.is_some_and(|until| until <= from);
        self.from
            .filter(|from| !self.is_draft && from.timestamp() > now && !ends(*from))
    }

    /// Evaluates the keys and reports invalid values.
    pub(super) fn from_fields(fields: &[MatchedField<'_>], zone: &TimeZone, issues: &mut Vec<FileIssue>) -> Self {
        let mut publication = Self::default();
        for matched in fields {
            match matched.key {
                KeyMatch::Known(key) => publication.add_known(matched.field, key, zone, issues),
                KeyMatch::Similar(key) => publication.add_similar(matched.field, key, zone, issues),
                KeyMatch::Unknown => publication.is_draft |= is_not_built(matched),
            }
        }
        publication
    }

    /// Evaluates an invalid front matter line by line.
    pub(super) fn from_lines<'a>(
        lines: impl Iterator<Item = &'a str>,
        format: FrontMatterFormat,
        zone: &TimeZone,
    ) -> Self {
        let field = |line: &str| {
            let (name, value) = format.loose_field(line)?;
            // An indented line usually belongs to another key, such as `hidden` below `cover`. An indented `draft` is
            // more likely the mistake that broke the front matter.
            let is_draft = matches!(keys::find(name), KeyMatch::Known(key) if key.is_draft_or_published());
            let is_top = format != FrontMatterFormat::Yaml || !name.starts_with(char::is_whitespace);
            (is_draft || is_top).then(|| FrontMatterField {
                name: name.to_owned(),
                line: value.line,
                value,
            })
        };
        let fields: Vec<FrontMatterField> = lines.filter_map(field).collect();
        let matched: Vec<MatchedField<'_>> = fields.iter().map(MatchedField::new).collect();
        Self::from_fields(&matched, zone, &mut Vec::new())
    }

    /// Delays the publication until this date.
    pub(super) fn delay(&mut self, date: Date) {
        self.add(KeyEffect::From(date));
    }

    fn add_known(&mut self, field: &FrontMatterField, key: &KnownKey, zone: &TimeZone, issues: &mut Vec<FileIssue>) {
        let effect = effect(key.rule, &field.value, zone);
        if let KeyEffect::Invalid(expected) = effect {
            let reason = format!("\"{}\" must be {expected}", field.name);
            issues.push(FileIssue::error(Some(field.line), reason));
        }
        self.add(effect);
    }

    /// A misspelt key has the effect of the similar key if that hides the file.
    fn add_similar(&mut self, field: &FrontMatterField, key: &KnownKey, zone: &TimeZone, issues: &mut Vec<FileIssue>) {
        let effect = match effect(key.rule, &field.value, zone) {
            KeyEffect::Invalid(_) if !key.is_draft_or_published() => KeyEffect::Public,
            // `dates` and similar keys are not publication dates.
            KeyEffect::From(_) if key.rule == KeyRule::Date => KeyEffect::Public,
            effect => effect,
        };
        let (name, meant) = (&field.name, key.name);
        issues.push(if matches!(effect, KeyEffect::NotPublic | KeyEffect::Invalid(_)) {
            let reason = format!("\"{name}\" is not a known key; \"{meant}\" is similar");
            FileIssue::error(
                Some(field.line),
                format!("{reason}: the file is not public until you correct or remove the key"),
            )
        } else {
            FileIssue::warning(
                Some(field.line),
                format!("\"{name}\" is not a known key; did you mean \"{meant}\"?"),
            )
        });
        self.add(effect);
    }

    fn add(&mut self, effect: KeyEffect) {
        match effect {
            KeyEffect::Public => {}
            KeyEffect::NotPublic | KeyEffect::Invalid(_) => self.is_draft = true,
            KeyEffect::From(date) => self.from = self.from.max(Some(date)),
            KeyEffect::Until(date) => self.until = Some(self.until.map_or(date, |until| until.min(date))),
        }
    }
}

/// Returns whether this is `build` or `_build` of Hugo with `render: never`, or with `render: link`, which gives a file
/// an address but no page.
fn is_not_built(matched: &MatchedField<'_>) -> bool {
    matched.normal == "build" && is_disabled(&matched.field.value, "render", &["never", "link"])
}

/// Returns whether this option of Hugo's `build` is `false` or one of these values.
pub(super) fn is_disabled(build: &LocatedValue, option: &str, values: &[&str]) -> bool {
    let has_value = |text: &str| {
        let is_one = values.iter().any(|value| text.eq_ignore_ascii_case(value));
        is_one || flag(text) == Some(false)
    };
    let mut options = build.fields().iter();
    options.any(|field| keys::normal(&field.name) == option && field.value.as_text().is_some_and(has_value))
}

/// A field at the top of the front matter, and the known key that it matches.
#[derive(Clone, Debug)]
pub(super) struct MatchedField<'a> {
    pub(super) field: &'a FrontMatterField,
    /// Its name in the form of [`keys::normal`].
    pub(super) normal: String,
    pub(super) key: KeyMatch,
}

impl<'a> MatchedField<'a> {
    pub(super) fn new(field: &'a FrontMatterField) -> Self {
        let normal = keys::normal(&field.name);
        let key = keys::find_normal(&normal);
        Self { field, normal, key }
    }
}

/// The effect of one key on the publication.
#[derive(Clone, Copy)]
enum KeyEffect {
    Public,
    NotPublic,
    From(Date),
    Until(Date),
    /// The value is invalid; it must be this.
    Invalid(&'static str),
}

fn effect(rule: KeyRule, value: &LocatedValue, zone: &TimeZone) -> KeyEffect {
    let text = value.as_text().unwrap_or_default();
    let date = Date::parse_in(text, zone);
    let may_be_empty = |invalid| {
        if value.value == FieldValue::Empty {
            KeyEffect::Public
        } else {
            invalid
        }
    };
    match rule {
        // `FieldParser::date` reports errors.
        KeyRule::Date => date.map_or(KeyEffect::Public, KeyEffect::From),
        KeyRule::NotBefore => date.map_or_else(|_| may_be_empty(KeyEffect::Invalid(DATE_FORMAT)), KeyEffect::From),
        KeyRule::NotAfter => date.map_or_else(|_| may_be_empty(KeyEffect::Invalid(DATE_FORMAT)), KeyEffect::Until),
        KeyRule::HiddenIf(hides) => match (flag(text), date) {
            (Some(flag), _) if flag == hides => KeyEffect::NotPublic,
            (Some(_), _) => KeyEffect::Public,
            (None, Ok(date)) if !hides => KeyEffect::From(date),
            _ if hides => KeyEffect::Invalid("true or false"),
            _ => KeyEffect::Invalid("true, false or a date"),
        },
        KeyRule::HiddenIfFlag(hides) if flag(text) == Some(hides) => KeyEffect::NotPublic,
        KeyRule::HiddenIfFlag(_) | KeyRule::Content => KeyEffect::Public,
        KeyRule::State => state(text),
        KeyRule::Password => may_be_empty(KeyEffect::NotPublic),
    }
}

const DATE_FORMAT: &str = "a date, YYYY-MM-DD or RFC 3339";

/// Evaluates `status` and `visibility`. A scheduled post is public from its date on.
fn state(text: &str) -> KeyEffect {
    match text.to_lowercase().as_str() {
        "published" | "publish" | "public" | "live" | "visible" | "scheduled" | "future" => KeyEffect::Public,
        "draft" | "private" | "hidden" | "unlisted" | "unpublished" | "pending" | "auto-draft" | "trash"
        | "members" | "paid" | "password" | "protected" => KeyEffect::NotPublic,
        _ => KeyEffect::Invalid("published or draft"),
    }
}

/// Parses a flag in any of the spellings of YAML 1.1.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}
