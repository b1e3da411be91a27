//! The rules and the HTML, without PostgreSQL.

use horizon_axum::eventhorizon::{Caller, CustomEvent, NewComment, testing::TestSite};

use crate::{
    database::{Article, User, identity},
    policy, view,
};

#[tokio::test]
async fn a_page_shows_reactions_and_comments_of_staff() {
    let site = TestSite::start_with(["/", "docs/guide/intro"], |builder| {
        builder
            .event_policy(policy)
            .identify(|caller: &Caller| identity(caller.extensions().get::<User>().cloned()).unwrap())
    })
    .await;
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
    let html = view::article(&article, &page, stats, false, Some(&grace)).into_string();
    assert!(
        html.contains(r#"<span data-horizon-count="🎉">1</span>"#) && html.contains("&lt;Intro&gt;"),
        "{html}"
    );
}
