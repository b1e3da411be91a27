use std::collections::BTreeMap;

use atom_syndication as atom_feed;
use rss::extension::{Extension, ExtensionMap};

use crate::{
    Date, Library, Post,
    markdown::{self, Choices},
};

/// The most posts a feed holds, the newest.
pub const FEED_POSTS: usize = 20;

/// What the feeds and the sitemap say about the blog itself.
#[derive(Clone, Debug)]
pub struct SiteInfo {
    /// The blog's name.
    pub title: String,
    /// What it is about, in a sentence.
    pub description: String,
    /// Its address, as `https://blog.example`.
    pub base_url: String,
    /// The language it is written in, as `en`.
    pub language: String,
    /// Who writes it.
    pub author: String,
}

impl SiteInfo {
    /// The address of `path`, which starts with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base())
    }

    fn base(&self) -> &str {
        self.base_url.trim_end_matches('/')
    }
}

fn content(post: &Post, library: &Library, site: &SiteInfo) -> String {
    let choices = Choices {
        raw_html: library.raw_html,
        base_url: site.base(),
    };
    legal(&markdown::render_for_feed(&post.markdown, choices, &path(post)))
}

/// The newest posts as an Atom feed (RFC 4287), with their whole content.
///
/// An entry's id is the post's address: it stays when the post is edited.
#[must_use]
pub fn atom(library: &Library, site: &SiteInfo) -> String {
    let posts = newest(library);
    let updated = posts.iter().map(|post| last_change(post).moment()).max();
    let feed = atom_feed::Feed {
        title: legal(&site.title).into(),
        subtitle: Some(legal(&site.description).into()),
        id: site.at("/"),
        updated: updated.unwrap_or_default(),
        authors: vec![person(site)],
        links: vec![
            atom_link("self", &site.at("/feed.xml")),
            atom_link("alternate", &site.at("/")),
        ],
        entries: posts.iter().map(|post| entry(post, library, site)).collect(),
        lang: Some(site.language.clone()),
        base: Some(site.at("/")),
        ..atom_feed::Feed::default()
    };
    feed.to_string()
}

fn entry(post: &Post, library: &Library, site: &SiteInfo) -> atom_feed::Entry {
    let address = site.at(&path(post));
    let category = |tag: &crate::Tag| atom_feed::Category {
        term: tag.slug.clone(),
        label: Some(legal(&tag.name)),
        scheme: None,
    };
    atom_feed::Entry {
        title: legal(&post.title).into(),
        id: address.clone(),
        published: Some(post.date.moment()),
        updated: last_change(post).moment(),
        links: vec![atom_link("alternate", &address)],
        categories: post.tags.iter().map(category).collect(),
        summary: Some(legal(post.summary()).into()),
        content: Some(atom_feed::Content {
            content_type: Some("html".into()),
            base: Some(address),
            value: Some(content(post, library, site)),
            ..atom_feed::Content::default()
        }),
        ..atom_feed::Entry::default()
    }
}

fn person(site: &SiteInfo) -> atom_feed::Person {
    atom_feed::Person {
        name: legal(&site.author),
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

/// The newest posts as an RSS 2.0 feed, with their whole content.
#[must_use]
pub fn rss(library: &Library, site: &SiteInfo) -> String {
    let posts = newest(library);
    let channel = rss::Channel {
        title: legal(&site.title),
        link: site.at("/"),
        description: legal(&site.description),
        language: Some(site.language.clone()),
        last_build_date: posts
            .iter()
            .map(|post| last_change(post))
            .max()
            .map(|date| date.rfc2822()),
        items: posts.iter().map(|post| item(post, library, site)).collect(),
        extensions: self_link(&site.at("/rss.xml")),
        namespaces: BTreeMap::from([
            ("atom".into(), "http://www.w3.org/2005/Atom".into()),
            ("content".into(), "http://purl.org/rss/1.0/modules/content/".into()),
        ]),
        ..rss::Channel::default()
    };
    channel.to_string()
}

fn item(post: &Post, library: &Library, site: &SiteInfo) -> rss::Item {
    let address = site.at(&path(post));
    let category = |tag: &crate::Tag| rss::Category {
        name: legal(&tag.name),
        domain: None,
    };
    rss::Item {
        title: Some(legal(&post.title)),
        link: Some(address.clone()),
        guid: Some(rss::Guid {
            value: address,
            permalink: true,
        }),
        pub_date: Some(post.date.rfc2822()),
        categories: post.tags.iter().map(category).collect(),
        description: Some(legal(post.summary())),
        content: Some(content(post, library, site)),
        ..rss::Item::default()
    }
}

/// RSS has no word for a feed's own address, so it borrows Atom's.
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

fn newest(library: &Library) -> Vec<&Post> {
    let published = library.posts().iter().filter(|post| !post.draft);
    published.take(FEED_POSTS).map(AsRef::as_ref).collect()
}

pub(crate) fn path(post: &Post) -> String {
    format!("/blog/{}", post.slug)
}

pub(crate) fn last_change(post: &Post) -> Date {
    post.updated.unwrap_or(post.date)
}

/// `text` without the characters that XML 1.0 cannot hold, escaped or not.
fn legal(text: &str) -> String {
    let is_legal = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(is_legal).collect()
}
