//! The pages as the server sends them, before scripts run.
#![expect(clippy::unwrap_used, reason = "what is not there shall fail the test")]

mod drafts;
mod forms;
mod languages;
mod lists;
mod metadata;
mod own_blog;
mod private;
mod sample;

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use horizon_app::{ErrorPage, Site, SlotValues, Template, TemplatePart, View};
use horizon_core::wire::PageStats;
use sha2::{Digest, Sha256};

use sample::{all, hello, library, post, site, values};

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
fn the_dot_of_an_item_without_viewers_is_a_circle() {
    let page = template(&hello());
    let html = page.fill(&SlotValues::for_site(None));
    assert_eq!(html.matches(r#"<li class="now no-viewers">"#).count(), 2, "{html}");
    assert!(!html.contains(r#"<li class="now">"#), "{html}");
}
