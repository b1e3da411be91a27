use horizon_core::Slug;

use crate::{Date, body::Body};

/// A post, rendered but for the colours of its code.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its name in addresses: `/blog/{slug}`.
    pub slug: Slug,
    /// Plain text.
    pub title: String,
    /// What the author says it is about; plain text. See [`summary`](Self::summary).
    pub description: Option<String>,
    /// When it was written.
    pub date: Date,
    /// When it was last changed in a way that readers should know of.
    pub updated: Option<Date>,
    /// In the author's order, each once.
    pub tags: Vec<Tag>,
    /// Whether it is not published; only a library that was asked for drafts holds it.
    pub draft: bool,
    /// The picture above it.
    pub cover: Option<Cover>,
    /// Whether the author wants the table of contents shown.
    pub show_toc: bool,
    /// The sections, from the headings of level 2 and 3.
    pub toc: Vec<TocEntry>,
    /// How long it takes to read: at least 1 minute. At 220 words a minute; a word of code counts half.
    pub reading_minutes: u32,
    /// How it begins: plain text of at most about 200 characters.
    pub excerpt: String,
    pub(crate) markdown: String,
    pub(crate) body: Body,
}

/// A page beside the posts, rendered but for the colours of its code.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name in addresses: `/{slug}`.
    pub slug: Slug,
    /// Plain text.
    pub title: String,
    /// What the author says it is about; plain text.
    pub description: Option<String>,
    /// The date in its front matter, which a page need not have.
    pub date: Option<Date>,
    /// When it was last changed in a way that readers should know of.
    pub updated: Option<Date>,
    /// Whether it is not published; only a library that was asked for drafts holds it.
    pub draft: bool,
    /// The picture above it.
    pub cover: Option<Cover>,
    /// Whether the author wants the table of contents shown.
    pub show_toc: bool,
    /// The sections, from the headings of level 2 and 3.
    pub toc: Vec<TocEntry>,
    /// How it begins: plain text of at most about 200 characters.
    pub excerpt: String,
    pub(crate) body: Body,
}

/// A word that posts are found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// As the author writes it.
    pub name: String,
    /// Its name in addresses, `/tags/{slug}`: lower case letters and digits of any script, and `-`.
    pub slug: String,
}

/// The picture above a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Its address: `/media/…`, or as the author gave it if that was absolute.
    pub image: String,
    /// What it shows, for those who do not see it; empty if it is only decoration.
    pub alt: String,
    /// The line below it; plain text.
    pub caption: Option<String>,
}

/// A section in a table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TocEntry {
    /// 2 or 3.
    pub level: u8,
    /// The heading's `id`.
    pub id: String,
    /// The heading as plain text.
    pub text: String,
}

impl Post {
    /// What it is about, in a sentence or two: the description, or else how it begins.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.description.as_deref().unwrap_or(&self.excerpt)
    }

    /// The body as safe HTML, to be written as it is.
    ///
    /// The first call colours the code, which takes a millisecond a block or so; [`watch`](crate::watch) makes it for each
    /// post in the background.
    #[must_use]
    pub fn html(&self) -> &str {
        self.body.html()
    }
}

impl Page {
    /// What it is about, in a sentence or two: the description, or else how it begins.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.description.as_deref().unwrap_or(&self.excerpt)
    }

    /// The body as safe HTML, to be written as it is.
    ///
    /// The first call colours the code, which takes a millisecond a block or so; [`watch`](crate::watch) makes it for each
    /// post in the background.
    #[must_use]
    pub fn html(&self) -> &str {
        self.body.html()
    }
}
