//! Comments.

use eventhorizon::{Moderation, Paging};
use horizon_core::{
    EventId, MAX_REPLIES, Visibility,
    wire::{CommentView, ThreadsView},
};
use http::header;
use serde_json::json;

use crate::site::AxumSite;

const ID: &str = "01890a5dac96774bbcceb302099a8057";
const PATH: &str = "/comments/hello";

async fn write(site: &AxumSite, body: &str, parent: Option<EventId>) -> CommentView {
    let response = site.client().json(PATH, &json!({"body": body, "parent": parent})).await;
    assert_eq!(response.status, 201, "{}", response.body);
    response.read()
}

async fn threads(site: &AxumSite, query: &str) -> ThreadsView {
    site.client().get(&format!("{PATH}{query}")).await.read()
}

#[tokio::test]
async fn the_response_to_a_comment_is_the_comment_as_shown() {
    let site = AxumSite::start().await;
    let sent = json!({"body": "*Hello* <b>you</b>", "author": " Ada "});
    let response = site.client().json(PATH, &sent).await;
    assert_eq!(response.status, 201);
    assert!(response.headers.contains_key(header::SET_COOKIE));
    let comment: CommentView = response.read();
    assert_eq!((comment.author.as_str(), comment.parent), ("Ada", None));
    assert_eq!(comment.html, "<p><em>Hello</em> &lt;b&gt;you&lt;/b&gt;</p>\n");
    let shown = threads(&site, "").await;
    assert_eq!((shown.threads.len(), shown.has_earlier), (1, false));
    assert_eq!(shown.threads[0].comment, comment);
    assert_eq!(
        site.horizon
            .threads(&"hello".parse().unwrap(), Paging::default())
            .await
            .unwrap(),
        shown
    );
    let again = site.client().keep_cookie(&response).json(PATH, &sent).await;
    assert!(!again.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn replies_are_below_their_comment() {
    let site = AxumSite::start().await;
    let head = write(&site, "first", None).await;
    let other = write(&site, "second", None).await;
    let reply = write(&site, "reply", Some(head.id)).await;
    let shown = threads(&site, "").await;
    assert_eq!(
        shown.threads.iter().map(|thread| thread.comment.id).collect::<Vec<_>>(),
        [head.id, other.id]
    );
    assert_eq!(shown.threads[0].replies, [reply]);
}

#[tokio::test]
async fn older_threads_are_paged() {
    let site = AxumSite::start().await;
    for number in 0..5 {
        write(&site, &format!("number {number}"), None).await;
    }
    let newest = threads(&site, "?limit=2").await;
    assert!(newest.has_earlier && newest.threads[1].comment.html.contains("number 4"));
    let before = newest.threads[0].comment.id;
    let earlier = threads(&site, &format!("?limit=100&before={before}")).await;
    assert!(!earlier.has_earlier && earlier.threads.len() == 3);
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?limit=101", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=x", "limit"),
        ("?before=1", "before"),
        ("?before=%FF", "before"),
    ] {
        let problem = site.client().get(&format!("{PATH}{query}")).await.problem();
        assert_eq!(problem, (400, "invalid-query".into(), Some(field.into())), "{query}");
    }
    let twice = site.client().get(&format!("{PATH}?limit=1&limit=2")).await.problem();
    assert_eq!((twice.0, twice.1.as_str()), (400, "invalid-query"));
}

#[tokio::test]
async fn a_repeated_comment_is_stored_once() {
    let site = AxumSite::start().await;
    let sent = json!({"body": "once", "id": ID});
    let first = site.client().json(PATH, &sent).await;
    let by_header = site
        .client()
        .with("idempotency-key", &format!("\"{ID}\""))
        .json(PATH, &json!({"body": "once"}))
        .await;
    for again in [site.client().json(PATH, &sent).await, by_header] {
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        assert!(
            !again.headers.contains_key(header::SET_COOKIE),
            "no reader gets the cookie of another"
        );
    }
    assert_eq!(threads(&site, "").await.threads.len(), 1);
    let taken = (409, "id-taken".into(), Some("id".into()));
    assert_eq!(
        site.client()
            .json(PATH, &json!({"body": "other", "id": ID}))
            .await
            .problem(),
        taken
    );
    assert_eq!(site.client().json("/comments/other", &sent).await.problem(), taken);
}

