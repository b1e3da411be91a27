//! Parses the YAML front matter of a file and reports every issue in it.

mod keys;
mod publication;
mod yaml;

use horizon_core::Slug;
use serde::de::DeserializeOwned;

use self::{
    keys::KeyMatch,
    publication::flag,
    yaml::{CoverYaml, Located, YamlEntry, error_line},
};
use crate::{Cover, Date, Language, Series, Severity, Tag, slug::post_slug, text, urls};

pub(crate) use self::publication::Publication;

#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) updated: Option<Date>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) cover: Option<Cover>,
    pub(crate) show_toc: bool,
    pub(crate) slug: Option<Slug>,
    pub(crate) series: Option<Series>,
    pub(crate) language: Option<Language>,
    pub(crate) translation_key: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) weight: Option<i64>,
    pub(crate) in_nav: bool,
}

/// An error or warning about a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileIssue {
    /// The line in the file, from 1.
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
    pub(crate) severity: Severity,
}

impl FileIssue {
    pub(crate) fn error(line: Option<usize>, reason: impl Into<String>) -> Self {
        Self {
            line,
            reason: reason.into(),
            severity: Severity::Error,
        }
    }

    pub(crate) fn warning(line: Option<usize>, reason: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(line, reason)
        }
    }
}

#[derive(Debug)]
pub(crate) struct ParsedFrontMatter<'a> {
    /// `None` if there is an error in it.
    pub(crate) front: Option<FrontMatter>,
    /// As far as it can be parsed, even if there is an error elsewhere.
    pub(crate) publication: Publication,
    pub(crate) issues: Vec<FileIssue>,
    /// The rest of the file.
    pub(crate) body: &'a str,
}

impl ParsedFrontMatter<'_> {
    /// Front matter that is not valid YAML: only its separate lines are evaluated.
    fn broken<'a>(lines: impl Iterator<Item = &'a str>, issue: FileIssue) -> Self {
        Self {
            front: None,
            publication: Publication::from_lines(lines),
            issues: vec![issue],
            body: "",
        }
    }
}

const FENCE: &str = "---";

/// Returns whether a file starts with front matter, complete or not.
pub(crate) fn is_in(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim_end() == FENCE)
}

/// Parses the front matter of a file.
pub(crate) fn parse(text: &str, date_required: bool) -> ParsedFrontMatter<'_> {
    if !is_in(text) {
        let reason = "there is no front matter: the first line must be \"---\", then title and date, then \"---\"";
        return ParsedFrontMatter::broken(std::iter::empty(), FileIssue::error(Some(1), reason));
    }
    match split(text) {
        Some((yaml, body)) => ParsedFrontMatter {
            body,
            ..parse_yaml(yaml, date_required)
        },
        None => {
            let reason = "the front matter does not end: there is no second line \"---\"";
            let lines = text.lines().take_while(|line| !line.trim().is_empty());
            ParsedFrontMatter::broken(lines, FileIssue::error(Some(1), reason))
        }
    }
}

/// Splits a file into its front matter and its body. Returns `None` if the front matter does not end.
fn split(text: &str) -> Option<(&str, &str)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let mut end = first.len();
    for line in lines {
        let start = end;
        end += line.len();
        if line.trim_end() == FENCE {
            return Some((text.get(first.len()..start)?, text.get(end..)?));
        }
    }
    None
}

fn parse_yaml(yaml: &str, date_required: bool) -> ParsedFrontMatter<'static> {
    let entries = match yaml::entries(yaml) {
        Ok(entries) => entries,
        Err(error) => return ParsedFrontMatter::broken(yaml.lines(), syntax_issue(&error)),
    };
    let mut issues = Vec::new();
    let publication = Publication::from_entries(&entries, &mut issues);
    let mut parser = FieldParser {
        yaml,
        spellings: KeySpellings::new(&entries, &mut issues),
        issues: Vec::new(),
    };
    let front = FrontMatter {
        title: parser.title(),
        description: parser.text("description"),
        date: parser.date("date", date_required),
        updated: parser.date("updated", false),
        tags: parser.tags(),
        cover: parser.cover(),
        show_toc: parser.flag("showtoc"),
        slug: parser.slug(),
        in_nav: true,
        ..FrontMatter::default()
    };
    let is_valid = parser.issues.is_empty();
    issues.extend(parser.issues);
    ParsedFrontMatter {
        front: is_valid.then_some(front),
        publication,
        issues,
        body: "",
    }
}

/// The known keys of a file, each with the author's spelling.
struct KeySpellings<'a>(Vec<(&'static str, &'a YamlEntry)>);

impl<'a> KeySpellings<'a> {
    /// If a key occurs in two spellings, the one in lower case has effect, or else the first.
    fn new(entries: &'a [YamlEntry], issues: &mut Vec<FileIssue>) -> Self {
        let mut known: Vec<(&'static str, &'a YamlEntry)> = Vec::new();
        for entry in entries {
            let KeyMatch::Known(key) = entry.key else { continue };
            match known.iter_mut().find(|(name, _)| *name == key.name) {
                None => known.push((key.name, entry)),
                // `Publication` evaluates each of these.
                Some(_) if key.may_repeat() => {}
                Some((_, first)) => {
                    let (used, other) = if entry.name == key.name {
                        (entry, *first)
                    } else {
                        (*first, entry)
                    };
                    *first = used;
                    let reason = format!(
                        "\"{}\" has no effect, because there is also \"{}\"",
                        other.name, used.name
                    );
                    issues.push(FileIssue::warning(other.line, reason));
                }
            }
        }
        Self(known)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let (_, entry) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(entry.name.as_str())
    }
}

