//! Parses one file as a post or a page.

use std::{path::Path, sync::Arc};

use horizon_core::Slug;
use jiff::tz::TimeZone;

use crate::{
    Cover, Date, Language, Layout, MarkdownPage, Post,
    body::DocumentBody,
    file_name,
    file_role::FileRole,
    front_matter::{self, FileIssue, FrontMatter, FrontMatterOptions, Publication},
    slug::slug_of_name,
    source::{FileKind, SourceFile},
};

/// The length of `YYYY-MM-DD` before a file's name, in bytes.
const DAY_BYTES: usize = 10;

#[derive(Clone, Debug)]
pub(crate) enum ParsedDocument {
    Post(Arc<Post>),
    Page(Arc<MarkdownPage>),
}

impl ParsedDocument {
    pub(crate) fn slug(&self) -> &Slug {
        match self {
            Self::Post(post) => &post.slug,
            Self::Page(page) => &page.slug,
        }
    }

    /// Returns [`FileKind::Post`] or [`FileKind::Page`].
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Post(_) => FileKind::Post,
            Self::Page(_) => FileKind::Page,
        }
    }

    pub(crate) fn set_slug(&mut self, slug: Slug) {
        match self {
            Self::Post(post) => Arc::make_mut(post).slug = slug,
            Self::Page(page) => Arc::make_mut(page).slug = slug,
        }
    }

    /// Returns the path of the file in the content folder.
    pub(crate) fn source(&self) -> &Path {
        match self {
            Self::Post(post) => &post.source,
            Self::Page(page) => &page.source,
        }
    }

    pub(crate) fn date(&self) -> Option<Date> {
        match self {
            Self::Post(post) => Some(post.date),
            Self::Page(page) => page.date,
        }
    }

    pub(crate) fn language(&self) -> Option<&Language> {
        match self {
            Self::Post(post) => post.language.as_ref(),
            Self::Page(page) => page.language.as_ref(),
        }
    }

    pub(crate) fn aliases(&self) -> &[String] {
        match self {
            Self::Post(post) => &post.aliases,
            Self::Page(page) => &page.aliases,
        }
    }

    pub(crate) fn title(&self) -> &str {
        match self {
            Self::Post(post) => &post.title,
            Self::Page(page) => &page.title,
        }
    }

    pub(crate) fn cover(&self) -> Option<&Cover> {
        match self {
            Self::Post(post) => post.cover.as_ref(),
            Self::Page(_) => None,
        }
    }

    /// Returns the line of the cover in the file.
    pub(crate) fn cover_line(&self) -> Option<usize> {
        match self {
            Self::Post(post) => post.cover_line,
            Self::Page(_) => None,
        }
    }

    pub(crate) fn body(&self) -> &DocumentBody {
        match self {
            Self::Post(post) => &post.body,
            Self::Page(page) => &page.body,
        }
    }

    /// Returns the body to change. Clones the document if it is shared.
    pub(crate) fn body_mut(&mut self) -> &mut DocumentBody {
        match self {
            Self::Post(post) => &mut Arc::make_mut(post).body,
            Self::Page(page) => &mut Arc::make_mut(page).body,
        }
    }

    /// Returns the path of its URL.
    pub(crate) fn url_path(&self) -> String {
        match self {
            Self::Post(post) => post.url(),
            Self::Page(page) => page.url(),
        }
    }

    pub(crate) fn updated(&self) -> Option<Date> {
        match self {
            Self::Post(post) => post.updated,
            Self::Page(page) => page.updated,
        }
    }

    /// Sets the fields that depend on the time. Clones the document only if one of them changes.
    pub(crate) fn set_state(&mut self, draft: bool, updated: Option<Date>) {
        match self {
            Self::Post(post) if (post.draft, post.updated) != (draft, updated) => {
                let post = Arc::make_mut(post);
                (post.draft, post.updated) = (draft, updated);
            }
            Self::Page(page) if (page.draft, page.updated) != (draft, updated) => {
                let page = Arc::make_mut(page);
                (page.draft, page.updated) = (draft, updated);
            }
            Self::Post(_) | Self::Page(_) => {}
        }
    }
}

#[derive(Debug)]
pub(crate) struct ParsedFile {
    /// `None` if the file has an error.
    pub(crate) document: Option<ParsedDocument>,
    /// As far as it can be parsed, even if the file has an error.
    pub(crate) publication: Publication,
    pub(crate) issues: Vec<FileIssue>,
    pub(crate) role: FileRole,
    /// Whether the front matter has a slug.
    pub(crate) has_own_slug: bool,
}

impl ParsedFile {
    pub(crate) fn broken(issue: FileIssue) -> Self {
        Self {
            document: None,
            publication: Publication::default(),
            issues: vec![issue],
            role: FileRole::Unknown,
            has_own_slug: false,
        }
    }
}

