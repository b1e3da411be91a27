use std::{collections::HashMap, path::Path, sync::Arc};

use horizon_core::Timestamp;

use crate::{Content, Date, Options, Page, Post, Problems, Tag, Waiting};

/// The most words of a search that are looked at; more are ignored.
pub const MAX_SEARCH_WORDS: usize = 16;

/// What is public of the content folder, rendered but for the colours of code, and in order. Share it in an `Arc`.
#[derive(Clone, Debug)]
pub struct Library {
    posts: Vec<Arc<Post>>,
    by_slug: HashMap<String, usize>,
    pages: Vec<Arc<Page>>,
    tags: Vec<TagPosts>,
    problems: Problems,
    waiting: Vec<Waiting>,
    /// How it was rendered, for the feeds.
    pub(crate) raw_html: bool,
    /// Changes with anything in the files, and with what of them is public.
    pub(crate) digest: u64,
}

/// The posts and pages that are public, in any order.
#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) posts: Vec<Arc<Post>>,
    pub(crate) pages: Vec<Arc<Page>>,
}

/// A tag and the posts that have it.
#[derive(Clone, Debug)]
pub struct TagPosts {
    /// The tag, written as the newest of its posts writes it.
    pub tag: Tag,
    /// The posts, newest first; at least one.
    pub posts: Vec<Arc<Post>>,
}

impl Library {
    /// Reads the folder and returns what is public at that time.
    ///
    /// It blocks on the disk: call it from a blocking thread.
    #[must_use]
    pub fn load(root: &Path, options: &Options, now: Timestamp) -> Self {
        Content::load(root, options).library(now)
    }

    pub(crate) fn new(shown: Shown, content: &Content, now: Timestamp) -> Self {
        let Shown { mut posts, mut pages } = shown;
        for post in &mut posts {
            if is_to_come(post.updated, now) {
                Arc::make_mut(post).updated = None;
            }
        }
        for page in &mut pages {
            if is_to_come(page.updated, now) {
                Arc::make_mut(page).updated = None;
            }
        }
        posts.sort_by(|a, b| b.date.cmp(&a.date).then_with(|| a.slug.cmp(&b.slug)));
        pages.sort_by(|a, b| a.slug.cmp(&b.slug));
        Self {
            by_slug: posts.iter().enumerate().map(|(i, p)| (p.slug.to_string(), i)).collect(),
            tags: by_tag(&posts),
            posts,
            pages,
            problems: content.problems().clone(),
            waiting: content.waiting(now),
            raw_html: content.options().raw_html,
            digest: content.digest(now),
        }
    }

    /// Returns what is wrong with the folder.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Returns what becomes public later, the next first.
    #[must_use]
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// All posts, newest first; drafts and waiting ones only if they were asked for.
    #[must_use]
    pub fn posts(&self) -> &[Arc<Post>] {
        &self.posts
    }

    /// The post of that slug.
    #[must_use]
    pub fn post(&self, slug: &str) -> Option<&Arc<Post>> {
        self.posts.get(*self.by_slug.get(slug)?)
    }

    /// All pages, by slug.
    #[must_use]
    pub fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// The page of that slug.
    #[must_use]
    pub fn page(&self, slug: &str) -> Option<&Arc<Page>> {
        self.pages.iter().find(|page| page.slug.as_str() == slug)
    }

    /// The posts next to one: the older, then the newer. Both are none for a slug that does not exist.
    #[must_use]
    pub fn neighbours(&self, slug: &str) -> (Option<&Arc<Post>>, Option<&Arc<Post>>) {
        let Some(&at) = self.by_slug.get(slug) else {
            return (None, None);
        };
        let newer = at.checked_sub(1).and_then(|i| self.posts.get(i));
        (self.posts.get(at + 1), newer)
    }

    /// All tags, by slug.
    #[must_use]
    pub fn tags(&self) -> &[TagPosts] {
        &self.tags
    }

    /// The posts that have the tag of that slug; none if no post has it.
    #[must_use]
    pub fn tagged(&self, tag_slug: &str) -> Option<&TagPosts> {
        let at = self.tags.binary_search_by(|t| t.tag.slug.as_str().cmp(tag_slug)).ok()?;
        self.tags.get(at)
    }

    /// The posts whose title has every word of `title_query` and that have the tag, newest first.
    ///
    /// Words may stand in any order and be parts of words; case does not count. An empty query finds all.
    #[must_use]
    pub fn search(&self, title_query: &str, tag_slug: Option<&str>) -> Vec<Arc<Post>> {
        let among = match tag_slug {
            None => self.posts(),
            Some(slug) => self.tagged(slug).map_or(&[][..], |t| &t.posts),
        };
        let query = title_query.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().take(MAX_SEARCH_WORDS).collect();
        let matches = |post: &&Arc<Post>| {
            let title = post.title.to_lowercase();
            words.iter().all(|word| title.contains(word))
        };
        among.iter().filter(matches).cloned().collect()
    }
}

/// Returns whether an update is in the future. It is ignored until then: it would make feeds newer than later posts.
fn is_to_come(updated: Option<Date>, now: Timestamp) -> bool {
    updated.is_some_and(|updated| updated.timestamp() > now)
}

fn by_tag(posts: &[Arc<Post>]) -> Vec<TagPosts> {
    let mut at: HashMap<&str, usize> = HashMap::new();
    let mut tags: Vec<TagPosts> = Vec::new();
    for (post, tag) in posts
        .iter()
        .flat_map(|post| post.tags.iter().map(move |tag| (post, tag)))
    {
        let index = *at.entry(&tag.slug).or_insert(tags.len());
        if let Some(known) = tags.get_mut(index) {
            known.posts.push(post.clone());
        } else {
            let posts = vec![post.clone()];
            tags.push(TagPosts {
                tag: tag.clone(),
                posts,
            });
        }
    }
    tags.sort_by(|a, b| a.tag.slug.cmp(&b.tag.slug));
    tags
}
