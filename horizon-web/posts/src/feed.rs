use crate::Library;

/// The most posts a feed holds, the newest.
pub const FEED_POSTS: usize = 20;

/// What the feeds and the sitemap say about the blog itself.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The blog's name.
    pub title: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// Its address without a slash at the end, as `https://blog.example`.
    pub base_url: String,
    /// The language it is written in, as `en`.
    pub language: String,
    /// Who writes it.
    pub author: String,
}

/// The newest posts as an Atom feed (RFC 4287), with their whole content.
#[must_use]
pub fn atom(_library: &Library, _site: &SiteInfo) -> String {
    String::new()
}

/// The newest posts as an RSS 2.0 feed, with their whole content.
#[must_use]
pub fn rss(_library: &Library, _site: &SiteInfo) -> String {
    String::new()
}
