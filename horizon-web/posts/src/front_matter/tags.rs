//! Tags and series.

use super::{
    fields::{FieldParser, texts},
    keys,
    tree::{FieldValue, FrontMatterField},
};
use crate::{Series, Tag, text, unicode::nfc};

/// The maximum number of tags of a document. Further ones have no effect, because the page of a post lists all tags.
const MAX_TAGS: usize = 100;

/// The maximum length of a tag or a series, in characters. Longer ones have no effect.
const MAX_NAME_CHARS: usize = 100;

impl<'a> FieldParser<'a> {
    /// Returns the tags and categories. `separate_at_spaces` is for Jekyll, where `a b` are two tags.
    pub(super) fn tags(&mut self, separate_at_spaces: bool) -> Vec<Tag> {
        let mut tags = Vec::new();
        if let Some(field) = self.own("tags") {
            match tag_names(field, separate_at_spaces) {
                Some(names) => self.add_tags(&mut tags, names, true),
                None => {
                    let reason = format!("\"{}\" must be a text or a list of texts", field.name);
                    self.error(field.value.line, reason);
                }
            }
        }
        for field in self.taxonomy("tags").into_iter().chain(self.categories()) {
            match tag_names(field, separate_at_spaces) {
                Some(names) => self.add_tags(&mut tags, names, false),
                None => {
                    let reason = format!("\"{}\" must be a text or a list of texts; it has no effect", field.name);
                    self.warning(field.value.line, reason);
                }
            }
        }
        tags
    }

    fn categories(&self) -> Vec<&'a FrontMatterField> {
        let own = self.own("categories").or_else(|| self.own("category"));
        own.into_iter().chain(self.taxonomy("categories")).collect()
    }

    /// Returns a list below `taxonomies`, where Zola has it.
    fn taxonomy(&self, name: &str) -> Option<&'a FrontMatterField> {
        let mut fields = self.own("taxonomies")?.value.fields().iter();
        fields.find(|field| keys::normal(&field.name) == name && field.value.value != FieldValue::Empty)
    }

    fn add_tags(&mut self, tags: &mut Vec<Tag>, names: Vec<(&str, usize)>, are_own: bool) {
        for (name, line) in names {
            if tags.len() == MAX_TAGS {
                let reason = format!("there are more than {MAX_TAGS} tags: those from this one on have no effect");
                return self.warning(line, reason);
            }
            if self.is_too_long("tag", name, line) {
                continue;
            }
            let slug = text::tag_slug(name);
            if slug.is_empty() {
                let reason = format!("the tag {name:?} has no letter and no digit");
                if are_own {
                    self.error(line, reason);
                } else {
                    self.warning(line, reason);
                }
            } else if !tags.iter().any(|tag| tag.slug == slug) {
                let name = nfc(name).into_owned();
                tags.push(Tag { name, slug });
            }
        }
    }

    /// Returns whether a name has no effect because of its length, and reports it.
    fn is_too_long(&mut self, kind: &str, name: &str, line: usize) -> bool {
        let Some((end, _)) = name.char_indices().nth(MAX_NAME_CHARS) else {
            return false;
        };
        let start = name.get(..end).unwrap_or_default();
        let reason = format!("the {kind} \"{start}…\" has no effect: it is longer than {MAX_NAME_CHARS} characters");
        self.warning(line, reason);
        true
    }

    /// Returns the first series of the post.
    pub(super) fn series(&mut self) -> Option<Series> {
        let field = self.own("series").or_else(|| self.taxonomy("series"));
        let field = field.or_else(|| self.others(&["series"]).next())?;
        let mut parts = field.value.fields().iter();
        let named = parts.find(|part| matches!(keys::normal(&part.name).as_str(), "name" | "title" | "id"));
        let value = named.map_or(&field.value, |part| &part.value);
        let names = texts(value).unwrap_or_default();
        let Some((name, line)) = names.first() else {
            self.warning(
                field.value.line,
                format!("\"{}\" must be a text; it has no effect", field.name),
            );
            return None;
        };
        if self.is_too_long("series", name, *line) {
            return None;
        }
        let slug = text::tag_slug(name);
        if slug.is_empty() {
            self.warning(*line, format!("the series {name:?} has no letter and no digit"));
            return None;
        }
        let name = nfc(name).into_owned();
        Some(Series { name, slug })
    }
}

/// Returns the names in a list, or in a text such as `a, b`.
fn tag_names(field: &FrontMatterField, separate_at_spaces: bool) -> Option<Vec<(&str, usize)>> {
    let Some(text) = field.value.as_text() else {
        return texts(&field.value);
    };
    let is_separator = |c: char| c == ',' || (separate_at_spaces && c.is_whitespace());
    let names = text.split(is_separator).map(str::trim);
    Some(
        names
            .filter(|name| !name.is_empty())
            .map(|name| (name, field.value.line))
            .collect(),
    )
}
