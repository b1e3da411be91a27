//! One file as a post or a page.

use std::sync::Arc;

use horizon_core::Slug;

use crate::{
    Date, Options, Page, Post,
    front_matter::{self, Fault, FrontMatter, Publication},
    markdown::{self, Choices, Rendered},
    source::{Role, Source},
};

/// The length of `YYYY-MM-DD-` before a file's name, in bytes.
const DATE_PREFIX_BYTES: usize = 11;

/// Names, up to the first dot and in lower case, of common files that are not posts unless they have front matter.
const NO_POSTS: [&str; 12] = [
    "readme",
    "license",
    "licence",
    "changelog",
    "contributing",
    "contributors",
    "code_of_conduct",
    "security",
    "support",
    "authors",
    "notice",
    "todo",
];

/// What a file became.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Post(Arc<Post>),
    Page(Arc<Page>),
}

impl Document {
    pub(crate) fn slug(&self) -> &Slug {
        match self {
            Self::Post(post) => &post.slug,
            Self::Page(page) => &page.slug,
        }
    }

    pub(crate) fn title(&self) -> &str {
        match self {
            Self::Post(post) => &post.title,
            Self::Page(page) => &page.title,
        }
    }

    pub(crate) fn updated(&self) -> Option<Date> {
        match self {
            Self::Post(post) => post.updated,
            Self::Page(page) => page.updated,
        }
    }
}

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Reading {
    /// None if the file is broken.
    pub(crate) document: Option<Document>,
    /// As far as it can be read, also of a broken file.
    pub(crate) publication: Publication,
    pub(crate) faults: Vec<Fault>,
}

impl Reading {
    pub(crate) fn broken(fault: Fault) -> Self {
        Self {
            document: None,
            publication: Publication::default(),
            faults: vec![fault],
        }
    }
}

impl Options {
    pub(crate) fn choices(&self) -> Choices<'_> {
        Choices {
            raw_html: self.raw_html,
            base_url: &self.base_url,
        }
    }
}

/// Returns whether a file has a common name such as `README.md` and no front matter.
pub(crate) fn is_no_post(source: &Source) -> bool {
    let name = source
        .path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name = name.split('.').next().unwrap_or_default();
    NO_POSTS.contains(&name) && source.text.as_ref().is_ok_and(|text| !front_matter::is_in(text))
}

/// Understands and renders a file.
pub(crate) fn read(source: &Source, options: &Options) -> Reading {
    let text = match &source.text {
        Ok(text) => text,
        Err(fault) => return Reading::broken(fault.clone()),
    };
    let head = front_matter::read(text, source.role == Role::Post);
    let mut faults = head.faults;
    let publication = head.publication;
    let document = head.front.and_then(|front| {
        let slug = front.slug.clone().map_or_else(|| slug_of_name(source), Ok);
        let slug = slug.map_err(|fault| faults.push(fault)).ok()?;
        let rendered = markdown::render(head.body, options.choices());
        let is_draft = publication.is_draft;
        Some(match front.date.filter(|_| source.role == Role::Post) {
            Some(date) => Document::Post(Arc::new(post(slug, date, front, is_draft, rendered, head.body))),
            None => Document::Page(Arc::new(page(slug, front, is_draft, rendered))),
        })
    });
    Reading {
        document,
        publication,
        faults,
    }
}

/// The file's name without `.md` and without its date.
fn slug_of_name(source: &Source) -> Result<Slug, Fault> {
    let name = source.path.file_stem().unwrap_or_default().to_string_lossy();
    let dated = name.split_at_checked(DATE_PREFIX_BYTES);
    let slug = match dated.and_then(|(prefix, rest)| Some((prefix.strip_suffix('-')?, rest))) {
        Some((day, rest)) if day.parse::<Date>().is_ok() => rest,
        _ => &name,
    };
    Slug::new(slug).map_err(|error| {
        let reason = format!("the file's name makes no slug of {slug:?}: {error}; rename it, or give it a \"slug\"");
        Fault::error(None, reason)
    })
}

fn post(slug: Slug, date: Date, front: FrontMatter, draft: bool, rendered: Rendered, body: &str) -> Post {
    Post {
        slug,
        title: front.title,
        description: front.description,
        date,
        updated: front.updated,
        tags: front.tags,
        draft,
        cover: front.cover,
        show_toc: front.show_toc,
        body: rendered.body,
        toc: rendered.toc,
        reading_minutes: rendered.reading_minutes,
        excerpt: rendered.excerpt,
        markdown: body.to_owned(),
    }
}

fn page(slug: Slug, front: FrontMatter, draft: bool, rendered: Rendered) -> Page {
    Page {
        slug,
        title: front.title,
        description: front.description,
        date: front.date,
        updated: front.updated,
        draft,
        cover: front.cover,
        show_toc: front.show_toc,
        body: rendered.body,
        toc: rendered.toc,
        excerpt: rendered.excerpt,
    }
}
