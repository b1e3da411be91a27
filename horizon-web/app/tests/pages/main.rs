//! The pages as the server sends them, before scripts run.
#![expect(clippy::unwrap_used, reason = "what is not there shall fail the test")]

mod drafts;
mod forms;
mod languages;
mod own_blog;
mod sample;

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use horizon_app::{
    ArchivePage, BlogIndex, ClusterPage, ErrorPage, ListSubject, LoginPage, ModerationPage, NodeStatus, PostList,
    SeriesPart, Site, SlotValues, TagCount, Template, TemplatePart, Texts, View, WebNode, cluster_table,
};
use horizon_core::{Timestamp, wire::PageStats};
use horizon_posts::{Diagnostics, Series};
use sha2::{Digest, Sha256};

use sample::{all, blog_index, blog_with, hello, library, page, post, site, values};

/// The key of the slot markers.
const KEY: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;

fn rendered(site: &Arc<Site>, page: View, key: u128) -> Template {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(Template::new(site, page, key)).unwrap()
}

fn template(page: &View) -> Template {
    rendered(&site(), page.clone(), KEY)
}

/// Returns the page of this site.
fn html_of(site: &Arc<Site>, page: View) -> String {
    rendered(site, page, KEY).fill(&values())
}

fn html(page: &View) -> String {
    template(page).fill(&values())
}

#[test]
fn every_page_is_one_document_with_one_heading_and_one_main() {
    for page in all() {
        let html = html(&page);
        assert!(
            html.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\"><head>"),
            "{html}"
        );
        assert!(html.contains("<title>") && html.contains("name=\"viewport\""), "{html}");
        for once in ["<h1", "<main id=\"eh-main\"", "</body>", "</html>"] {
            assert_eq!(html.matches(once).count(), 1, "{once} in {html}");
        }
        assert!(html.contains("href=\"#eh-main\""), "{html}");
    }
}

/// Headings of authors never have these ids, so no id is twice on a page.
#[test]
fn the_ids_of_the_interface_are_reserved() {
    for page in all() {
        let html = html(&page);
        let (before, body) = html.split_once("class=\"prose\"").unwrap_or((&html, ""));
        let after = body.split_once("<footer").map_or("", |(_, after)| after);
        for id in [before, after].iter().flat_map(|part| part.split(" id=\"").skip(1)) {
            let id = id.split('"').next().unwrap();
            let is_reserved = id.starts_with("eh-") || id.starts_with("comment-") || id == "comments";
            assert!(is_reserved, "{id} in {html}");
        }
    }
}

#[test]
fn input_of_authors_and_readers_is_escaped_on_every_page() {
    for page in all() {
        let html = html(&page);
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(!html.contains("<img src=x"), "{html}");
    }
}

#[test]
fn no_page_contains_a_bogus_comment() {
    for page in all() {
        let html = html(&page);
        assert!(!html.contains("<!>"), "{html}");
    }
}

#[test]
fn no_page_violates_its_content_security_policy() {
    for page in all() {
        let Template { policy, .. } = template(&page);
        let html = html(&page);
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"),
            "{policy}"
        );
        for script in html.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            let (text, _) = rest.split_once("</script>").unwrap();
            let hash = format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
            assert!(
                tag.contains("src=\"/pkg/") || tag.contains("type=\"application/ld+json\"") || policy.contains(&hash),
                "<script{tag}>"
            );
        }
        for tag in html.split('<').filter_map(|rest| rest.split('>').next()) {
            assert!(
                !tag.contains(" style=") && !tag.contains(" onclick=") && !tag.contains(" onload="),
                "<{tag}>"
            );
        }
    }
}

#[test]
fn a_script_in_a_post_is_not_in_the_policy() {
    let mut page = post("Hello", "Ada");
    let before = template(&View::Post(Box::new(page.clone()))).policy;
    let library = library("Hello", "</head><script type=\"module\">alert(1)</script>");
    page.post = library.post("hello").unwrap().clone();
    assert!(page.post.html().contains("<script type=\"module\">alert(1)"));
    assert_eq!(template(&View::Post(Box::new(page))).policy, before);
    assert_eq!(before.matches("'sha256-").count(), 1);
}

