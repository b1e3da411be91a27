use std::{collections::HashMap, path::Path, sync::Arc};

use horizon_core::Timestamp;

use crate::{
    ContentFolder, ContentOptions, Diagnostics, Language, MarkdownPage, Post, Preview, ScheduledFile, SeriesPosts,
    TagPosts, YearPosts, lists::PostLists, redirects::Redirects, site_files::SiteFiles, unicode::nfc,
};

/// The public posts and pages, in order.
#[derive(Clone, Debug)]
pub struct Library {
    language: Language,
    posts: Vec<Arc<Post>>,
    by_slug: HashMap<String, usize>,
    pages: Vec<Arc<MarkdownPage>>,
    /// What is not public, newest first.
    previews: Vec<Preview>,
    lists: PostLists,
    diagnostics: Diagnostics,
    scheduled: Vec<ScheduledFile>,
    pub(crate) redirects: Arc<Redirects>,
    pub(crate) site_files: Arc<SiteFiles>,
    pub(crate) digest: u64,
}

impl Library {
    /// Reads the folder and returns what is public at that time. Blocks on the disk.
    #[must_use]
    pub fn load(root: &Path, options: &ContentOptions, now: Timestamp) -> Self {
        ContentFolder::load(root, options).library(now)
    }

    pub(crate) fn new(
        mut posts: Vec<Arc<Post>>,
        mut pages: Vec<Arc<MarkdownPage>>,
        content: &ContentFolder,
        now: Timestamp,
    ) -> Self {
        posts.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.slug.cmp(&b.slug)));
        pages.sort_by(|a, b| a.slug.cmp(&b.slug));
        let (redirects, site_files) = content.shown_with(&posts, &pages);
        let previews = content.previews(now);
        Self {
            by_slug: posts.iter().enumerate().map(|(i, p)| (p.slug.to_string(), i)).collect(),
            lists: PostLists::new(&posts, &content.options().language),
            language: content.options().language.clone(),
            posts,
            pages,
            previews,
            diagnostics: content.diagnostics().clone(),
            scheduled: content.scheduled(now),
            redirects: Arc::new(redirects),
            site_files: Arc::new(site_files),
            digest: content.digest(now),
        }
    }

    /// Returns the errors, warnings and notes about the folder.
    #[must_use]
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// Returns the files that become public later, the next first.
    #[must_use]
    pub fn scheduled(&self) -> &[ScheduledFile] {
        &self.scheduled
    }

    /// Returns a hash of the content files and of which of them are public.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Returns the language of the blog.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Returns all posts, newest first.
    #[must_use]
    pub fn posts(&self) -> &[Arc<Post>] {
        &self.posts
    }

    /// Returns the [listed](Post::is_listed) posts without translations of posts in the language of the blog, newest
    /// first.
    #[must_use]
    pub fn listed_posts(&self) -> &[Arc<Post>] {
        &self.lists.all
    }

    /// Returns the post with this slug.
    #[must_use]
    pub fn post(&self, slug: &str) -> Option<&Arc<Post>> {
        self.posts.get(*self.by_slug.get(&*nfc(slug))?)
    }

    /// Returns the listed translations of the post and itself, newest first; nothing if there are no others.
    #[must_use]
    pub fn translations(&self, post: &Post) -> Vec<Arc<Post>> {
        let Some(key) = &post.translation_key else {
            return Vec::new();
        };
        let same = self.posts.iter().filter(|other| {
            other.translation_key.as_ref() == Some(key) && (other.is_listed || other.slug == post.slug)
        });
        let all: Vec<_> = same.cloned().collect();
        if all.len() > 1 { all } else { Vec::new() }
    }

    /// Returns all pages, by slug.
    #[must_use]
    pub fn pages(&self) -> &[Arc<MarkdownPage>] {
        &self.pages
    }

    /// Returns the page with this slug.
    #[must_use]
    pub fn page(&self, slug: &str) -> Option<&Arc<MarkdownPage>> {
        let slug = nfc(slug);
        self.pages.iter().find(|page| page.slug.as_str() == slug)
    }

    /// Returns the posts and pages that are not public, newest first. Only their author may see them.
    #[must_use]
    pub fn previews(&self) -> &[Preview] {
        &self.previews
    }

    /// Returns the post with this slug that is not public. Only its author may see it.
    #[must_use]
    pub fn preview(&self, slug: &str) -> Option<&Arc<Post>> {
        let slug = nfc(slug);
        self.previews.iter().find_map(|preview| match preview {
            Preview::Post(post, _) => (post.slug.as_str() == slug).then_some(post),
            Preview::Page(..) => None,
        })
    }

    /// Returns the page with this slug that is not public. Only its author may see it.
    #[must_use]
    pub fn page_preview(&self, slug: &str) -> Option<&Arc<MarkdownPage>> {
        let slug = nfc(slug);
        self.previews.iter().find_map(|preview| match preview {
            Preview::Page(page, _) => (page.slug.as_str() == slug).then_some(page),
            Preview::Post(..) => None,
        })
    }

    /// Returns the next older and the next newer listed post that are not translations of the post.
    #[must_use]
    pub fn neighbours(&self, slug: &str) -> (Option<&Arc<Post>>, Option<&Arc<Post>>) {
        let Some(&at) = self.by_slug.get(&*nfc(slug)) else {
            return (None, None);
        };
        let (newer, rest) = self.posts.split_at(at);
        let Some((post, older)) = rest.split_first() else {
            return (None, None);
        };
        let key = post.translation_key.as_ref();
        let is_other = |other: &&Arc<Post>| other.is_listed && (key.is_none() || other.translation_key.as_ref() != key);
        (older.iter().find(is_other), newer.iter().rev().find(is_other))
    }

    /// Returns all tags, by slug.
    #[must_use]
    pub fn tags(&self) -> &[TagPosts] {
        &self.lists.tags
    }

    /// Returns the tag with this slug and its posts.
    #[must_use]
    pub fn tagged(&self, tag_slug: &str) -> Option<&TagPosts> {
        self.lists.tag(&nfc(tag_slug))
    }

    /// Returns all series, by slug.
    #[must_use]
    pub fn series(&self) -> &[SeriesPosts] {
        &self.lists.series
    }

    /// Returns the series with this slug and its posts.
    #[must_use]
    pub fn series_posts(&self, series_slug: &str) -> Option<&SeriesPosts> {
        self.lists.one_series(&nfc(series_slug))
    }

    /// Returns the series of a post and which part of it the post is, from 0.
    #[must_use]
    pub fn series_part(&self, post: &Post) -> Option<(&SeriesPosts, usize)> {
        self.lists.part(post)
    }

    /// Returns the posts of each year, newest first.
    #[must_use]
    pub fn years(&self) -> &[YearPosts] {
        &self.lists.years
    }
}
