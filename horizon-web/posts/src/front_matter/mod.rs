//! Parses the front matter of a file and reports every issue in it.
//!
//! Front matter in YAML, TOML or JSON becomes one tree of values with their lines. Keys may be written in any case. The
//! keys of Hugo, Zola, Jekyll and Astro with the same meaning as one of the blog have the same effect.

mod cover;
mod fields;
mod format;
mod keys;
mod publication;
mod section;
mod tags;
mod toml;
mod tree;
mod yaml;

use horizon_core::Slug;
use jiff::tz::TimeZone;

use self::{
    fields::{FieldLookup, FieldParser, texts},
    format::{FrontMatterFormat, SplitFile},
    keys::KeyMatch,
    publication::MatchedField,
    tree::FrontMatterField,
};
use crate::{
    Cover, Date, Language, Series, Severity, Tag,
    file_role::{self, FileRole},
    slug::{PostSlugError, post_slug, slug_of_name},
};

pub(crate) use self::{
    publication::Publication,
    section::{SectionEffect, section_effect},
};

/// The maximum length of a title, in characters. The rest is left out, because lists and feeds contain many titles.
const MAX_TITLE_CHARS: usize = 500;

#[derive(Debug, Default)]
pub(crate) struct FrontMatter {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) updated: Option<Date>,
    pub(crate) tags: Vec<Tag>,
    /// Its image is as the author writes it.
    pub(crate) cover: Option<Cover>,
    pub(crate) cover_line: Option<usize>,
    pub(crate) show_toc: bool,
    pub(crate) slug: Option<Slug>,
    pub(crate) series: Option<Series>,
    pub(crate) language: Option<Language>,
    pub(crate) translation_key: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) weight: Option<i64>,
    pub(crate) in_nav: bool,
    pub(crate) is_listed: bool,
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

/// How front matter is read.
#[derive(Debug)]
pub(crate) struct FrontMatterOptions<'a> {
    /// Whether a missing date is an error.
    pub(crate) is_date_required: bool,
    /// The date of a file whose front matter has none.
    pub(crate) default_date: Option<Date>,
    /// The title of a file whose front matter has none.
    pub(crate) default_title: Option<String>,
    /// The time zone of dates without one.
    pub(crate) zone: &'a TimeZone,
    /// Whether `a b` are two tags, as in Jekyll.
    pub(crate) are_tags_separated_by_spaces: bool,
}

#[derive(Debug)]
pub(crate) struct ParsedFrontMatter<'a> {
    /// `None` if there is an error in it.
    pub(crate) front: Option<FrontMatter>,
    /// As far as it can be parsed, even if there is an error elsewhere.
    pub(crate) publication: Publication,
    pub(crate) issues: Vec<FileIssue>,
    pub(crate) role: FileRole,
    /// The rest of the file.
    pub(crate) body: &'a str,
}

impl ParsedFrontMatter<'_> {
    fn broken(publication: Publication, issue: FileIssue) -> Self {
        Self {
            front: None,
            publication,
            issues: vec![issue],
            role: FileRole::Unknown,
            body: "",
        }
    }
}

/// Returns whether a file starts with front matter, complete or not.
pub(crate) fn is_in(text: &str) -> bool {
    FrontMatterFormat::detect(text).is_some()
}

/// Parses the front matter of a file.
pub(crate) fn parse<'a>(text: &'a str, options: &FrontMatterOptions<'_>) -> ParsedFrontMatter<'a> {
    let Some(format) = FrontMatterFormat::detect(text) else {
        let reason = "there is no front matter: the first line must be \"---\", then title and date, then \"---\"";
        return ParsedFrontMatter::broken(Publication::default(), FileIssue::error(Some(1), reason));
    };
    let file = match SplitFile::new(text, format) {
        Ok(file) => file,
        Err(issue) => {
            let lines = text.lines().take_while(|line| !line.trim().is_empty());
            return ParsedFrontMatter::broken(Publication::from_lines(lines, format, options.zone), issue);
        }
    };
    match file.fields() {
        Ok(fields) => ParsedFrontMatter {
            body: file.body,
            ..parse_fields(&fields, &file, options)
        },
        Err(issue) => broken(&file, options, issue),
    }
}

/// Front matter that is not valid: only its separate lines are evaluated.
fn broken(file: &SplitFile<'_>, options: &FrontMatterOptions<'_>, issue: FileIssue) -> ParsedFrontMatter<'static> {
    let publication = Publication::from_lines(file.front.lines(), file.format, options.zone);
    ParsedFrontMatter::broken(publication, issue)
}

fn parse_fields(
    fields: &[FrontMatterField],
    file: &SplitFile<'_>,
    options: &FrontMatterOptions<'_>,
) -> ParsedFrontMatter<'static> {
    let matched: Vec<MatchedField<'_>> = fields.iter().map(MatchedField::new).collect();
    if let Some(repeated) = repeated_key(&matched) {
        let reason = format!("the key \"{}\" is there twice", repeated.name);
        return broken(file, options, file.format.syntax_issue(repeated.line, &reason));
    }
    let mut issues = Vec::new();
    let mut publication = Publication::from_fields(&matched, options.zone, &mut issues);
    let mut parser = FieldParser {
        lookup: FieldLookup::new(&matched, &mut issues),
        zone: options.zone,
        issues: Vec::new(),
    };
    let front = parser.front_matter(options);
    if let Some(date) = front.date {
        publication.delay(date);
    }
    let is_valid = !parser.has_error();
    let role = parser.role(&front, file.body);
    issues.extend(parser.issues);
    ParsedFrontMatter {
        front: is_valid.then_some(front),
        publication,
        issues,
        role,
        body: "",
    }
}

