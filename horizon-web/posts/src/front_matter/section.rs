//! What the section page of a folder, `_index.md` of Hugo and Zola, says about the files of the folder.

use jiff::tz::TimeZone;

use super::{
    format::{FrontMatterFormat, SplitFile},
    keys,
    publication::{MatchedField, Publication, flag},
    tree::{FieldValue, FrontMatterField, LocatedValue},
};

/// The files in a folder that are not public because of its section page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SectionEffect {
    /// Those with one of these paths, as globs of Hugo.
    Paths(Vec<String>),
    All,
    /// All, because the page is not valid and has a key that may hide them.
    NotUnderstood,
}

/// Evaluates a section page.
pub(crate) fn section_effect(text: &str) -> SectionEffect {
    let Some(format) = FrontMatterFormat::detect(text) else {
        return SectionEffect::Paths(Vec::new());
    };
    match SplitFile::new(text, format).and_then(|file| file.fields()) {
        Ok(fields) => of_fields(&fields),
        Err(_) => of_invalid(text, format),
    }
}

fn of_invalid(text: &str, format: FrontMatterFormat) -> SectionEffect {
    let may_hide = |line: &str| {
        let name = format.loose_field(line).map_or(line, |(name, _)| name);
        matches!(
            keys::normal(name).as_str(),
            "draft" | "headless" | "published" | "cascade"
        )
    };
    if text.lines().any(may_hide) {
        SectionEffect::NotUnderstood
    } else {
        SectionEffect::Paths(Vec::new())
    }
}

fn of_fields(fields: &[FrontMatterField]) -> SectionEffect {
    let mut paths = Vec::new();
    for field in fields {
        let text = field.value.as_text().map(flag);
        match (keys::normal(&field.name).as_str(), text) {
            ("draft" | "headless", Some(Some(true))) | ("published", Some(Some(false))) => return SectionEffect::All,
            ("draft", Some(None)) => return SectionEffect::NotUnderstood,
            ("cascade", _) => {
                for cascade in cascades(&field.value) {
                    match hidden_path(cascade.fields()) {
                        Some(Some(path)) => paths.push(path),
                        Some(None) => return SectionEffect::All,
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    SectionEffect::Paths(paths)
}

fn cascades(value: &LocatedValue) -> &[LocatedValue] {
    match &value.value {
        FieldValue::List(items) => items,
        _ => std::slice::from_ref(value),
    }
}

/// Returns the path to which a cascade is limited, if it hides files.
fn hidden_path(fields: &[FrontMatterField]) -> Option<Option<String>> {
    let matched: Vec<MatchedField<'_>> = fields.iter().map(MatchedField::new).collect();
    let publication = Publication::from_fields(&matched, &TimeZone::UTC, &mut Vec::new());
    if !publication.is_draft && publication.until.is_none() {
        return None;
    }
    let target = matched.iter().find(|field| field.normal == "target");
    let mut options = target.map_or(&[][..], |target| target.field.value.fields()).iter();
    let path = options.find(|option| keys::normal(&option.name) == "path");
    Some(path.and_then(|path| path.value.as_text()).map(str::to_owned))
}