/// Returns whether a file has a name that is common in repositories, up to the first dot and in any case.
pub(crate) fn is_repository_name(path: &Path) -> bool {
    let name = path.file_stem().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let name = name.split('.').next().unwrap_or_default();
    matches!(
        name,
        "readme"
            | "license"
            | "licence"
            | "changelog"
            | "contributing"
            | "contributors"
            | "code_of_conduct"
            | "security"
            | "support"
            | "authors"
            | "notice"
            | "todo"
    )
}

/// Returns whether a file can be read and has no front matter.
pub(crate) fn has_no_front_matter(source: &SourceFile) -> bool {
    source.text.as_ref().is_ok_and(|text| !front_matter::is_in(text))
}

/// What parsing a file needs besides its text.
#[derive(Debug)]
pub(crate) struct ParseContext {
    pub(crate) layout: Layout,
    /// The time zone of dates without an offset.
    pub(crate) zone: TimeZone,
}

/// Parses the front matter of a file. Its body is rendered later.
pub(crate) fn parse(source: &SourceFile, context: &ParseContext) -> ParsedFile {
    let text = match &source.text {
        Ok(text) => text,
        Err(issue) => return ParsedFile::broken(issue.clone()),
    };
    let (day, name) = file_name::split_date_of(context.layout, &source.found.name);
    let day = day.filter(|_| source.found.kind != FileKind::Page);
    let options = FrontMatterOptions {
        is_date_required: source.found.kind == FileKind::Post,
        default_date: day.and_then(|day| day.in_zone(&context.zone)),
        default_title: matches!(context.layout, Layout::Hugo | Layout::Jekyll).then(|| file_name::title(name)),
        zone: &context.zone,
        are_tags_separated_by_spaces: context.layout == Layout::Jekyll,
    };
    let parsed = front_matter::parse(text, &options);
    let mut issues = parsed.issues;
    let (publication, role) = (parsed.publication, parsed.role);
    let has_own_slug = parsed.front.as_ref().is_some_and(|front| front.slug.is_some());
    let document = parsed.front.and_then(|mut front| {
        // A page in a sub-folder is in the navigation if it has a position.
        front.in_nav &= front.is_listed && (!source.found.is_nested || front.weight.is_some());
        if let Some(of_path) = &source.found.language {
            front.language = front.language.or_else(|| of_path.language.clone());
            front
                .translation_key
                .get_or_insert_with(|| of_path.translation_key.clone());
        }
        // A date before `_` belongs to the slug if the front matter has a date, as in earlier versions.
        let has_dated_slug =
            source.found.name.as_bytes().get(DAY_BYTES) == Some(&b'_') && front.date != options.default_date;
        let name = if has_dated_slug { &source.found.name } else { name };
        let slug = front.slug.clone().map_or_else(|| slug_of_file(name), Ok);
        let slug = slug.map_err(|issue| issues.push(issue)).ok()?;
        let path = &*source.found.path;
        let body = DocumentBody::new(text, parsed.body, path, front.language.clone());
        let is_draft = publication.is_draft;
        Some(match front.date.filter(|_| source.found.kind != FileKind::Page) {
            Some(date) => ParsedDocument::Post(Arc::new(post(slug, date, front, is_draft, path, body))),
            None => ParsedDocument::Page(Arc::new(page(slug, front, is_draft, path, body))),
        })
    });
    ParsedFile {
        document,
        publication,
        issues,
        role,
        has_own_slug,
    }
}

fn slug_of_file(name: &str) -> Result<Slug, FileIssue> {
    slug_of_name(name).map_err(|error| {
        let reason = format!("{name:?} from the file name is not a slug: {error}; rename the file or set \"slug\"");
        FileIssue::error(None, reason)
    })
}

fn post(slug: Slug, date: Date, front: FrontMatter, draft: bool, path: &Path, body: DocumentBody) -> Post {
    Post {
        slug,
        title: front.title,
        description: front.description,
        summary: front.summary,
        date,
        updated: front.updated,
        tags: front.tags,
        draft,
        cover: front.cover,
        show_toc: front.show_toc,
        series: front.series,
        language: front.language,
        translation_key: front.translation_key,
        source: path.into(),
        aliases: front.aliases,
        is_listed: front.is_listed,
        cover_line: front.cover_line,
        body,
    }
}

fn page(slug: Slug, front: FrontMatter, draft: bool, path: &Path, body: DocumentBody) -> MarkdownPage {
    MarkdownPage {
        slug,
        title: front.title,
        description: front.description,
        summary: front.summary,
        date: front.date,
        updated: front.updated,
        draft,
        weight: front.weight,
        in_nav: front.in_nav,
        language: front.language,
        translation_key: front.translation_key,
        source: path.into(),
        aliases: front.aliases,
        is_listed: front.is_listed,
        body,
    }
}
