//! Reads the YAML at the head of a file, and tells everything that is wrong with it.

use std::{any::Any, collections::HashMap, fmt, marker::PhantomData};

use horizon_core::Slug;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_saphyr::{Spanned, with_deserializer_from_str};

use crate::{Cover, Date, Tag, text, urls};

/// What an author says about a file.
#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) updated: Option<Date>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) draft: bool,
    pub(crate) cover: Option<Cover>,
    pub(crate) show_toc: bool,
    pub(crate) slug: Option<Slug>,
}

/// What is wrong, and in which line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: Option<usize>,
    pub(crate) reason: String,
}

impl Fault {
    fn at(line: usize, reason: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            reason: reason.into(),
        }
    }
}

const FENCE: &str = "---";

/// Cuts a file into its front matter and its body.
pub(crate) fn split(text: &str) -> Result<(&str, &str), Fault> {
    let mut lines = text.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == FENCE) else {
        return Err(Fault::at(
            1,
            "there is no front matter: the first line must be \"---\", then title and date, then \"---\"",
        ));
    };
    let mut end = first.len();
    for line in lines {
        let start = end;
        end += line.len();
        if line.trim_end() == FENCE {
            let yaml = text.get(first.len()..start).unwrap_or_default();
            return Ok((yaml, text.get(end..).unwrap_or_default()));
        }
    }
    Err(Fault::at(
        1,
        "the front matter does not end: there is no second line \"---\"",
    ))
}

/// Reads the YAML between the fences.
pub(crate) fn parse(yaml: &str, date_required: bool) -> Result<FrontMatter, Vec<Fault>> {
    let all = with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(All)).ok();
    if all.is_none() {
        // Broken YAML would fail again for every key: say it once.
        value::<IgnoredAny>(yaml, None).map_err(|error| vec![syntax_fault(&error)])?;
    }
    let mut read = Reader {
        yaml,
        all,
        faults: Vec::new(),
    };
    let front = FrontMatter {
        title: read.title(),
        description: read.text("description"),
        date: read.date("date", date_required),
        updated: read.date("updated", false),
        tags: read.tags(),
        draft: read.flag("draft"),
        cover: read.cover(),
        show_toc: read.flag("showToc"),
        slug: read.slug(),
    };
    if read.faults.is_empty() {
        Ok(front)
    } else {
        Err(read.faults)
    }
}

/// The YAML starts on the second line of the file.
fn file_line(yaml_line: u64) -> usize {
    usize::try_from(yaml_line).unwrap_or(usize::MAX).saturating_add(1)
}

fn error_line(error: &serde_saphyr::Error) -> Option<usize> {
    error.location().map(|at| file_line(at.line()))
}

fn syntax_fault(error: &serde_saphyr::Error) -> Fault {
    let message = error.without_snippet().to_string();
    // The parser says its position at the end, but counts from the YAML's first line.
    let reason = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(reason, _)| reason);
    Fault {
        line: error_line(error),
        reason: format!("the front matter is no valid YAML of \"key: value\" lines: {reason}"),
    }
}

/// Reads one key a time, so that a wrong value of one does not hide that of another.
struct Reader<'a> {
    yaml: &'a str,
    /// What every key says, where none says what it may not.
    all: Option<Values>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn fault(&mut self, line: Option<usize>, reason: impl Into<String>) {
        self.faults.push(Fault {
            line,
            reason: reason.into(),
        });
    }

    fn value<T: DeserializeOwned + 'static>(&mut self, key: &str) -> Result<Option<Placed<T>>, serde_saphyr::Error> {
        match &mut self.all {
            Some(all) => {
                let (value, line) = match all.remove(key) {
                    Some(placed) => placed,
                    None => return Ok(None),
                };
                Ok(value.downcast().ok().map(|value| (*value, line)))
            }
            None => value(self.yaml, Some(key)),
        }
    }

    /// The value of `key` and its line; a value of another type is a fault.
    fn typed<T: DeserializeOwned + 'static>(&mut self, key: &str, expected: &str) -> Option<(T, Option<usize>)> {
        match self.value::<T>(key) {
            Ok(found) => found,
            Err(error) => {
                self.fault(error_line(&error), format!("\"{key}\" must be {expected}"));
                None
            }
        }
    }

    fn text_at(&mut self, key: &str) -> Option<(String, Option<usize>)> {
        let (text, line) = self.typed::<String>(key, "a text")?;
        Some((text.trim().to_owned(), line))
    }

    fn text(&mut self, key: &str) -> Option<String> {
        self.text_at(key).map(|(text, _)| text).filter(|text| !text.is_empty())
    }

    fn flag(&mut self, key: &str) -> bool {
        self.typed::<bool>(key, "true or false").is_some_and(|(flag, _)| flag)
    }

    fn title(&mut self) -> String {
        let before = self.faults.len();
        let title = self.text("title");
        if title.is_none() && self.faults.len() == before {
            self.fault(Some(1), "there is no title");
        }
        title.unwrap_or_default()
    }

    fn date(&mut self, key: &str, required: bool) -> Option<Date> {
        let before = self.faults.len();
        match self.text_at(key) {
            Some((text, line)) => match text.parse() {
                Ok(date) => return Some(date),
                Err(error) => self.fault(line, format!("\"{key}\" is {text:?}, but {error}")),
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
                self.fault(line, format!("\"slug\" is {text:?}, but {error}"));
                None
            }
        }
    }
}

#[derive(Deserialize)]
struct CoverYaml {
    image: Option<String>,
    alt: Option<String>,
    caption: Option<String>,
}

/// A value and the line of the file where it stands.
type Placed<T> = (T, Option<usize>);

/// The value of `key` in a mapping; none if it is not there or null.
fn value<T: DeserializeOwned>(yaml: &str, key: Option<&str>) -> Result<Option<Placed<T>>, serde_saphyr::Error> {
    if yaml
        .lines()
        .all(|line| matches!(line.trim_start().chars().next(), None | Some('#')))
    {
        return Ok(None);
    }
    let only = Only {
        key,
        value: PhantomData::<T>,
    };
    with_deserializer_from_str(yaml, |deserializer| deserializer.deserialize_map(only))
}

/// Values by their keys, each of the type that its key has.
type Values = HashMap<String, Placed<Box<dyn Any>>>;

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
            let value = match key.as_str() {
                "title" | "description" | "date" | "updated" | "slug" => placed::<String, A>(&mut map)?,
                "draft" | "showToc" => placed::<bool, A>(&mut map)?,
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
    key: Option<&'a str>,
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
            if self.key == Some(key.as_str()) {
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
