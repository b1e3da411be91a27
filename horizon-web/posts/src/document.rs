//! One file as a post or a page.

use horizon_core::Slug;

use crate::{
    Date, Options, Page, Post, Problem,
    front_matter::{self, Fault, FrontMatter},
    markdown::{self, Choices, Rendered},
    source::{Role, Source},
};

/// The length of `YYYY-MM-DD-` before a file's name, in bytes.
const DATE_PREFIX_BYTES: usize = 11;

/// What a file became.
pub(crate) enum Document {
    Post(Post),
    Page(Page),
}

impl Document {
    pub(crate) fn slug(&self) -> &Slug {
        match self {
            Self::Post(post) => &post.slug,
            Self::Page(page) => &page.slug,
        }
    }

    pub(crate) fn is_draft(&self) -> bool {
        match self {
            Self::Post(post) => post.draft,
            Self::Page(page) => page.draft,
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

/// Understands and renders a file.
pub(crate) fn read(source: &Source, options: &Options) -> Result<Document, Vec<Problem>> {
    let problems = |faults: Vec<Fault>| {
        let problem = |fault: Fault| Problem::new(&source.path, fault.line, fault.reason);
        faults.into_iter().map(problem).collect::<Vec<_>>()
    };
    let (yaml, body) = front_matter::split(&source.text).map_err(|fault| problems(vec![fault]))?;
    let front = front_matter::parse(yaml, source.role == Role::Post).map_err(problems)?;
    let slug = match &front.slug {
        Some(slug) => slug.clone(),
        None => slug_of_name(source).map_err(|fault| problems(vec![fault]))?,
    };
    let rendered = markdown::render(body, options.choices());
    Ok(match front.date.filter(|_| source.role == Role::Post) {
        Some(date) => Document::Post(post(slug, date, front, rendered, body)),
        None => Document::Page(page(slug, front, rendered)),
    })
}

/// The file's name without `.md` and without its date.
fn slug_of_name(source: &Source) -> Result<Slug, Fault> {
    let name = source.path.file_stem().unwrap_or_default().to_string_lossy();
    let dated = name.split_at_checked(DATE_PREFIX_BYTES);
    let slug = match dated.and_then(|(prefix, rest)| Some((prefix.strip_suffix('-')?, rest))) {
        Some((day, rest)) if day.parse::<Date>().is_ok() => rest,
        _ => &name,
    };
    Slug::new(slug).map_err(|error| Fault {
        line: None,
        reason: format!("the file's name makes no slug of {slug:?}: {error}; rename it, or give it a \"slug\""),
    })
}

fn post(slug: Slug, date: Date, front: FrontMatter, rendered: Rendered, body: &str) -> Post {
    Post {
        slug,
        title: front.title,
        description: front.description,
        date,
        updated: front.updated,
        tags: front.tags,
        draft: front.draft,
        cover: front.cover,
        show_toc: front.show_toc,
        body: rendered.body,
        toc: rendered.toc,
        reading_minutes: rendered.reading_minutes,
        excerpt: rendered.excerpt,
        markdown: body.to_owned(),
    }
}

fn page(slug: Slug, front: FrontMatter, rendered: Rendered) -> Page {
    Page {
        slug,
        title: front.title,
        description: front.description,
        date: front.date,
        updated: front.updated,
        draft: front.draft,
        cover: front.cover,
        show_toc: front.show_toc,
        body: rendered.body,
        toc: rendered.toc,
        excerpt: rendered.excerpt,
    }
}
