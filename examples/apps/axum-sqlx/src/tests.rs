//! The rules and the HTML, without PostgreSQL: only the line with `TestSite` differs from `main`.

use horizon_axum::eventhorizon::{Caller, CustomEvent, Identity, NewComment, testing::TestSite};

use crate::{
    configure,
    database::{Article, PopularArticle, User, identity},
    view,
};

/// Returns who the caller is, without a table of sessions.
fn signed_in(caller: &Caller) -> Identity {
    identity(caller.extensions().get::<User>().cloned()).unwrap()
}

#[tokio::test]
async fn a_page_shows_reactions_and_comments_of_staff() {
    let site = TestSite::start_with(["/", "docs/guide/intro"], |builder| configure(builder, signed_in)).await;
    let grace = User {
        id: 7,
        name: "Grace".into(),
        staff: true,
    };
    let caller = site.caller("Firefox").with(grace.clone());
    let page = site.page("docs/guide/intro").await;
    let mut live = site.open("docs/guide/intro", "Safari").await;

    site.horizon
        .track(&page, &caller, CustomEvent::new("🎉").unwrap())
        .await
        .unwrap();
    let rejected = site
        .horizon
        .track(&page, &caller, CustomEvent::new("👎").unwrap())
        .await;
    assert_eq!(rejected.unwrap_err().status(), 403);
    live.wait_for("live", |stats| stats["events"]["🎉"] == 1).await;

    let comment = site
        .horizon
        .comment(&page, NewComment::new("Mallory", "Well *said*"), &caller)
        .await
        .unwrap();
    assert_eq!(
        (comment.view.author.as_str(), comment.view.badge.unwrap().as_str()),
        ("Grace", "Staff")
    );

    let stats = &site.horizon.stats(&[page.clone().into()]).await.unwrap()[0];
    let article = Article {
        title: "<Intro>".into(),
        body: "Begin.".into(),
    };
    let popular = PopularArticle {
        path: "/café".into(),
        title: "Café & bar".into(),
        visitors: 3,
        likes: 2,
    };
    let html = view::article(&article, &page, stats, false, Some(&grace), &[popular]).into_string();
    for part in [
        r#"<span data-horizon-count="🎉">1</span>"#,
        "&lt;Intro&gt;",
        r#"<a href="/café">Café &amp; bar</a>, 3 readers, 2 ♥"#,
    ] {
        assert!(html.contains(part), "no `{part}` in {html}");
    }
}