fn syntax_issue(error: &serde_saphyr::Error) -> FileIssue {
    let message = error.without_snippet().to_string();
    // The message ends with a position that counts from the first line of the YAML.
    let reason = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(reason, _)| reason);
    let reason = format!("the front matter is not valid YAML of \"key: value\" lines: {reason}");
    FileIssue::error(error_line(error), reason)
}

/// Parses each key by itself, so that all wrong values are reported.
struct FieldParser<'a> {
    yaml: &'a str,
    spellings: KeySpellings<'a>,
    issues: Vec<FileIssue>,
}

impl FieldParser<'_> {
    fn error(&mut self, line: Option<usize>, reason: impl Into<String>) {
        self.issues.push(FileIssue::error(line, reason));
    }

    fn value<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Located<T>>, serde_saphyr::Error> {
        match self.spellings.get(key) {
            Some(key) => yaml::value(self.yaml, key),
            None => Ok(None),
        }
    }

    /// Returns the value of `key` and its line. Reports a value of another type.
    fn typed<T: DeserializeOwned>(&mut self, key: &str, expected: &str) -> Option<Located<T>> {
        self.value::<T>(key).unwrap_or_else(|error| {
            let key = self.spellings.get(key).unwrap_or(key);
            self.error(error_line(&error), format!("\"{key}\" must be {expected}"));
            None
        })
    }

    fn text_at(&mut self, key: &str) -> Option<Located<String>> {
        let (text, line) = self.typed::<String>(key, "a text")?;
        Some((text.trim().to_owned(), line))
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.text_at(key).map(|(text, _)| text).filter(|text| !text.is_empty())
    }

    /// Parses the text of `key`. Reports an error with the line.
    fn parsed<T, E: std::fmt::Display>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        let (text, line) = self.text_at(key)?;
        let error = match parse(&text) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let key = self.spellings.get(key).unwrap_or(key);
        self.error(line, format!("\"{key}\" is {text:?}, but {error}"));
        None
    }

    fn flag(&mut self, key: &str) -> bool {
        const EXPECTED: &str = "true or false";
        let Some((text, line)) = self.typed::<String>(key, EXPECTED) else {
            return false;
        };
        flag(text.trim()).unwrap_or_else(|| {
            let key = self.spellings.get(key).unwrap_or(key);
            self.error(line, format!("\"{key}\" must be {EXPECTED}"));
            false
        })
    }

    /// Reports that a required key is missing, unless its value was reported.
    fn require<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.issues.len();
        let value = read(self);
        if value.is_none() && self.issues.len() == before {
            self.error(Some(1), format!("there is no {key}"));
        }
        value
    }

    fn title(&mut self) -> String {
        let title = self.require("title", |parser| parser.text("title"));
        title.unwrap_or_default()
    }

    fn date(&mut self, key: &str, required: bool) -> Option<Date> {
        let read = |parser: &mut Self| parser.parsed(key, str::parse);
        if required { self.require(key, read) } else { read(self) }
    }

    fn tags(&mut self) -> Vec<Tag> {
        let (names, line) = match self.value::<Vec<String>>("tags") {
            Ok(Some(list)) => list,
            Ok(None) => return Vec::new(),
            Err(_) => match self.typed::<String>("tags", "a text or a list of texts") {
                Some((one, line)) => (vec![one], line),
                None => return Vec::new(),
            },
        };
        let mut tags: Vec<Tag> = Vec::with_capacity(names.len());
        for name in names {
            let slug = text::tag_slug(&name);
            if slug.is_empty() {
                self.error(line, format!("the tag {name:?} has no letter and no digit"));
            } else if !tags.iter().any(|tag| tag.slug == slug) {
                let name = name.trim().to_owned();
                tags.push(Tag { name, slug });
            }
        }
        tags
    }

    fn cover(&mut self) -> Option<Cover> {
        let (cover, line) = self.typed::<CoverYaml>("cover", "a mapping of image, alt and caption, each a text")?;
        let image = cover.image.filter(|image| !image.trim().is_empty());
        let cover = match (image, cover.alt) {
            (None, _) => Err("\"cover\" has no image".to_owned()),
            (Some(image), alt) => match (urls::image(image.trim()), alt) {
                (None, _) => Err(format!("the image {image:?} of \"cover\" is not a web address")),
                (Some(_), None) => Err("\"cover\" has no alt: describe the image, or write \"\" for decoration".into()),
                (Some(url), Some(alt)) => Ok(Cover {
                    image: url.into_owned(),
                    alt,
                    caption: cover.caption.filter(|caption| !caption.trim().is_empty()),
                }),
            },
        };
        cover.map_err(|reason| self.error(line, reason)).ok()
    }

    fn slug(&mut self) -> Option<Slug> {
        self.parsed("slug", post_slug)
    }
}
