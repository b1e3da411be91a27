//! The pages of the author.

use horizon_app::{ClusterPage, LoginPage, ModerationPage, NodeStatus, Texts, View, WebNode, cluster_table};
use horizon_core::Timestamp;
use horizon_posts::Diagnostics;

use crate::{html, sample::all};

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
