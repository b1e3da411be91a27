//! The posts by tag, by series and by year.

use std::{
    collections::{BTreeMap, HashSet},
    mem,
    sync::Arc,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Language, Post, Series, Tag};

/// The characters to percent-encode: all except the unreserved ones (RFC 3986 §2.3).
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A tag and the posts that have it.
#[derive(Clone, Debug)]
pub struct TagPosts {
    /// The tag in the spelling of the newest post.
    pub tag: Tag,
    /// The posts, newest first; at least one.
    pub posts: Vec<Arc<Post>>,
}

/// A series and its posts.
#[derive(Clone, Debug)]
pub struct SeriesPosts {
    /// The series in the spelling of the newest post.
    pub series: Series,
    /// The posts in reading order, oldest first; at least one.
    pub posts: Vec<Arc<Post>>,
}

/// The posts of a year.
#[derive(Clone, Debug)]
pub struct YearPosts {
    /// As in the dates: `2026`.
    pub year: String,
    /// The posts, newest first; at least one.
    pub posts: Vec<Arc<Post>>,
}

impl Tag {
    /// Returns the path of its URL, percent-encoded.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/tags/{}", utf8_percent_encode(&self.slug, &ESCAPED))
    }
}

impl Series {
    /// Returns the path of its URL, percent-encoded.
    #[must_use]
    pub fn url(&self) -> String {
        format!("/series/{}", utf8_percent_encode(&self.slug, &ESCAPED))
    }
}

/// The posts of a library in lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct PostLists {
    /// The newest first.
    pub(crate) all: Vec<Arc<Post>>,
    /// By slug.
    pub(crate) tags: Vec<TagPosts>,
    /// By slug.
    pub(crate) series: Vec<SeriesPosts>,
    /// The newest first.
    pub(crate) years: Vec<YearPosts>,
}

impl PostLists {
    /// `posts` are newest first. Each list leaves out posts that are not [listed](Post::is_listed), and translations of
    /// its posts in `language`, that of the blog.
    pub(crate) fn new(posts: &[Arc<Post>], language: &Language) -> Self {
        let posts: Vec<Arc<Post>> = posts.iter().filter(|post| post.is_listed).cloned().collect();
        Self {
            tags: by_tag(&posts, language),
            years: by_year(&posts, language),
            series: by_series(&posts, language),
            all: without_translations(posts, language),
        }
    }

    /// Returns the tag with this slug.
    pub(crate) fn tag(&self, slug: &str) -> Option<&TagPosts> {
        let at = self.tags.binary_search_by(|tagged| tagged.tag.slug.as_str().cmp(slug));
        self.tags.get(at.ok()?)
    }

    /// Returns the series with this slug.
    pub(crate) fn one_series(&self, slug: &str) -> Option<&SeriesPosts> {
        let at = self
            .series
            .binary_search_by(|series| series.series.slug.as_str().cmp(slug));
        self.series.get(at.ok()?)
    }

    /// Returns the series of a post and which part of it the post is, from 0. A translation is the same part.
    pub(crate) fn part(&self, post: &Post) -> Option<(&SeriesPosts, usize)> {
        let series = self.one_series(&post.series.as_ref()?.slug)?;
        let is_translation = |other: &Arc<Post>| {
            let key = other.translation_key.as_ref();
            key.is_some() && key == post.translation_key.as_ref()
        };
        let own = series.posts.iter().position(|other| other.slug == post.slug);
        let part = own.or_else(|| series.posts.iter().position(is_translation));
        Some((series, part?))
    }
}

/// Removes the translations of posts in `language`. A post without a language is in that of the blog.
fn without_translations(mut posts: Vec<Arc<Post>>, language: &Language) -> Vec<Arc<Post>> {
    let is_of_blog = |post: &Post| post.language.as_ref().is_none_or(|own| own == language);
    let originals = posts.iter().filter(|post| is_of_blog(post));
    let originals: HashSet<String> = originals.filter_map(|post| post.translation_key.clone()).collect();
    let is_translation = |post: &Post| post.translation_key.as_ref().is_some_and(|key| originals.contains(key));
    posts.retain(|post| is_of_blog(post) || !is_translation(post));
    posts
}

fn by_tag(posts: &[Arc<Post>], language: &Language) -> Vec<TagPosts> {
    let mut tags: BTreeMap<&str, TagPosts> = BTreeMap::new();
    for post in posts {
        for tag in &post.tags {
            let tagged = tags.entry(&tag.slug).or_insert_with(|| TagPosts {
                tag: tag.clone(),
                posts: Vec::new(),
            });
            tagged.posts.push(post.clone());
        }
    }
    let mut tags: Vec<TagPosts> = tags.into_values().collect();
    for tagged in &mut tags {
        tagged.posts = without_translations(mem::take(&mut tagged.posts), language);
    }
    tags
}

fn by_series(posts: &[Arc<Post>], language: &Language) -> Vec<SeriesPosts> {
    let mut all: BTreeMap<&str, SeriesPosts> = BTreeMap::new();
    for post in posts {
        if let Some(series) = &post.series {
            let entry = all.entry(&series.slug).or_insert_with(|| SeriesPosts {
                series: series.clone(),
                posts: Vec::new(),
            });
            entry.posts.push(post.clone());
        }
    }
    let mut all: Vec<SeriesPosts> = all.into_values().collect();
    for series in &mut all {
        series.posts = without_translations(mem::take(&mut series.posts), language);
        // Two parts of one day are in the order of their slugs.
        series
            .posts
            .sort_by(|a, b| a.date.cmp(&b.date).then_with(|| a.slug.cmp(&b.slug)));
    }
    all
}

fn by_year(posts: &[Arc<Post>], language: &Language) -> Vec<YearPosts> {
    let mut years: BTreeMap<String, Vec<Arc<Post>>> = BTreeMap::new();
    for post in posts {
        let day = post.date.day();
        let year = day.split('-').next().unwrap_or_default();
        years.entry(year.to_owned()).or_default().push(post.clone());
    }
    let years = years.into_iter().rev();
    let years = years.map(|(year, posts)| YearPosts {
        year,
        posts: without_translations(posts, language),
    });
    years.collect()
}
