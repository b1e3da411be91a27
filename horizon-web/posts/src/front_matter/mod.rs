//! Reads the YAML at the head of a file, and tells everything that is wrong with it.

mod keys;
mod publication;
mod yaml;

use horizon_core::Slug;
use serde::de::DeserializeOwned;

use self::{
    keys::Found,
    publication::flag,
    yaml::{CoverYaml, Entry, Placed, Values, error_line},
};
use crate::{Cover, Date, Severity, Tag, text, urls};

pub(crate) use self::publication::Publication;

/// What an author says about a file.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) updated: Option<Date>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) cover: Option<Cover>,
    pub(crate) show_toc: bool,
    pub(crate) slug: Option<Slug>,
}

/// What is wrong, and in which line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fault {
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
    pub(crate) severity: Severity,
}

impl Fault {
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

/// What came of the head of a file.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    /// None if something in it is wrong.
    pub(crate) front: Option<FrontMatter>,
    /// As far as it can be read, also where something else is wrong.
    pub(crate) publication: Publication,
    pub(crate) faults: Vec<Fault>,
    /// The rest of the file.
    pub(crate) body: &'a str,
}

impl Head<'_> {
    /// A head in which only the lines by themselves can be read.
    fn broken<'a>(lines: impl Iterator<Item = &'a str>, fault: Fault) -> Self {
        Self {
            front: None,
            publication: Publication::of_broken(lines),
            faults: vec![fault],
            body: "",
        }
    }
}

const FENCE: &str = "---";

/// Whether a file has front matter, whole or not.
pub(crate) fn is_in(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim_end() == FENCE)
}

/// Reads the head of a file.
pub(crate) fn read(text: &str, date_required: bool) -> Head<'_> {
    if !is_in(text) {
        let reason = "there is no front matter: the first line must be \"---\", then title and date, then \"---\"";
        return Head::broken(std::iter::empty(), Fault::error(Some(1), reason));
    }
    match split(text) {
        Some((yaml, body)) => Head {
            body,
            ..parse(yaml, date_required)
        },
        None => {
            let reason = "the front matter does not end: there is no second line \"---\"";
            let lines = text.lines().take_while(|line| !line.trim().is_empty());
            Head::broken(lines, Fault::error(Some(1), reason))
        }
    }
}

/// Cuts a file into its front matter and its body; none if the front matter does not end.
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

/// Reads the YAML between the fences.
fn parse(yaml: &str, date_required: bool) -> Head<'static> {
    let entries = match yaml::entries(yaml) {
        Ok(entries) => entries,
        Err(error) => return Head::broken(yaml.lines(), syntax_fault(&error)),
    };
    let mut faults = Vec::new();
    let publication = Publication::of(&entries, &mut faults);
    let mut read = Reader {
        yaml,
        names: Names::of(&entries, &mut faults),
        all: yaml::values(yaml),
        faults: Vec::new(),
    };
    let front = FrontMatter {
        title: read.title(),
        description: read.text("description"),
        date: read.date("date", date_required),
        updated: read.date("updated", false),
        tags: read.tags(),
        cover: read.cover(),
        show_toc: read.flag("showtoc"),
        slug: read.slug(),
    };
    let is_whole = read.faults.is_empty();
    faults.extend(read.faults);
    Head {
        front: is_whole.then_some(front),
        publication,
        faults,
        body: "",
    }
}

/// How the author of a file spells the known keys.
struct Names<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Names<'a> {
    /// Of two spellings the one in small letters counts, or else the first.
    fn of(entries: &'a [Entry], faults: &mut Vec<Fault>) -> Self {
        let mut names: Vec<(&'static str, &'a Entry)> = Vec::new();
        for entry in entries {
            let Found::Known(key) = entry.found else { continue };
            match names.iter_mut().find(|(name, _)| *name == key.name) {
                None => names.push((key.name, entry)),
                // Each of these counts, because each may say that the file is not public.
                Some(_) if key.may_repeat() => {}
                Some((_, first)) => {
                    let (counts, other) = if entry.name == key.name {
                        (entry, *first)
                    } else {
                        (*first, entry)
                    };
                    *first = counts;
                    let reason = format!(
                        "\"{}\" has no effect, because there is \"{}\" too",
                        other.name, counts.name
                    );
                    faults.push(Fault::warning(other.line, reason));
                }
            }
        }
        Self(
            names
                .into_iter()
                .map(|(name, entry)| (name, entry.name.as_str()))
                .collect(),
        )
    }

    fn spelled(&self, name: &'static str) -> &'a str {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(name, |(_, spelled)| spelled)
    }
}

