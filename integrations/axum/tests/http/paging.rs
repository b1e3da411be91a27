//! Pages of threads and of replies, and the bytes that bound them.

use horizon_core::{
    EventId, MAX_COMMENT_CHARS, MAX_PAGE_BYTES, REPLIES_PER_THREAD,
    wire::{CommentView, ThreadView, ThreadsView},
};
use serde_json::{Value, json};

use crate::site::AxumSite;

const PATH: &str = "/comments/hello";

async fn write(site: &AxumSite, body: &str, parent: Option<EventId>) -> EventId {
    let response = site.client().json(PATH, &json!({"body": body, "parent": parent})).await;
    assert_eq!(response.status, 201, "{}", response.body);
    response.read::<CommentView>().id
}

async fn threads(site: &AxumSite, query: &str) -> ThreadsView {
    site.client().get(&format!("{PATH}{query}")).await.read()
}

/// Returns the numbers of replies on the successive pages of a thread.
async fn all_replies(site: &AxumSite, head: EventId, limit: usize) -> Vec<Vec<EventId>> {
    let mut thread = threads(site, "").await.threads.remove(0);
    let mut pages = vec![ids(&thread)];
    while thread.has_more_replies {
        let after = pages.iter().rev().find_map(|page| page.last()).unwrap();
        let query = format!("?thread={head}&after={after}&limit={limit}");
        thread = threads(site, &query).await.threads.remove(0);
        pages.push(ids(&thread));
    }
    pages
}

fn ids(thread: &ThreadView) -> Vec<EventId> {
    thread.replies.iter().map(|reply| reply.id).collect()
}

#[tokio::test]
async fn replies_are_paged() {
    let site = AxumSite::start().await;
    let head = write(&site, "head", None).await;
    let most = REPLIES_PER_THREAD.get();
    let mut written = Vec::new();
    for number in 0..most {
        written.push(write(&site, &number.to_string(), Some(head)).await);
    }
    // A small thread has only the fields of the previous version.
    let small = site.client().get(PATH).await.read::<Value>();
    let fields: Vec<_> = small["threads"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["comment", "replies"]);
    for number in 0..7 {
        written.push(write(&site, &number.to_string(), Some(head)).await);
    }
    let pages = all_replies(&site, head, 3).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [most, 3, 3, 1]);
    assert_eq!(pages.concat(), written);
}

#[tokio::test]
async fn an_unknown_thread_is_an_empty_page_and_an_invalid_id_is_named() {
    let site = AxumSite::start().await;
    let head = write(&site, "head", None).await;
    let reply = write(&site, "reply", Some(head)).await;
    for thread in [reply, EventId::from_u128(1)] {
        assert_eq!(
            threads(&site, &format!("?thread={thread}")).await,
            ThreadsView::default()
        );
    }
    for (query, field) in [
        ("?thread=1".to_owned(), "thread"),
        (format!("?thread={head}&after=x"), "after"),
        ("?after=x".to_owned(), "after"),
        (format!("?thread={head}&limit=101"), "limit"),
    ] {
        let problem = site.client().get(&format!("{PATH}{query}")).await.problem();
        assert_eq!(problem, (400, "invalid-query".into(), Some(field.into())), "{query}");
    }
}

/// An ampersand is five times as long in HTML, so the rendered page is full before the store's page.
#[tokio::test]
async fn the_size_of_responses_is_bounded() {
    let site = AxumSite::start().await;
    let large = "&".repeat(MAX_COMMENT_CHARS);
    let head = write(&site, "head", None).await;
    let mut replies = Vec::new();
    for _ in 0..MAX_PAGE_BYTES / (5 * MAX_COMMENT_CHARS) + 1 {
        replies.push(write(&site, &large, Some(head)).await);
    }
    let mut heads = vec![head];
    for _ in 0..MAX_PAGE_BYTES / (5 * MAX_COMMENT_CHARS) + 1 {
        heads.push(write(&site, &large, None).await);
    }
    let (mut before, mut found, mut responses) = (String::new(), Vec::new(), 0);
    loop {
        let response = site.client().get(&format!("{PATH}?limit=100{before}")).await;
        assert!(
            response.body.len() < 2 * MAX_PAGE_BYTES,
            "{} bytes",
            response.body.len()
        );
        let page: ThreadsView = response.read();
        found.extend(page.threads.iter().rev().map(|thread| thread.comment.id));
        before = format!("&before={}", page.threads[0].comment.id);
        responses += 1;
        if !page.has_earlier {
            break;
        }
    }
    found.reverse();
    assert_eq!((found, responses), (heads, 2));
    let page = site.client().get(&format!("{PATH}?thread={head}&limit=100")).await;
    assert!(page.body.len() < 2 * MAX_PAGE_BYTES, "{} bytes", page.body.len());
    let thread = &page.read::<ThreadsView>().threads[0];
    assert!(thread.has_more_replies);
    assert_eq!(ids(thread), replies[..thread.replies.len()]);
}
