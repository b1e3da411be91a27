use std::{borrow::Cow, path::Path, sync::Arc};

use horizon_core::Slug;

use crate::{Date, Language, Picture, body::DocumentBody, text};

/// A post.
#[derive(Clone, Debug)]
pub struct Post {
    /// The name in the URL `/blog/{slug}`.
    pub slug: Slug,
    /// Plain text.
    pub title: String,
    /// The author's description, or else the subtitle; plain text.
    pub description: Option<String>,
    /// The author's summary for lists; plain text.
    pub summary: Option<String>,
    /// The date of publication.
    pub date: Date,
    /// The date of the last change that the author reports.
    pub updated: Option<Date>,
    /// In the author's order, without duplicates.
    pub tags: Vec<Tag>,
    /// Whether it is not public. Only a library with [`drafts`](crate::ContentOptions::drafts) contains it then.
    pub draft: bool,
    /// The image above the post.
    pub cover: Option<Cover>,
    /// Whether to show the table of contents.
    pub show_toc: bool,
    /// The series that it is part of.
    pub series: Option<Series>,
    /// The language, if the author states one.
    pub language: Option<Language>,
    /// The name that the translations of this document share.
    pub translation_key: Option<String>,
    /// The path of the file in the content folder.
    pub source: Arc<Path>,
    /// The old addresses, as the author writes them.
    pub aliases: Vec<String>,
    /// Whether lists, feeds, the sitemap and the search may contain the document. Its own page exists anyway.
    pub is_listed: bool,
    /// The line of the cover in the file, from 1.
    pub(crate) cover_line: Option<usize>,
    pub(crate) body: DocumentBody,
}

/// A page that is not a post.
#[derive(Clone, Debug)]
pub struct MarkdownPage {
    /// The name in the URL `/{slug}`.
    pub slug: Slug,
    /// Plain text.
    pub title: String,
    /// The author's description, or else the subtitle; plain text.
    pub description: Option<String>,
    /// The author's summary for lists; plain text.
    pub summary: Option<String>,
    /// The date in the front matter.
    pub date: Option<Date>,
    /// The date of the last change that the author reports.
    pub updated: Option<Date>,
    /// Whether it is not public. Only a library with [`drafts`](crate::ContentOptions::drafts) contains it then.
    pub draft: bool,
    /// The position in the navigation: pages with lower weights come first, and pages without one come last.
    pub weight: Option<i64>,
    /// Whether the navigation may contain the page.
    pub in_nav: bool,
    /// The language, if the author states one.
    pub language: Option<Language>,
    /// The name that the translations of this document share.
    pub translation_key: Option<String>,
    /// The path of the file in the content folder.
    pub source: Arc<Path>,
    /// The old addresses, as the author writes them.
    pub aliases: Vec<String>,
    /// Whether lists, feeds, the sitemap and the search may contain the document. Its own page exists anyway.
    pub is_listed: bool,
    pub(crate) body: DocumentBody,
}

/// A tag of posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// As the author writes it.
    pub name: String,
    /// The name in the URL `/tags/{slug}`: lower-case letters and digits of any script, and `-`.
    pub slug: String,
}

/// A series of posts, which readers read in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// As the author writes it.
    pub name: String,
    /// The name in the URL `/series/{slug}`, in the form of [`Tag::slug`].
    pub slug: String,
}

/// The image above a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The URL: `/media/…`, or an absolute URL.
    pub image: String,
    /// The alternative text; empty if the image is decoration.
    pub alt: String,
    /// The caption; inline Markdown.
    pub caption: Option<String>,
}

/// An entry of a table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TocEntry {
    /// 2 to 4.
    pub level: u8,
    /// The heading's `id`.
    pub id: String,
    /// The heading as plain text.
    pub text: String,
}

impl Post {
    /// Returns the path of its URL, percent-encoded.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/blog/{}", self.slug.url_path())
    }

    /// Returns the size and the variants of the cover, if it is a picture of the content folder. Blocks on the disk.
    #[must_use]
    pub fn cover_picture(&self) -> Option<Picture> {
        self.body.picture(&self.cover.as_ref()?.image)
    }

    /// Returns the date of the last change, if it is after the date of publication.
    #[must_use]
    pub fn last_update(&self) -> Option<Date> {
        self.updated.filter(|updated| *updated > self.date)
    }

    /// Returns the text between the title and the body: only what the author wrote for this purpose.
    #[must_use]
    pub fn lede(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the text for lists and feeds: the author's summary or description, or else the text before
    /// `<!--more-->`, or else the excerpt.
    #[must_use]
    pub fn summary(&self) -> &str {
        let written = self.summary.as_deref().or(self.description.as_deref());
        written.unwrap_or_else(|| self.body.rendered().start())
    }

    /// Returns the text for search engines and link previews: the description, or else the summary, in one line of at
    /// most 160 characters.
    #[must_use]
    pub fn meta_description(&self) -> Cow<'_, str> {
        text::meta_description(self.description.as_deref().unwrap_or_else(|| self.summary()))
    }

    /// Returns the start of the text: plain text of at most about 200 characters.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.body.rendered().excerpt
    }

    /// Returns the caption of the cover: inline Markdown as HTML.
    #[must_use]
    pub fn cover_caption_html(&self) -> Option<String> {
        let caption = self.cover.as_ref()?.caption.as_deref()?;
        Some(self.body.render_caption(caption))
    }

    /// Returns the headings of levels 2 and 3; also those of level 4 if the body has headings of level 1.
    #[must_use]
    pub fn toc(&self) -> &[TocEntry] {
        self.body.toc()
    }

    /// Returns the time to read it, in minutes, at least 1: 220 words a minute, where a word of code
    /// counts half, 500 characters of Chinese or Japanese, or 1,100 characters of Thai, Lao, Myanmar or Khmer.
    #[must_use]
    pub fn reading_minutes(&self) -> u32 {
        self.body.rendered().reading_minutes
    }

    /// Returns the body as sanitised HTML.
    ///
    /// Blocks until the Markdown is rendered and the code is highlighted, unless they are cached. The first block of a
    /// language takes up to 100 ms, and others about a millisecond; [`watch`](crate::watch) does so in the background.
    #[must_use]
    pub fn html(&self) -> String {
        self.body.html()
    }
}

impl MarkdownPage {
    /// Returns the path of its URL, percent-encoded.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/{}", self.slug.url_path())
    }

    /// Returns the text between the title and the body: only what the author wrote for this purpose.
    #[must_use]
    pub fn lede(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Returns the text for search engines and link previews: the description, or else the summary, or else the
    /// excerpt, in one line of at most 160 characters.
    #[must_use]
    pub fn meta_description(&self) -> Cow<'_, str> {
        let written = self.description.as_deref().or(self.summary.as_deref());
        text::meta_description(written.unwrap_or_else(|| self.body.rendered().start()))
    }

    /// Returns the body as sanitised HTML; see [`Post::html`].
    #[must_use]
    pub fn html(&self) -> String {
        self.body.html()
    }
}
