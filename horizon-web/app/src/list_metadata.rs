//! The metadata of lists of posts.

use std::num::NonZeroUsize;

use horizon_posts::Pagination;
use horizon_texts::Texts;

use crate::{
    ListSubject, Site, View,
    list_view::numbered,
    pages::{lists::archive_title, tag_url},
};

/// The metadata of a list.
#[derive(Debug, Default)]
pub(crate) struct ListMetadata {
    /// The title. Further pages have their number in it.
    pub(crate) title: String,
    pub(crate) description: String,
    /// The canonical path; `None` for search results, which search engines should not index.
    pub(crate) path: Option<String>,
    /// The path of the page before this one.
    pub(crate) previous: Option<String>,
    /// The path of the page after this one.
    pub(crate) next: Option<String>,
}

impl ListMetadata {
    /// Returns the metadata of a list; that of another view is empty.
    pub(crate) fn new(site: &Site, view: &View, texts: &Texts) -> Self {
        let named = |id| texts.with(id, &[("site", site.title.as_str().into())]);
        let new = |title: &str, description: String, path: Option<String>| Self {
            title: title.to_owned(),
            description,
            path,
            ..Self::default()
        };
        match view {
            View::Blog(index) => {
                let is_search = !index.query.is_empty();
                let title = texts.get(if is_search { "search-results" } else { "all-posts" });
                // The posts with one tag have a page of their own.
                let path = index
                    .tag
                    .as_ref()
                    .map_or_else(|| "/blog".to_owned(), |tag| tag_url(tag));
                let list = new(title, named("all-posts-of"), (!is_search).then_some(path));
                list.paged(texts, index.page, |page| index.url(index.tag.as_deref(), page))
            }
            View::List(list) => {
                let (name, path) = match &list.subject {
                    ListSubject::Tag(tag) => (&tag.name, tag.url()),
                    ListSubject::Series(series) => (&series.name, series.url()),
                };
                let values = [("site", site.title.as_str().into()), ("tag", name.as_str().into())];
                let metadata = new(name, texts.with("posts-about", &values), Some(path));
                metadata.paged(texts, list.page, |page| list.url(page))
            }
            View::Tags(_) => new(texts.get("all-tags"), named("all-posts-of"), Some("/tags".into())),
            View::AllSeries(_) => new(texts.get("series-all"), named("series-of"), Some("/series".into())),
            View::Archive(archive) => {
                let path = archive.url(NonZeroUsize::MIN);
                let list = new(&archive_title(texts, archive), named("archive-of"), Some(path));
                match archive.of_year {
                    Some(page) => list.paged(texts, page, |page| archive.url(page)),
                    None => list,
                }
            }
            _ => Self::default(),
        }
    }

    fn paged(mut self, texts: &Texts, page: Pagination, url: impl Fn(NonZeroUsize) -> String) -> Self {
        if page.number() > NonZeroUsize::MIN {
            let number = texts.with("page-number", &[("page", page.number().get().into())]);
            self.title = format!("{} · {number}", self.title);
            self.path = self.path.map(|path| numbered(&path, page.number()));
        }
        self.previous = page.previous().map(&url);
        self.next = page.next().map(&url);
        self
    }
}
