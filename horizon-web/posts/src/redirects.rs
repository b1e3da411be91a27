//! Old addresses of posts, pages, files and lists.

use std::{collections::HashSet, path::Path};

use crate::{
    Library,
    addresses::{self, Addresses},
    site_files::{decoded, encoded, is_reserved},
    text,
};

/// The list of all posts.
const POSTS: &str = "/blog";

/// The feed.
const FEED: &str = "/feed.xml";

/// The other feed.
const RSS: &str = "/rss.xml";

/// Names of feeds of other generators, without `.html`.
const FEEDS: [&str; 8] = [
    "index.xml",
    "feed.xml",
    "atom.xml",
    "rss.xml",
    "feed",
    "atom",
    "rss",
    "feed.rss",
];

/// Names of sitemaps of other generators.
const SITEMAPS: [&str; 3] = ["/sitemap_index.xml", "/sitemap-index.xml", "/sitemap-0.xml"];

/// Names of the list of all posts in other generators, besides the folders of the posts.
const POST_LISTS: [&str; 6] = ["blog", "posts", "post", "articles", "page", "writing"];

/// The lists of this server, besides the home page.
const LISTS: [&str; 4] = [POSTS, "/archive", "/series", "/tags"];

/// Names of the list of all tags in other generators.
const TAG_LISTS: [&str; 4] = ["tags", "tag", "categories", "category"];

/// The old addresses of a library.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redirects {
    pub(crate) addresses: Addresses,
    pub(crate) lists: OldLists,
    /// The first path segments of the server's own URLs.
    pub(crate) reserved: &'static [&'static str],
}

/// What the lists of posts of other generators are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OldLists {
    /// The keys of the folders that contain posts; see [`addresses::key_of_decoded`].
    pub(crate) post_folders: HashSet<String>,
    /// The slugs of tags.
    pub(crate) tags: HashSet<String>,
}

impl Library {
    /// Returns the path of this site to which an old address leads, or `None` if the path is not an old address or is
    /// the path of a page.
    ///
    /// `path` is the path of a request: it starts with `/` and may be percent-encoded. Letter case, the Unicode form,
    /// `.html`, `index.html` and slashes at the end do not matter. A page at the path itself wins.
    #[must_use]
    pub fn redirect(&self, path: &str) -> Option<String> {
        let decoded = decoded(path)?;
        let Redirects {
            addresses,
            lists,
            reserved,
        } = &*self.redirects;
        if addresses.is_document(&decoded) || lists.contains(&decoded) || is_reserved(&decoded, reserved) {
            return None;
        }
        let target = match addresses.find(&decoded) {
            Some(target) => target.url.clone(),
            None => lists.find(&decoded)?,
        };
        // The server redirects a slash at the end itself.
        let is_same = path.trim_end_matches('/') == target.trim_end_matches('/');
        (!is_same).then_some(target)
    }

    /// Returns the file that the server sends at a URL path, such as `/media/trip/sea.jpg` or `/favicon.ico`: its real
    /// path on the disk.
    ///
    /// All other files of the content folder are private, except for those in `media/`. A page at the path wins.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Path> {
        let decoded = decoded(path)?;
        let is_page = self.redirects.addresses.is_document(&decoded);
        let file = self.site_files.at(&decoded).filter(|_| !is_page)?;
        Some(&file.real)
    }

    /// Returns the number of files that the server sends and that earlier versions did not.
    #[must_use]
    pub fn newly_public_files(&self) -> usize {
        self.site_files.new_count()
    }
}

impl OldLists {
    /// Returns whether the server has a list at a decoded path.
    fn contains(&self, decoded: &str) -> bool {
        match decoded.strip_prefix("/tags/") {
            Some(tag) => self.tags.contains(tag),
            None => decoded.len() < 2 || LISTS.contains(&decoded.trim_end_matches('/')),
        }
    }

    /// Returns the list, feed or other page of the server for which other generators have this decoded path.
    pub(crate) fn find(&self, decoded: &str) -> Option<String> {
        if decoded == FEED || decoded == RSS {
            return None;
        }
        let key = addresses::key_of_decoded(decoded);
        if key.is_empty() {
            return (!decoded.trim_matches('/').is_empty()).then(|| "/".to_owned());
        }
        if SITEMAPS.contains(&&*key) {
            return Some("/sitemap.xml".to_owned());
        }
        let (rest, name) = key.rsplit_once('/')?;
        if FEEDS.contains(&name) {
            return Some(FEED.to_owned());
        }
        if let Ok(number) = name.parse::<u32>()
            && let Some(list) = rest.strip_suffix("/page")
        {
            let list = if list.is_empty() {
                POSTS.to_owned()
            } else {
                self.first_page(list)?
            };
            return Some(if number > 1 {
                format!("{list}?page={number}")
            } else {
                list
            });
        }
        self.first_page(&key).filter(|list| list != decoded)
    }

    /// Returns the list that has this key.
    fn first_page(&self, key: &str) -> Option<String> {
        let name = key.strip_prefix('/')?;
        if TAG_LISTS.contains(&name) {
            return Some("/tags".to_owned());
        }
        if POST_LISTS.contains(&name) || self.post_folders.contains(key) {
            return Some(POSTS.to_owned());
        }
        if name == "archives" {
            return Some("/archive".to_owned());
        }
        let (list, tag) = name.split_once('/')?;
        let slug = text::tag_slug(tag);
        let is_tag = TAG_LISTS.contains(&list) && self.tags.contains(&slug);
        is_tag.then(|| format!("/tags/{}", encoded(&slug)))
    }
}
