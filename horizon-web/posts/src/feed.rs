use std::collections::BTreeMap;

use atom_syndication as atom_feed;
use rss::extension::{Extension, ExtensionMap};

use crate::{Date, Library, Post};

/// The maximum number of posts in a feed.
pub const FEED_POSTS: usize = 20;

/// Properties of the blog for the feeds and the sitemap.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The blog's name.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Its URL, such as `https://blog.example`.
    pub base_url: String,
    /// Its language, such as `en`.
    pub language: String,
    /// Its author.
    pub author: String,
}

impl SiteInfo {
    /// Returns the URL of `path`, which starts with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    fn base(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }
}

fn content(post: &Post, site: &SiteInfo) -> String {
    xml_text(&post.body.render_for_feed(site.base(), &post.url()))
}

/// Returns the newest posts as an Atom feed (RFC 4287) with full content. The id of an entry is the URL of the post.
#[must_use]
pub fn atom(library: &Library, site: &SiteInfo) -> String {
    let posts = newest(library);
    let updated = posts.iter().map(|post| last_change(post).date_time()).max();
    let feed = atom_feed::Feed {
        title: xml_text(&site.title).into(),
        subtitle: (!site.description.is_empty()).then(|| xml_text(&site.description).into()),
        id: site.at("/"),
        updated: updated.unwrap_or_default(),
        authors: vec![person(site)],
        links: vec![
            atom_link("self", &site.at("/feed.xml")),
            atom_link("alternate", &site.at("/")),
        ],
        entries: posts.iter().map(|post| entry(post, site)).collect(),
        lang: Some(site.language.clone()),
        base: Some(site.at("/")),
        ..atom_feed::Feed::default()
    };
    feed.to_string()
}

fn entry(post: &Post, site: &SiteInfo) -> atom_feed::Entry {
    let address = site.at(&post.url());
    let category = |tag: &crate::Tag| atom_feed::Category {
        term: tag.slug.clone(),
        label: Some(xml_text(&tag.name)),
        scheme: None,
    };
    atom_feed::Entry {
        title: xml_text(&post.title).into(),
        id: address.clone(),
        published: Some(post.date.date_time()),
        updated: last_change(post).date_time(),
        links: vec![atom_link("alternate", &address)],
        categories: post.tags.iter().map(category).collect(),
        summary: Some(xml_text(post.summary()).into()),
        content: Some(atom_feed::Content {
            content_type: Some("html".into()),
            base: Some(address),
            lang: post.language.as_ref().map(ToString::to_string),
            value: Some(content(post, site)),
            ..atom_feed::Content::default()
        }),
        ..atom_feed::Entry::default()
    }
}

fn person(site: &SiteInfo) -> atom_feed::Person {
    atom_feed::Person {
        name: xml_text(&site.author),
        ..atom_feed::Person::default()
    }
}

fn atom_link(rel: &str, href: &str) -> atom_feed::Link {
    atom_feed::Link {
        rel: rel.into(),
        href: href.into(),
        ..atom_feed::Link::default()
    }
}

/// Returns the newest posts as an RSS 2.0 feed with full content.
#[must_use]
pub fn rss(library: &Library, site: &SiteInfo) -> String {
    let posts = newest(library);
    // RSS requires a description.
    let description = if site.description.is_empty() {
        &site.title
    } else {
        &site.description
    };
    let channel = rss::Channel {
        title: xml_text(&site.title),
        link: site.at("/"),
        description: xml_text(description),
        language: Some(site.language.clone()),
        last_build_date: posts
            .iter()
            .map(|post| last_change(post))
            .max()
            .map(|date| date.rfc2822()),
        items: posts.iter().map(|post| item(post, site)).collect(),
        extensions: self_link(&site.at("/rss.xml")),
        namespaces: BTreeMap::from([
            ("atom".into(), "http://www.w3.org/2005/Atom".into()),
            ("content".into(), "http://purl.org/rss/1.0/modules/content/".into()),
        ]),
        ..rss::Channel::default()
    };
    channel.to_string()
}

fn item(post: &Post, site: &SiteInfo) -> rss::Item {
    let address = site.at(&post.url());
    let category = |tag: &crate::Tag| rss::Category {
        name: xml_text(&tag.name),
        domain: None,
    };
    rss::Item {
        title: Some(xml_text(&post.title)),
        link: Some(address.clone()),
        guid: Some(rss::Guid {
            value: address,
            permalink: true,
        }),
        pub_date: Some(post.date.rfc2822()),
        categories: post.tags.iter().map(category).collect(),
        description: Some(xml_text(post.summary())),
        content: Some(content(post, site)),
        ..rss::Item::default()
    }
}

/// Returns Atom's `self` link, because RSS has no element for the URL of the feed.
fn self_link(href: &str) -> ExtensionMap {
    let link = Extension {
        name: "atom:link".into(),
        attrs: BTreeMap::from([
            ("href".into(), href.into()),
            ("rel".into(), "self".into()),
            ("type".into(), "application/rss+xml".into()),
        ]),
        ..Extension::default()
    };
    BTreeMap::from([("atom".into(), BTreeMap::from([("link".into(), vec![link])]))])
}

/// Returns the newest posts, without translations of posts in the language of the blog.
fn newest(library: &Library) -> Vec<&Post> {
    let published = library.listed_posts().iter().filter(|post| !post.draft);
    published.take(FEED_POSTS).map(AsRef::as_ref).collect()
}

pub(crate) fn last_change(post: &Post) -> Date {
    post.last_update().unwrap_or(post.date)
}

/// Returns `text` without the characters that XML 1.0 forbids.
fn xml_text(text: &str) -> String {
    let is_legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_legal).collect()
}