fn syntax_fault(error: &serde_saphyr::Error) -> Fault {
    let message = error.without_snippet().to_string();
    // The parser says its position at the end, but counts from the YAML's first line.
    let reason = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(reason, _)| reason);
    Fault::error(
        error_line(error),
        format!("the front matter is no valid YAML of \"key: value\" lines: {reason}"),
    )
}

/// Reads one key a time, so that a wrong value of one does not hide that of another.
struct Reader<'a> {
    yaml: &'a str,
    names: Names<'a>,
    /// What every key says, where none says what it may not.
    all: Option<Values>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, line: Option<usize>, reason: impl Into<String>) {
        self.faults.push(Fault::error(line, reason));
    }

    fn value<T: DeserializeOwned + 'static>(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Placed<T>>, serde_saphyr::Error> {
        let key = self.names.spelled(key);
        match &mut self.all {
            Some(all) => {
                let (value, line) = match all.remove(key) {
                    Some(placed) => placed,
                    None => return Ok(None),
                };
                Ok(value.downcast().ok().map(|value| (*value, line)))
            }
            None => yaml::value(self.yaml, key),
        }
    }

    /// The value of `key` and its line; a value of another type is a fault.
    fn typed<T: DeserializeOwned + 'static>(&mut self, key: &'static str, expected: &str) -> Option<Placed<T>> {
        match self.value::<T>(key) {
            Ok(found) => found,
            Err(error) => {
                let key = self.names.spelled(key);
                self.fault(error_line(&error), format!("\"{key}\" must be {expected}"));
                None
            }
        }
    }

    fn text_at(&mut self, key: &'static str) -> Option<Placed<String>> {
        let (text, line) = self.typed::<String>(key, "a text")?;
        Some((text.trim().to_owned(), line))
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.text_at(key).map(|(text, _)| text).filter(|text| !text.is_empty())
    }

    fn flag(&mut self, key: &'static str) -> bool {
        const EXPECTED: &str = "true or false";
        let Some((text, line)) = self.typed::<String>(key, EXPECTED) else {
            return false;
        };
        flag(text.trim()).unwrap_or_else(|| {
            let key = self.names.spelled(key);
            self.fault(line, format!("\"{key}\" must be {EXPECTED}"));
            false
        })
    }

    fn title(&mut self) -> String {
        let before = self.faults.len();
        let title = self.text("title");
        if title.is_none() && self.faults.len() == before {
            self.fault(Some(1), "there is no title");
        }
        title.unwrap_or_default()
    }

    fn date(&mut self, key: &'static str, required: bool) -> Option<Date> {
        let before = self.faults.len();
        match self.text_at(key) {
            Some((text, line)) => match text.parse() {
                Ok(date) => return Some(date),
                Err(error) => {
                    let key = self.names.spelled(key);
                    self.fault(line, format!("\"{key}\" is {text:?}, but {error}"));
                }
            },
            None if required && self.faults.len() == before => {
                self.fault(Some(1), format!("there is no {key}"));
            }
            None => {}
        }
        None
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
                self.fault(line, format!("the tag {name:?} has no letter and no digit"));
            } else if !tags.iter().any(|tag| tag.slug == slug) {
                tags.push(Tag {
                    name: name.trim().to_owned(),
                    slug,
                });
            }
        }
        tags
    }

    fn cover(&mut self) -> Option<Cover> {
        let (cover, line) = self.typed::<CoverYaml>("cover", "a mapping of image, alt and caption, each a text")?;
        let Some(image) = cover.image.filter(|image| !image.trim().is_empty()) else {
            self.fault(line, "\"cover\" has no image");
            return None;
        };
        let Some(address) = urls::image(image.trim()) else {
            self.fault(line, format!("the image {image:?} of \"cover\" is no web address"));
            return None;
        };
        let Some(alt) = cover.alt else {
            self.fault(
                line,
                "\"cover\" has no alt: say what the image shows, or \"\" if it is only decoration",
            );
            return None;
        };
        Some(Cover {
            image: address.into_owned(),
            alt,
            caption: cover.caption.filter(|caption| !caption.trim().is_empty()),
        })
    }

    fn slug(&mut self) -> Option<Slug> {
        let (text, line) = self.text_at("slug")?;
        match Slug::new(&text) {
            Ok(slug) => Some(slug),
            Err(error) => {
                let key = self.names.spelled("slug");
                self.fault(line, format!("\"{key}\" is {text:?}, but {error}"));
                None
            }
        }
    }
}
