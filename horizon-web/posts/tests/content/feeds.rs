use horizon_posts::{FEED_POSTS, atom, robots, rss, sitemap};
use quick_xml::{Reader, events::Event};

use crate::folder::{Folder, now, site};

fn blog() -> Folder {
    let folder = Folder::new();
    folder
        .write(
            "one.md",
            "---\ntitle: \"Fish & <chips> \\x01!\"\ndate: 2026-11-23\nupdated: 2026-11-25\ntags: [Ünï, b]\n---\n\
             See [two](/blog/two), [there](#part) and [out](https://other.example)[^1].\n\n![pic](media/x.png)\n\n## Part\n\n\
             ```rust\nfn a() {}\n```\n\n| a |\n|---|\n| 1 |\n\n[^1]: \u{b}Note ]]> end\n",
        )
        .post("two", "2026-11-24", "Second")
        .write("hidden.md", "---\ntitle: H\ndate: 2026-11-26\ndraft: true\ntags: secret\n---\n")
        .write("pages/about.md", "---\ntitle: About\n---\n");
    folder
}

#[test]
fn the_atom_feed_has_complete_posts_and_absolute_urls() {
    let library = blog().load();
    let feed: atom_syndication::Feed = atom(&library, &site()).parse().unwrap();
    assert_eq!(
        (feed.title.as_str(), feed.id.as_str()),
        ("Horizon & co", "https://blog.example/")
    );
    assert_eq!(feed.updated.to_rfc3339(), "2026-11-25T00:00:00+00:00");
    assert_eq!(feed.authors[0].name, "Ada");
    assert!(
        feed.links
            .iter()
            .any(|link| link.rel == "self" && link.href == "https://blog.example/feed.xml")
    );
    let ids: Vec<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["https://blog.example/blog/two", "https://blog.example/blog/one"]);
    let one = &feed.entries[1];
    assert_eq!(one.title.as_str(), "Fish & <chips> !");
    assert_eq!(one.published.unwrap().to_rfc3339(), "2026-11-23T00:00:00+00:00");
    assert_eq!(one.categories[0].term, "ünï");
    assert_full_content(one.content.as_ref().unwrap().value.as_deref().unwrap());
}

#[test]
fn the_rss_feed_has_complete_posts_and_absolute_urls() {
    let library = blog().load();
    let xml = rss(&library, &site());
    let channel = rss::Channel::read_from(xml.as_bytes()).unwrap();
    assert_eq!(
        (channel.title.as_str(), channel.link.as_str()),
        ("Horizon & co", "https://blog.example/")
    );
    assert!(
        xml.contains("<atom:link href=\"https://blog.example/rss.xml\" rel=\"self\""),
        "{xml}"
    );
    let one = &channel.items[1];
    assert_eq!(one.title.as_deref(), Some("Fish & <chips> !"));
    assert_eq!(one.guid.as_ref().unwrap().value, "https://blog.example/blog/one");
    assert_eq!(one.pub_date.as_deref(), Some("Mon, 23 Nov 2026 00:00:00 +0000"));
    assert_full_content(one.content.as_deref().unwrap());
}

fn assert_full_content(html: &str) {
    for part in [
        "href=\"https://blog.example/blog/two\"",
        "href=\"https://blog.example/blog/one#part\"",
        "href=\"https://other.example\" rel=\"noopener noreferrer\"",
        "href=\"https://blog.example/blog/one#fn-1\"",
        "href=\"https://blog.example/blog/one#fnref-1\"",
        "src=\"https://blog.example/media/x.png\"",
        "<h2>Part</h2>",
        "<pre><code class=\"language-rust\">fn a() {}\n</code></pre>",
        "Note ]]&gt; end",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    for only_on_the_page in ["tabindex", "class=\"anchor\"", "hl-", "table-wrap"] {
        assert!(!html.contains(only_on_the_page), "{only_on_the_page} is in {html}");
    }
}

#[test]
fn a_feed_contains_the_newest_posts() {
    let folder = Folder::new();
    for day in 1..=25 {
        folder.post(&format!("day-{day}"), &format!("2026-11-{day:02}"), "x");
    }
    let feed: atom_syndication::Feed = atom(&folder.load(), &site()).parse().unwrap();
    assert_eq!(feed.entries.len(), FEED_POSTS);
    assert_eq!(feed.entries[0].id, "https://blog.example/blog/day-25");
}

#[test]
fn the_feeds_of_an_empty_blog_are_valid() {
    let library = Folder::new().load();
    let feed: atom_syndication::Feed = atom(&library, &site()).parse().unwrap();
    assert!(feed.entries.is_empty());
    assert!(
        rss::Channel::read_from(rss(&library, &site()).as_bytes())
            .unwrap()
            .items
            .is_empty()
    );
}

#[test]
fn drafts_are_in_no_feed_and_no_sitemap_even_when_they_are_shown() {
    let folder = blog();
    let options = horizon_posts::ContentOptions {
        drafts: true,
        ..crate::folder::options()
    };
    let library = horizon_posts::Library::load(folder.path(), &options, now());
    for xml in [
        atom(&library, &site()),
        rss(&library, &site()),
        sitemap(&library, &site()),
    ] {
        assert!(!xml.contains("hidden") && !xml.contains("secret"), "{xml}");
    }
}

#[test]
fn the_sitemap_lists_every_page_in_full_and_escaped() {
    let xml = sitemap(&blog().load(), &site());
    let mut reader = Reader::from_str(&xml);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Text(text) => texts.push(text.decode().unwrap().into_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(
        texts,
        [
            "https://blog.example/",
            "https://blog.example/blog",
            "https://blog.example/blog/two",
            "2026-11-24T00:00:00Z",
            "https://blog.example/blog/one",
            "2026-11-25T00:00:00Z",
            "https://blog.example/about",
            "https://blog.example/archive",
            "https://blog.example/tags",
            "https://blog.example/tags/b",
            "https://blog.example/tags/%C3%BCn%C3%AF",
            "https://blog.example/archive/2026",
        ]
    );
}

#[test]
fn robots_txt_excludes_the_moderation_page_and_has_the_sitemap() {
    let robots_txt = robots(Some(&site()));
    assert!(
        robots_txt.contains("Disallow: /admin\n")
            && robots_txt.ends_with("Sitemap: https://blog.example/sitemap.xml\n")
    );
}
