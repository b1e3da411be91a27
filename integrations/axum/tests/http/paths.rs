//! Pages are named by their URL path, in any form that browsers and proxies send.

use horizon_core::{
    Slug, StatsStoreExt, Topic,
    wire::{LikeView, ObservedStats, PageStats},
};
use horizon_test_support::{raw, seeded_rng};
use serde_json::json;

use crate::site::{AxumSite, eventually};

/// Paths of pages as they are sent, and their names.
const PAGES: [(&str, &str); 8] = [
    ("docs/guide/intro", "docs/guide/intro"),
    ("docs/a%20b/%C3%A9", "docs/a b/é"),
    ("docs/a%20b/e%CC%81", "docs/a b/é"), // not in normalization form C
    ("docs/guide/intro/", "docs/guide/intro"),
    ("", "/"),
    (".hidden", ".hidden"),
    ("100%25", "100%"),
    ("%7Bid%7D/a%3Fb%23c+d", "{id}/a?b#c+d"),
];

/// Returns the stored likes and comments of a topic.
async fn stored(site: &AxumSite, topic: &Topic) -> (u64, u64) {
    let stats = site.store.total(topic).await.unwrap().stats;
    (stats.likes, stats.comments)
}

#[tokio::test]
async fn every_route_finds_a_page_by_its_path() {
    let site = AxumSite::start().await;
    for (path, name) in PAGES {
        let slug = Slug::new(name).unwrap();
        let reader = site.client();
        let liked: LikeView = reader.send("PUT", &format!("/likes/{path}"), "").await.read();
        assert!(liked.liked, "{path}");
        let comment = json!({"body": "Well said"});
        let posted = reader.json(&format!("/comments/{path}"), &comment).await;
        assert_eq!(posted.status, 201, "{path}: {}", posted.body);
        let comments = reader.get(&format!("/comments/{path}")).await;
        assert!(comments.body.contains("Well said"), "{path}: {}", comments.body);
        assert!(
            !reader.get(&format!("/likes/{path}")).await.read::<LikeView>().liked,
            "{path}"
        );
        let topic = Topic::from(slug);
        eventually(path, async || {
            let (numbers, stored) = (
                reader.numbers(&format!("/stats/{path}")).await,
                stored(&site, &topic).await,
            );
            stored.0 > 0 && stored.1 > 0 && stored == (numbers.likes, numbers.comments)
        })
        .await;
        let mut live = reader.live(&format!("/live/{path}")).await;
        live.viewers(1).await;
        drop(live);
    }
}

#[tokio::test]
async fn the_site_and_the_root_page_are_different() {
    let site = AxumSite::start().await;
    let mut root = site.client().agent(1).live("/live/").await;
    root.until("site", |numbers: &PageStats| numbers.viewers == 1).await;
    let _site = site.client().agent(2).live("/live").await;
    root.until("site", |numbers: &PageStats| numbers.viewers == 2).await;
    assert_eq!(site.client().numbers("/stats/").await.viewers, 1);
    assert_eq!(site.client().numbers("/stats").await.viewers, 2);
    let root = Topic::from(Slug::new("/").unwrap());
    eventually("the visit is counted", async || site.visits(root.clone()).await == 1).await;
    for path in ["/likes", "/comments", "/client.js/", "/nothing/docs"] {
        let problem = site.client().get(path).await.problem();
        assert_eq!(problem, (404, "not-found".into(), None), "{path}");
    }
}

#[tokio::test]
async fn a_path_that_proxies_and_frameworks_read_differently_is_refused() {
    let site = AxumSite::start().await;
    for route in ["live", "stats", "likes", "comments"] {
        for (path, reason) in [
            ("docs%2Fintro", "write the slashes of a path as they are, not as %2F"),
            ("docs%2fintro", "%2F"),
            ("docs//intro", "slash"),
            ("/docs", "slash"),
            ("docs/", ""),
            ("docs/%2E%2E/intro", "segment"),
            ("docs/%2e/intro", "segment"),
            ("a%0D%0Ab", "control character"),
            ("a%00", "control character"),
            ("%C3%A9%FF", "UTF-8"),
            (&"x".repeat(513), "512 bytes"),
            (&"%C3%A9".repeat(257), "512 bytes"),
        ] {
            // HTTP clients resolve dot segments, so the request is sent as text.
            let method = if reason.is_empty() { "HEAD" } else { "GET" };
            let request = format!("{method} /horizon/{route}/{path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
            let response = raw::exchange(site.address, request.as_bytes()).await.unwrap();
            if reason.is_empty() {
                assert!(response.starts_with("HTTP/1.1 200 "), "{request} {response}");
                continue;
            }
            assert!(response.starts_with("HTTP/1.1 400 "), "{request} {response}");
            assert!(response.contains("\"urn:horizon:problem:invalid-slug\""), "{response}");
            assert!(
                response.contains("\"field\":\"slug\"") && response.contains(reason),
                "{response}"
            );
        }
    }
}

#[tokio::test]
async fn a_stream_observes_pages_by_their_names() {
    let site = AxumSite::start().await;
    let reader = site.client();
    reader.send("PUT", "/likes/docs/a%20b/%C3%A9", "").await;
    let mut live = reader
        .live("/live?page=docs/a+b/%C3%A9&page=%2F&page=docs%2Fintro")
        .await;
    let is_liked = |seen: &ObservedStats| seen.page.as_str() == "docs/a b/é" && seen.stats.likes == 1;
    live.until("page", is_liked).await;
    let invalid = site.client().get("/live?page=/docs").await;
    assert_eq!(invalid.problem(), (422, "invalid-field".into(), Some("page".into())));
}

/// The characters of random names: those with a meaning in URLs, HTML, Redis keys and patterns, and letters.
const CHARACTERS: &[char] = &[
    '/', '.', '-', '_', '~', ' ', '%', '2', 'F', '{', '}', '*', '?', '[', ']', '\\', '#', '&', '+', '=', ':', ';', '"',
    '<', '>', '\'', '|', '^', '`', '@', '!', '$', ',', '(', ')', 'a', 'Z', '0', 'é', 'ß', '日', '\u{301}', '\u{202e}',
    '👍', '\u{a0}',
];

#[tokio::test]
async fn a_random_name_survives_its_way_through_urls() {
    let (seed, mut random) = seeded_rng();
    eprintln!("HORIZON_SEED={seed}");
    let site = AxumSite::start().await;
    let mut tested = 0;
    while tested < 300 {
        let length = random.usize(1..12);
        let name: String = (0..length).filter_map(|_| random.choice(CHARACTERS)).collect();
        let Ok(slug) = Slug::new(&name) else { continue };
        tested += 1;
        let path = slug.url_path();
        let liked = site.client().send("PUT", &format!("/likes/{path}"), "").await;
        assert_eq!(liked.status, 200, "{name:?} {path}: {}", liked.body);
        assert_eq!(Slug::from_path(&format!("/{path}")), Ok(slug.clone()), "{name:?}");
        let topic = Topic::from(slug);
        assert_eq!(topic.to_string().parse(), Ok(topic.clone()), "{name:?}");
        eventually(path.as_str(), async || stored(&site, &topic).await.0 >= 1).await;
    }
}
