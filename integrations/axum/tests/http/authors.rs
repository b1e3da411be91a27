//! Authors of comments whom the application sets.

use horizon_core::wire::{CommentView, ThreadsView};
use serde_json::{Value, json};

use crate::site::AxumSite;

const PATH: &str = "/comments/hello";

#[tokio::test]
async fn a_comment_has_the_name_and_badge_that_the_application_set() {
    let site = AxumSite::start().await;
    let mut live = site.client().live("/live/hello").await;
    let staff = site.client().with("x-staff", "Grace");
    for author in ["Mallory", "", &"x".repeat(81), "a\nb"] {
        let sent = json!({"body": "Hello", "author": author});
        let response = staff.json(PATH, &sent).await;
        assert_eq!(response.status, 201, "{}", response.body);
        let comment: Value = response.read();
        assert_eq!(
            (&comment["author"], &comment["badge"]),
            (&json!("Grace"), &json!("Staff"))
        );
    }
    let form = staff.form(PATH, "body=Hello&author=Mallory&back=/hello").await;
    assert_eq!(form.status, 303);
    let shown: ThreadsView = site.client().get(PATH).await.read();
    assert_eq!(shown.threads.len(), 5);
    for thread in shown.threads {
        let badge = thread.comment.badge.unwrap();
        assert_eq!((thread.comment.author.as_str(), badge.as_str()), ("Grace", "Staff"));
    }
    let newest = |comments: &Vec<CommentView>| comments.iter().filter(|comment| comment.badge.is_some()).count() == 5;
    live.until("comments", newest).await;
}

#[tokio::test]
async fn a_reader_cannot_give_themselves_a_badge() {
    let site = AxumSite::start().await;
    let sent = json!({"body": "Hello", "author": "Grace", "badge": "Staff"});
    let response = site.client().json(PATH, &sent).await;
    assert_eq!(response.status, 201);
    assert!(
        !response.body.contains("badge") && !response.body.contains("Staff"),
        "{}",
        response.body
    );
    let named = site.client().with("x-user", "ada");
    assert_eq!(
        named
            .form(PATH, "body=Hello&author=Staff&badge=Staff&back=/hello")
            .await
            .status,
        303
    );
    let shown: ThreadsView = site.client().get(PATH).await.read();
    assert_eq!(shown.threads.len(), 2);
    assert!(shown.threads.iter().all(|thread| thread.comment.badge.is_none()));
}

#[tokio::test]
async fn a_removed_comment_shows_no_badge() {
    let site = AxumSite::start().await;
    let staff = site.client().with("x-staff", "Grace");
    let head: CommentView = staff.json(PATH, &json!({"body": "Hello"})).await.read();
    let reply = json!({"body": "Hi", "parent": head.id});
    assert_eq!(site.client().json(PATH, &reply).await.status, 201);
    assert!(
        site.horizon
            .moderate(head.id, horizon_core::Visibility::Removed)
            .await
            .unwrap()
    );
    let shown: ThreadsView = site.client().get(PATH).await.read();
    let head = &shown.threads[0].comment;
    assert!(
        head.removed && head.author.is_empty() && head.badge.is_none(),
        "{head:?}"
    );
}
