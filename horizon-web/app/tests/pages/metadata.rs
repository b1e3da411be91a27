//! What search engines and other programs read.

use std::sync::Arc;

use horizon_app::{Site, View};

use crate::{
    html, html_of,
    sample::{hello, library, post, site},
};

#[test]
fn without_a_base_url_there_is_no_absolute_link() {
    let site = Site {
        base_url: None,
        ..Site::clone(&site())
    };
    let html = html_of(&site.into(), hello());
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
