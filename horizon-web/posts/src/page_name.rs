//! The names of the blog's pages, under which they are counted.
//!
//! The slug of a post has no slash, so no post has the name of another page.

use horizon_core::Slug;

use crate::{Library, MarkdownPage, Series, Tag};

/// The name of `/`.
const HOME: &str = "/";

/// The name of the list of all posts.
const BLOG: &str = "list/blog";

/// The name of the results of all searches.
const SEARCH: &str = "list/search";

/// The name of the list of posts by year, and of the list of a year.
const ARCHIVE: &str = "list/archive";

/// The name of the list of all tags.
const ALL_TAGS: &str = "list/tags";

/// The start of the names of the lists of posts with a tag.
const TAGS: &str = "list/tags/";

/// The name of the list of all series.
const ALL_SERIES: &str = "list/series";

/// The start of the names of the lists of posts in a series.
const SERIES: &str = "list/series/";

/// The start of the names of Markdown pages.
const PAGES: &str = "page/";

/// A page of the blog that is not a post.
#[derive(Clone, Copy, Debug)]
pub enum PageName<'a> {
    /// `/`, whose name is `/`.
    Home,
    /// The list of all posts: `list/blog`.
    Blog,
    /// The results of a search: `list/search`.
    Search,
    /// The posts by year, and those of one year: `list/archive`.
    Archive,
    /// All tags: `list/tags`.
    Tags,
    /// The posts with a tag: `list/tags/{tag}`.
    Tag(&'a Tag),
    /// All series: `list/series`.
    AllSeries,
    /// The posts in a series: `list/series/{series}`.
    Series(&'a Series),
    /// A Markdown page: `page/{slug}`.
    Markdown(&'a MarkdownPage),
}

/// The pages that each blog has.
const FIXED: [PageName<'static>; 6] = [
    PageName::Home,
    PageName::Blog,
    PageName::Search,
    PageName::Archive,
    PageName::Tags,
    PageName::AllSeries,
];

impl PageName<'_> {
    /// Returns the name as a slug. A tag or series that is too long for one is counted with the list of all posts. The
    /// pages of a list have one name.
    #[must_use]
    pub fn slug(self) -> Option<Slug> {
        let name = match self {
            Self::Home => HOME,
            Self::Blog => BLOG,
            Self::Search => SEARCH,
            Self::Archive => ARCHIVE,
            Self::Tags => ALL_TAGS,
            Self::AllSeries => ALL_SERIES,
            Self::Tag(Tag { slug, .. }) => return list_slug(TAGS, slug),
            Self::Series(Series { slug, .. }) => return list_slug(SERIES, slug),
            Self::Markdown(page) => return Slug::new(&format!("{PAGES}{}", page.slug)).ok(),
        };
        Slug::new(name).ok()
    }
}

fn list_slug(start: &str, name: &str) -> Option<Slug> {
    let slug = Slug::new(&format!("{start}{name}")).ok();
    slug.or_else(|| PageName::Blog.slug())
}

impl Library {
    /// Returns whether the blog has a page with this name: a post or another page ([`PageName`]).
    #[must_use]
    pub fn has_page(&self, name: &Slug) -> bool {
        self.page_named(name).is_some() || self.post(name.as_str()).is_some()
    }

    /// Returns the page with this name that is not a post.
    #[must_use]
    pub fn page_named(&self, name: &Slug) -> Option<PageName<'_>> {
        let text = name.as_str();
        if let Some(page) = text.strip_prefix(PAGES) {
            return self.page(page).map(|page| PageName::Markdown(page));
        }
        if text.starts_with(TAGS) {
            let mut tags = self.tags().iter().map(|tagged| PageName::Tag(&tagged.tag));
            return tags.find(|tag| tag.slug().as_ref() == Some(name));
        }
        if text.starts_with(SERIES) {
            let mut series = self.series().iter().map(|series| PageName::Series(&series.series));
            return series.find(|series| series.slug().as_ref() == Some(name));
        }
        FIXED.into_iter().find(|page| page.slug().as_ref() == Some(name))
    }
}
