//! The data of lists of posts.

use std::{num::NonZeroUsize, sync::Arc};

use horizon_core::wire::PageStats;
use horizon_posts::{PageName, Pagination, Passage, Post, Series, Tag};

use crate::pages::encoded;

/// A post in a list.
#[derive(Clone, Debug)]
pub struct PostCard {
    /// The post.
    pub post: Arc<Post>,
    /// Its numbers, if they are known.
    pub stats: Option<PageStats>,
    /// The passage that matches a search; replaces the summary.
    pub passage: Option<Passage>,
}

/// A tag and the number of its posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// The number of posts.
    pub count: usize,
}

/// A page of all posts, or of those that match a search or a tag.
#[derive(Clone, Debug)]
pub struct BlogIndex {
    /// The posts on this page: newest first, or the best results of a search first.
    pub posts: Vec<PostCard>,
    /// The number of posts on all pages; `None` if the search cannot respond now.
    pub total: Option<usize>,
    /// The page.
    pub page: Pagination,
    /// The most frequent tags and the selected one, in the order to show.
    pub tags: Vec<TagCount>,
    /// Whether there are more tags.
    pub has_more_tags: bool,
    /// Whether the blog has series.
    pub has_series: bool,
    /// The search; may be empty.
    pub query: String,
    /// The slug of the selected tag.
    pub tag: Option<String>,
}

impl BlogIndex {
    /// Returns the path and query of a page of the search with this tag.
    pub(crate) fn url(&self, tag: Option<&str>, page: NonZeroUsize) -> String {
        let query = (!self.query.is_empty()).then_some(("q", self.query.as_str()));
        let tag = tag.map(|tag| ("tag", tag));
        page_url("/blog", query.into_iter().chain(tag), page)
    }

    /// Returns the name of the list: one for all searches, because the words are those of a reader.
    pub(crate) fn page_name(&self) -> PageName<'_> {
        if !self.query.is_empty() {
            return PageName::Search;
        }
        let mut tags = self.tags.iter();
        let selected = tags.find(|tagged| Some(&tagged.tag.slug) == self.tag.as_ref());
        selected.map_or(PageName::Blog, |tagged| PageName::Tag(&tagged.tag))
    }
}

/// A page of the posts of a tag or series.
#[derive(Clone, Debug)]
pub struct PostList {
    /// What the posts have in common.
    pub subject: ListSubject,
    /// The posts on this page: newest first, or in the reading order of a series.
    pub posts: Vec<PostCard>,
    /// The page.
    pub page: Pagination,
}

impl PostList {
    /// Returns the path and query of a page of the list.
    pub(crate) fn url(&self, page: NonZeroUsize) -> String {
        let path = match &self.subject {
            ListSubject::Tag(tag) => tag.url(),
            ListSubject::Series(series) => series.url(),
        };
        page_url(&path, [], page)
    }
}

/// What the posts of a list have in common.
#[derive(Clone, Debug)]
pub enum ListSubject {
    /// A tag.
    Tag(Tag),
    /// A series.
    Series(Series),
}

/// A series and the number of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesCount {
    /// The series.
    pub series: Series,
    /// The number of posts.
    pub count: usize,
}

/// The posts by year.
#[derive(Clone, Debug)]
pub struct ArchivePage {
    /// The years, newest first.
    pub years: Vec<ArchiveYear>,
    /// The page of one year; `None` for all years.
    pub of_year: Option<Pagination>,
}

impl ArchivePage {
    /// Returns the path and query of a page of the same year or years.
    pub(crate) fn url(&self, page: NonZeroUsize) -> String {
        let year = self.years.first().filter(|_| self.of_year.is_some());
        let path = year.map_or_else(|| "/archive".to_owned(), ArchiveYear::url);
        page_url(&path, [], page)
    }
}

/// A year of the archive.
#[derive(Clone, Debug)]
pub struct ArchiveYear {
    /// The year: `2026`.
    pub year: String,
    /// The number of posts.
    pub count: usize,
    /// The posts that this page shows, newest first.
    pub posts: Vec<Arc<Post>>,
}

impl ArchiveYear {
    /// Returns the path of the year.
    pub(crate) fn url(&self) -> String {
        format!("/archive/{}", encoded(&self.year))
    }
}

/// The part that a post is of its series.
#[derive(Clone, Debug)]
pub struct SeriesPart {
    /// The series.
    pub series: Series,
    /// The posts of the series, in reading order.
    pub posts: Vec<Arc<Post>>,
    /// The position of the post, from 0.
    pub part: usize,
}

/// Returns the URL of a page of a list with these parameters.
fn page_url<'a>(path: &str, query: impl IntoIterator<Item = (&'a str, &'a str)>, page: NonZeroUsize) -> String {
    let query = query
        .into_iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    let query: Vec<String> = query.collect();
    let query = query.join("&");
    let path = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    numbered(&path, page)
}

/// Adds the number of a page to the URL of a list. The first page has no number.
pub(crate) fn numbered(url: &str, page: NonZeroUsize) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    if page == NonZeroUsize::MIN {
        url.to_owned()
    } else {
        format!("{url}{separator}page={page}")
    }
}