#[test]
fn the_text_of_a_template_is_the_same_in_all_responses() {
    let texts = |key| {
        let pieces = rendered(&site(), hello(), key).parts;
        let is_text = |part: &TemplatePart| matches!(part, TemplatePart::Text(_));
        pieces.into_iter().filter(is_text).collect::<Vec<_>>()
    };
    assert_eq!(texts(1 << 100), texts(2 << 100));
    let (mut one, mut none) = (values(), values());
    one.page = Some(PageStats {
        viewers: 1,
        visits: 1,
        likes: 1,
        comments: 1,
        ..PageStats::default()
    });
    none.page = Some(PageStats::default());
    let template = template(&hello());
    assert!(
        template
            .fill(&one)
            .contains(">1</span> <span data-one=\"view\" data-other=\"views\">view</span>")
    );
    assert!(
        template
            .fill(&none)
            .contains(">0</span> <span data-one=\"view\" data-other=\"views\">views</span>")
    );
    assert!(template.fill(&one).contains(r#""commentCount":1,"#));
}

#[test]
fn a_page_whose_numbers_and_comments_are_not_known_has_neither_and_keeps_its_forms() {
    let mut page = post("Hello", "Ada");
    page.comments = horizon_core::wire::ThreadsView::default();
    page.has_unknown_comments = true;
    let unknown = SlotValues {
        page: None,
        site: None,
        ..values()
    };
    let html = template(&View::Post(Box::new(page))).fill(&unknown);
    assert!(html.contains(">\u{2013}</span> <span data-one=\"view\" data-other=\"views\">views</span>"));
    assert!(html.contains("Comments cannot be shown right now."));
    assert!(html.contains(r#""commentCount":null,"#));
    assert!(html.contains(r#"action="/horizon/comments/hello""#) && html.contains(r#"action="/horizon/likes/hello""#));
    assert!(!html.contains(">0</span>"), "a zero is a wrong number");
}

#[test]
fn the_status_matches_the_page() {
    assert_eq!(template(&hello()).status, 200);
    assert_eq!(template(&View::NotFound).status, 404);
    let error = |status| {
        View::Error(ErrorPage {
            status,
            title: String::new(),
            detail: String::new(),
        })
    };
    assert_eq!(template(&error(503)).status, 503);
    assert_eq!(template(&error(0)).status, 500);
}

#[test]
fn the_first_html_of_a_post_has_its_numbers_where_the_islands_look_for_them() {
    let html = html(&hello());
    for hook in [
        r#" data-slug="hello""#,
        r#" data-horizon="viewers">17</span>"#,
        r#" data-horizon="visits">1,204</span>"#,
        r#" data-horizon="likes">58</span>"#,
        r#" data-horizon="comments">1</span>"#,
        r#" data-horizon="site-viewers">2</span>"#,
        r#" data-horizon="site-visits">12,345</span>"#,
        r#"data-horizon="theme""#,
        "<leptos-island data-component=\"LiveNumbers\">",
        "<leptos-island data-component=\"LikeButton\">",
        "<leptos-island data-component=\"Comments\">",
        "<leptos-island data-component=\"SiteFooter\">",
        "/pkg/horizon-0123.js",
        "/pkg/horizon-0123_bg.wasm",
    ] {
        assert!(html.contains(hook), "{hook} is not in {html}");
    }
    assert!(
        html.contains(">comment</span>"),
        "one comment is not «comments»: {html}"
    );
}

#[test]
fn each_page_with_islands_says_under_which_name_it_is_counted() {
    let html = |view: View| html(&view);
    let index = |query: &str, tag: Option<&str>| {
        let library = library("Title", "Text.");
        let tagged = library.tags().iter().map(|tagged| TagCount {
            tag: tagged.tag.clone(),
            count: tagged.posts.len(),
        });
        View::Blog(BlogIndex {
            tags: tagged.collect(),
            query: query.into(),
            tag: tag.map(str::to_owned),
            ..blog_index(Vec::new())
        })
    };
    let library = library("Title", "Text.");
    let tag = library.tags().first().unwrap().tag.clone();
    let (name, slug) = (tag.name.clone(), tag.slug.clone());
    let series = Series { name, slug };
    let list = |subject| {
        let (posts, page) = (Vec::new(), page(1));
        View::List(PostList { subject, posts, page })
    };
    let archive = ArchivePage {
        years: Vec::new(),
        of_year: None,
    };
    for (view, path) in [
        (View::Home(Vec::new()), ""),
        (index("", None), "list/blog"),
        (index("words", None), "list/search"),
        (index("", Some("größe")), "list/tags/gr%C3%B6%C3%9Fe"),
        (index("", Some("unknown")), "list/blog"),
        (list(ListSubject::Tag(tag)), "list/tags/gr%C3%B6%C3%9Fe"),
        (list(ListSubject::Series(series)), "list/series/gr%C3%B6%C3%9Fe"),
        (View::Tags(Vec::new()), "list/tags"),
        (View::AllSeries(Vec::new()), "list/series"),
        (View::Archive(archive), "list/archive"),
        (View::Page(library.page("about").unwrap().clone()), "page/about"),
        (hello(), "hello"),
    ] {
        let html = html(view);
        let body = format!("<body data-page=\"{path}\">");
        assert!(html.contains(&body), "{body} is not in {html}");
    }
    assert!(html(View::NotFound).contains("<body>"));
}

#[test]
fn without_a_base_url_there_is_no_absolute_link() {
    let site = Site {
        base_url: None,
        ..Site::clone(&site())
    };
    let html = rendered(&site.into(), hello(), KEY).fill(&values());
    for absent in ["rel=\"canonical\"", "og:url", "noindex", "example.org"] {
        assert!(!html.contains(absent), "{absent} is in {html}");
    }
    assert!(html.contains(r#""url":"/blog/hello""#), "{html}");
}

#[test]
fn a_post_and_a_page_state_when_they_were_updated() {
    let updated = |date: &str| {
        let mut page = post("Hello", "Ada");
        Arc::make_mut(&mut page.post).updated = Some(date.parse().unwrap());
        html(&View::Post(Box::new(page)))
    };
    let later = updated("2026-06-07");
    for fact in [
        "Updated on <time datetime=\"2026-06-07T00:00Z\">June 7, 2026</time>",
        r#"content="2026-06-07T00:00Z" property="article:modified_time""#,
        r#""dateModified":"2026-06-07T00:00Z""#,
    ] {
        assert!(later.contains(fact), "{fact} is not in {later}");
    }
    let same_day = updated("2026-05-04T18:00:00Z");
    assert!(
        same_day.contains("\"dateModified\"") && !same_day.contains("Updated on"),
        "{same_day}"
    );
    for html in [updated("2026-01-01"), html(&hello())] {
        for absent in ["Updated on", "modified_time", "dateModified"] {
            assert!(!html.contains(absent), "{absent} is in {html}");
        }
    }
    let mut page = library("Title", "Text.").page("about").unwrap().clone();
    Arc::make_mut(&mut page).updated = Some("2026-06-07".parse().unwrap());
    let html = html(&View::Page(page));
    assert!(
        html.contains("Updated on <time") && html.contains(r#""dateModified":"2026-06-07T00:00Z""#),
        "{html}"
    );
}

#[test]
fn a_post_has_metadata() {
    let html = html(&hello());
    for fact in [
        r#"<link rel="canonical" href="https://example.org/blog/hello">"#,
        r#"content="article" property="og:type""#,
        r#"content="https://example.org/blog/hello" property="og:url""#,
        r#"name="twitter:card" content="summary""#,
        r#"type="application/atom+xml""#,
        r#"type="application/rss+xml""#,
    ] {
        assert!(html.contains(fact), "{fact} is not in {html}");
    }
    let (_, json) = html.split_once("application/ld+json").unwrap();
    let json = json.split_once('>').unwrap().1.split_once("</script>").unwrap().0;
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["@type"], "BlogPosting");
    assert_eq!(json["datePublished"], "2026-05-04T13:05Z");
}

#[test]
fn a_tag_in_an_address_is_encoded() {
    let html = html(&hello());
    assert!(html.contains(r#"href="/tags/gr%C3%B6%C3%9Fe""#), "{html}");
}

#[test]
fn private_pages_are_not_indexed_and_load_no_islands() {
    for page in [
        View::NotFound,
        View::Login(LoginPage::default()),
        View::Moderation(ModerationPage {
            comments: Vec::new(),
            only_pending: false,
            older: None,
            previews: Vec::new(),
            errors: Diagnostics::default(),
        }),
    ] {
        let html = html(&page);
        assert!(html.contains(r#"name="robots" content="noindex""#), "{html}");
        assert!(
            !html.contains("horizon-0123.js") && !html.contains("leptos-island"),
            "{html}"
        );
        assert!(
            !html.contains("site-viewers") && !html.contains("on the site now"),
            "{html}"
        );
    }
}

#[test]
fn the_dot_of_an_item_without_viewers_is_a_circle() {
    let page = template(&hello());
    let html = page.fill(&SlotValues::for_site(None));
    assert_eq!(html.matches(r#"<li class="now no-viewers">"#).count(), 2, "{html}");
    assert!(!html.contains(r#"<li class="now">"#), "{html}");
}

#[test]
fn the_moderation_page_has_buttons_for_each_comment() {
    let html = html(&all().pop().unwrap());
    for part in [
        r#"action="/admin/comments/00000000000000000000000000000009""#,
        r#"name="verdict" value="shown""#,
        r#"name="verdict" value="removed""#,
        r#"name="only" value="waiting""#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn the_moderation_page_lists_files_with_errors() {
    let html = html(&all().pop().unwrap());
    for part in [
        "Posts that cannot be shown",
        "<code>posts/00.md:3</code>",
        "The last good version is shown",
        "<code>posts/01.md</code>",
        r#"7 more. <code dir="ltr">horizon-web check</code> lists all of them."#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn the_problems_of_each_node_are_listed_as_text() {
    let node = NodeStatus {
        name: "web-1".into(),
        started: Timestamp::from_millis(1_795_550_822_604),
        silent_millis: 0,
        round_trip_micros: None,
        clock_offset_millis: Some(-7_200_000),
        problems: vec!["clock: <b>it is wrong".into()],
    };
    let mut cluster = ClusterPage::default();
    cluster.web.push(WebNode { node, viewers: 0 });
    let html = cluster_table(&Texts::default(), &cluster);
    assert!(html.contains(r#"<li data-problem-of="web-1">"#), "{html}");
    assert!(html.contains("clock: &lt;b&gt;it is wrong"), "{html}");
    assert!(html.contains("7,200 s behind"), "{html}");
    cluster.web.clear();
    assert!(!cluster_table(&Texts::default(), &cluster).contains("Problems"));
}

#[test]
fn a_number_of_a_card_is_hidden_while_it_is_zero() {
    let some = PageStats {
        visits: 5,
        ..PageStats::default()
    };
    for (stats, hidden) in [(Some(PageStats::default()), 3), (None, 3), (Some(some), 2)] {
        let html = html(&blog_with(stats));
        let (_, card) = html.split_once("<article").unwrap();
        let (card, _) = card.split_once("</article>").unwrap();
        assert_eq!(
            (card.matches("<li").count() - 1, card.matches(" hidden").count()),
            (3, hidden),
            "{card}"
        );
    }
}

#[test]
fn a_page_of_a_list_leads_to_the_pages_around_it() {
    let html = html(&View::Blog(blog_index(Vec::new())));
    for part in [
        r#"<link rel="canonical" href="https://example.org/blog?page=2">"#,
        r#"<link rel="prev" href="/blog">"#,
        r#"<link rel="next" href="/blog?page=3">"#,
        r#"<a rel="next" href="/blog?page=3">"#,
        "<title>All posts · Page 2 · A blog</title>",
        "Page 2 of 3",
        r#"<body data-page="list/blog">"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

#[test]
fn a_post_of_a_series_names_its_part() {
    let mut page = post("Hello", "Ada");
    let other = page.older.clone().unwrap();
    let series = Series {
        name: "Walks".into(),
        slug: "walks".into(),
    };
    page.series = Some(SeriesPart {
        series,
        posts: vec![other, page.post.clone()],
        part: 1,
    });
    let html = html(&View::Post(Box::new(page)));
    for part in [
        "Part 2 of 2",
        r#"href="/series/walks""#,
        r#"<a href="/blog/hello" aria-current="page""#,
        "Series: Walks",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}