/// Returns the second field with the same known key in the same spelling: its author expects one of the two values.
fn repeated_key<'a>(matched: &[MatchedField<'a>]) -> Option<&'a FrontMatterField> {
    let known = matched.iter().filter(|field| matches!(field.key, KeyMatch::Known(_)));
    let known: Vec<&'a FrontMatterField> = known.map(|field| field.field).collect();
    let is_repeated =
        |(at, field): &(usize, &&FrontMatterField)| known.iter().take(*at).any(|before| before.name == field.name);
    known.iter().enumerate().find(is_repeated).map(|(_, field)| *field)
}

impl FieldParser<'_> {
    fn front_matter(&mut self, options: &FrontMatterOptions<'_>) -> FrontMatter {
        let (cover, cover_line) = self.cover().unzip();
        FrontMatter {
            title: self.title(options),
            description: self.shown_text("description", &["description", "subtitle"]),
            summary: self.shown_text("summary", &["summary", "excerpt"]),
            date: self.date(options),
            updated: self.updated(),
            tags: self.tags(options.are_tags_separated_by_spaces),
            cover,
            cover_line,
            show_toc: self.flag("showtoc", &["showtoc", "toc", "tableofcontents"]),
            slug: self.slug(),
            series: self.series(),
            language: self.other_parsed(&["language", "lang", "locale"], str::parse),
            translation_key: self.translation_key(),
            aliases: self.aliases(),
            weight: self.weight(),
            in_nav: self.in_nav(),
            is_listed: self.is_listed(),
        }
    }

    fn role(&self, front: &FrontMatter, body: &str) -> FileRole {
        let layout = self
            .other_text(&["layout"])
            .map(|(_, layout)| layout.to_ascii_lowercase());
        let is_of_theme = layout.is_some_and(|layout| file_role::THEME_LAYOUTS.contains(&&*layout));
        let has_name = !front.title.is_empty() || front.date.is_some();
        if is_of_theme && body.trim().is_empty() {
            FileRole::ThemePage
        } else if has_name || self.own("title").is_some() || self.own("date").is_some() {
            FileRole::Document
        } else {
            FileRole::Nameless
        }
    }

    /// Returns the author's slug. As in other generators, characters that a slug cannot have become `-`.
    fn slug(&mut self) -> Option<Slug> {
        let (field, text) = self.own_text("slug", "a text")?;
        if let Err(PostSlugError::Character(_)) = post_slug(text)
            && let Ok(slug) = slug_of_name(&text.to_lowercase())
        {
            let name = &field.name;
            let reason = format!(
                "\"{name}\" is {text:?}, which is not a slug: the address has {:?}",
                slug.as_str()
            );
            self.warning(field.value.line, reason);
            return Some(slug);
        }
        self.own_parsed("slug", post_slug)
    }

    fn title(&mut self, options: &FrontMatterOptions<'_>) -> String {
        let default = || options.default_title.clone();
        let title = self.require("title", |parser| parser.shown_text("title", &[]).or_else(default));
        let mut title = title.unwrap_or_default();
        if let Some((end, _)) = title.char_indices().nth(MAX_TITLE_CHARS) {
            title.truncate(end);
            title.push('…');
            let line = self.own("title").map_or(1, |field| field.value.line);
            let reason = format!("the title is longer than {MAX_TITLE_CHARS} characters: the rest is left out");
            self.warning(line, reason);
        }
        title
    }

    fn date(&mut self, options: &FrontMatterOptions<'_>) -> Option<Date> {
        const OTHERS: [&str; 7] = [
            "pubdate",
            "pubdatetime",
            "publishdate",
            "publishedat",
            "published",
            "created",
            "createdat",
        ];
        let read = |parser: &mut Self| {
            let own = parser.own("date");
            let date = parser.own_date("date");
            if own.is_some() {
                return date;
            }
            parser.other_date(&OTHERS).or(options.default_date)
        };
        if options.is_date_required {
            self.require("date", read)
        } else {
            read(self)
        }
    }

    fn updated(&mut self) -> Option<Date> {
        const OTHERS: [&str; 7] = [
            "lastmod",
            "updateddate",
            "updatedat",
            "lastmodifiedat",
            "lastupdated",
            "moddatetime",
            "modified",
        ];
        self.own_date("updated").or_else(|| self.other_date(&OTHERS))
    }

    fn translation_key(&self) -> Option<String> {
        let (_, key) = self.other_text(&["translationkey", "langref"])?;
        Some(key.to_owned())
    }

    /// Returns the old addresses, and the address that the author gives the file in another program.
    fn aliases(&self) -> Vec<String> {
        let named = self.others(&["aliases", "alias", "redirectfrom", "path"]);
        let named = named.filter_map(|field| texts(&field.value)).flatten();
        // A word is the name of a style in Jekyll, such as `pretty`.
        let permalinks = self.others(&["permalink", "url"]);
        let permalinks = permalinks.filter_map(|field| texts(&field.value)).flatten();
        let permalinks = permalinks.filter(|(text, _)| text.contains(['/', '.']));
        named.chain(permalinks).map(|(text, _)| text.to_owned()).collect()
    }

    fn weight(&mut self) -> Option<i64> {
        let whole = |text: &str| text.parse().map_err(|_| "it must be a whole number");
        self.other_parsed(&["weight", "order", "navorder"], whole)
    }

    fn in_nav(&self) -> bool {
        let is_shown = self.other_flag(&["nav"]).unwrap_or(true);
        is_shown && !self.other_flag(&["navexclude"]).unwrap_or(false)
    }

    /// Returns whether lists may contain the document. Hugo's `build: {list: never}` says no.
    fn is_listed(&self) -> bool {
        let build = self.own("build");
        build.is_none_or(|build| !publication::is_disabled(&build.value, "list", &["never"]))
    }
}