#[tokio::test]
async fn the_same_comment_sent_many_times_at_once_is_stored_once() {
    let site = AxumSite::start().await;
    let senders: Vec<_> = (0..20)
        .map(|_| {
            let client = site.client();
            tokio::spawn(async move { client.json(PATH, &json!({"body": "once", "id": ID})).await.status })
        })
        .collect();
    for sender in senders {
        assert_eq!(sender.await.unwrap(), 201);
    }
    assert_eq!(threads(&site, "").await.threads.len(), 1);
}

#[tokio::test]
async fn a_parent_must_be_a_comment_that_accepts_replies() {
    let site = AxumSite::start().await;
    let head = write(&site, "head", None).await;
    let reply = write(&site, "reply", Some(head.id)).await;
    let removed = write(&site, "removed", None).await;
    site.horizon.moderate(removed.id, Visibility::Removed).await.unwrap();
    for (path, parent) in [
        (PATH, ID.to_owned()),
        (PATH, reply.id.to_string()),
        (PATH, removed.id.to_string()),
        ("/comments/other", head.id.to_string()),
        (PATH, "no id".to_owned()),
    ] {
        let response = site.client().json(path, &json!({"body": "b", "parent": parent})).await;
        assert_eq!(
            response.problem(),
            (422, "invalid-field".into(), Some("parent".into())),
            "{parent}"
        );
    }
    for _ in 1..MAX_REPLIES {
        write(&site, "another", Some(head.id)).await;
    }
    let full = site
        .client()
        .json(PATH, &json!({"body": "too many", "parent": head.id}))
        .await;
    assert_eq!(full.problem(), (422, "invalid-field".into(), Some("parent".into())));
}

#[tokio::test]
async fn with_moderation_before_publishing_a_comment_is_pending() {
    let site = AxumSite::with(|config, _| config.moderation = Moderation::BeforePublishing).await;
    let sent = json!({"body": "please", "id": ID});
    let response = site.client().json(PATH, &sent).await;
    assert_eq!(response.status, 202);
    assert_eq!(site.client().json(PATH, &sent).await.status, 202);
    assert!(threads(&site, "").await.threads.is_empty());
    let waiting = site
        .horizon
        .recent_comments(Some(Visibility::Pending), Paging::default())
        .await
        .unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(site.horizon.moderate(waiting[0].id, Visibility::Shown).await.unwrap());
    assert_eq!(threads(&site, "").await.threads.len(), 1);
    assert!(
        site.horizon
            .recent_comments(Some(Visibility::Pending), Paging::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        !site
            .horizon
            .moderate(EventId::from_u128(1), Visibility::Shown)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_plain_form_comments_and_redirects_back() {
    let site = AxumSite::start().await;
    let response = site
        .client()
        .form(
            PATH,
            "body=Hello+%C3%A4&author=Ada&parent=&id=&website=&back=%2Fblog%2Fhello",
        )
        .await;
    let comment = &threads(&site, "").await.threads[0].comment;
    assert_eq!(comment.html, "<p>Hello ä</p>\n");
    let location = response.headers["location"].to_str().unwrap();
    assert_eq!(
        (response.status.as_u16(), location),
        (303, &*format!("/blog/hello#comment-{}", comment.id))
    );
    let site = AxumSite::with(|config, _| config.moderation = Moderation::BeforePublishing).await;
    for (back, expected) in [
        ("/a", "/a?comment=waiting#comments"),
        ("/a%3Fb%3Dc%23d", "/a?b=c&comment=waiting#comments"),
    ] {
        let response = site.client().form(PATH, &format!("body=Hello&back={back}")).await;
        assert_eq!(response.headers["location"], expected);
    }
}

#[tokio::test]
async fn a_comment_in_the_honeypot_seems_accepted() {
    let site = AxumSite::start().await;
    let form = site
        .client()
        .form(PATH, "body=spam&website=https%3A%2F%2Fspam.example&back=%2F")
        .await;
    assert_eq!(form.status, 303);
    assert!(form.headers["location"].to_str().unwrap().starts_with("/#comment-"));
    let json = site.client().json(PATH, &json!({"body": "spam", "website": "x"})).await;
    assert_eq!(json.status, 201);
    assert!(threads(&site, "").await.threads.is_empty());
    assert_eq!(site.client().numbers("/stats/hello").await.comments, 0);
}

#[tokio::test]
async fn a_comment_that_the_bus_rejects_can_be_retried() {
    let site = AxumSite::start().await;
    site.bus.set_down(true);
    let sent = json!({"body": "once", "id": ID});
    assert_eq!(site.client().json(PATH, &sent).await.problem().0, 503);
    site.bus.set_down(false);
    assert_eq!(site.client().json(PATH, &sent).await.status, 201);
    assert_eq!(threads(&site, "").await.threads.len(), 1);
}
