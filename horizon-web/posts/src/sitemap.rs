use std::{io, sync::Arc};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use crate::{Library, MarkdownPage, Post, SiteInfo, feed::last_change};

/// The maximum number of URLs in a sitemap (sitemaps.org).
const MAX_ADDRESSES: usize = 50_000;

/// A URL of the sitemap.
struct SitemapUrl {
    address: String,
    /// The time of the last change.
    changed: Option<String>,
    /// The languages and URLs of the translations and of itself; empty without translations.
    translations: Vec<(String, String)>,
}

impl SitemapUrl {
    fn new(address: String, changed: Option<String>) -> Self {
        Self {
            address,
            changed,
            translations: Vec::new(),
        }
    }
}

fn translations(library: &Library, post: &Post, site: &SiteInfo) -> Vec<(String, String)> {
    let language = |post: &Post| {
        post.language
            .as_ref()
            .map_or_else(|| site.language.clone(), ToString::to_string)
    };
    let posts = library.translations(post).into_iter().filter(|post| !post.draft);
    posts.map(|post| (language(&post), site.at(&post.url()))).collect()
}

/// Returns the sitemap in the format of sitemaps.org: all pages except drafts and unlisted ones.
#[must_use]
pub fn sitemap(library: &Library, site: &SiteInfo) -> String {
    let fixed = ["/", "/blog"].map(|path| SitemapUrl::new(site.at(path), None));
    let posts = library.posts().iter().filter(|post| post.is_listed && !post.draft);
    let posts = posts.map(|post| SitemapUrl {
        translations: translations(library, post, site),
        ..SitemapUrl::new(site.at(&post.url()), Some(last_change(post).rfc3339()))
    });
    let pages = library.pages().iter().filter(|page| page.is_listed && !page.draft);
    let changed = |page: &MarkdownPage| page.updated.or(page.date).map(|date| date.rfc3339());
    let pages = pages.map(|page| SitemapUrl::new(site.at(&page.url()), changed(page)));
    let lists = lists(library)
        .into_iter()
        .map(|path| SitemapUrl::new(site.at(&path), None));
    let all = fixed
        .into_iter()
        .chain(posts)
        .chain(pages)
        .chain(lists)
        .take(MAX_ADDRESSES);
    let mut xml = Writer::new(Vec::new());
    // Writing to a `Vec` does not fail.
    let _ = write(&mut xml, all);
    String::from_utf8(xml.into_inner()).unwrap_or_default()
}

/// Returns the paths of the lists that have posts other than drafts, except for further pages of a list.
fn lists(library: &Library) -> Vec<String> {
    let is_public = |posts: &[Arc<Post>]| posts.iter().any(|post| !post.draft);
    let tags = library.tags().iter().filter(|tagged| is_public(&tagged.posts));
    let tags = tags.map(|tagged| tagged.tag.url());
    let series = library.series().iter().filter(|series| is_public(&series.posts));
    let series = series.map(|series| series.series.url());
    let years = library.years().iter().filter(|year| is_public(&year.posts));
    let years = years.map(|year| format!("/archive/{}", year.year));
    let (tags, series, years): (Vec<_>, Vec<_>, Vec<_>) = (tags.collect(), series.collect(), years.collect());
    let overviews = [("archive", &years), ("tags", &tags), ("series", &series)];
    // A page of the author replaces the list of that name.
    let overviews = overviews
        .into_iter()
        .filter(|(name, lists)| !lists.is_empty() && library.page(name).is_none());
    let overviews: Vec<String> = overviews.map(|(name, _)| format!("/{name}")).collect();
    [overviews, tags, series, years].concat()
}

fn write(xml: &mut Writer<Vec<u8>>, all: impl Iterator<Item = SitemapUrl>) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("urlset")
        .with_attribute(("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9"))
        .with_attribute(("xmlns:xhtml", "http://www.w3.org/1999/xhtml"))
        .write_inner_content(|xml| {
            for url in all {
                write_one(xml, &url)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_one(xml: &mut Writer<Vec<u8>>, url: &SitemapUrl) -> io::Result<()> {
    xml.create_element("url").write_inner_content(|xml| {
        xml.create_element("loc")
            .write_text_content(BytesText::new(&url.address))?;
        if let Some(changed) = &url.changed {
            xml.create_element("lastmod")
                .write_text_content(BytesText::new(changed))?;
        }
        for (language, address) in &url.translations {
            xml.create_element("xhtml:link")
                .with_attributes([("rel", "alternate"), ("hreflang", language), ("href", address)])
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Returns `robots.txt`, which excludes `/admin` and `/horizon/`. Without a site, it does not name the sitemap, whose
/// URL must be absolute.
#[must_use]
pub fn robots(site: Option<&SiteInfo>) -> String {
    let rules = "User-agent: *\nDisallow: /admin\nDisallow: /horizon/\n";
    match site {
        Some(site) => format!("{rules}\nSitemap: {}\n", site.at("/sitemap.xml")),
        None => rules.to_owned(),
    }
}
