//! The names of the blog's pages, under which they are counted.
//!
//! The slug of a post has no slash, so no post has the name of another page.

use horizon_core::Slug;

use crate::{Library, MarkdownPage, Tag};

/// The name of `/`.
const HOME: &str = "/";

/// The name of the list of all posts.
const BLOG: &str = "list/blog";

/// The name of the results of all searches.
const SEARCH: &str = "list/search";

/// The start of the names of the lists of posts with a tag.
const TAGS: &str = "list/tags/";

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
    /// The posts with a tag: `list/tags/{tag}`.
    Tag(&'a Tag),
    /// A Markdown page: `page/{slug}`.
    Markdown(&'a MarkdownPage),
}

impl PageName<'_> {
    /// Returns the name as a slug. A tag that is too long for one is counted with the list of all posts.
    #[must_use]
    pub fn slug(self) -> Option<Slug> {
        let name = match self {
            Self::Home => HOME,
            Self::Blog => BLOG,
            Self::Search => SEARCH,
            Self::Tag(tag) => {
                let slug = Slug::new(&format!("{TAGS}{}", tag.slug)).ok();
                return slug.or_else(|| Self::Blog.slug());
            }
            Self::Markdown(page) => return Slug::new(&format!("{PAGES}{}", page.slug)).ok(),
        };
        Slug::new(name).ok()
    }
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
        [PageName::Home, PageName::Blog, PageName::Search]
            .into_iter()
            .find(|page| page.slug().as_ref() == Some(name))
    }
}
