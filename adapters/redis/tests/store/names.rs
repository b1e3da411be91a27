//! Names of pages with characters that mean something in keys, patterns and URLs.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use horizon_core::{CommentStore, DEDUPE_WINDOW, Event, Slug, StatsStore, StatsStoreExt, Topic};

use super::{DAY, MILLI, NOW, comment, hit, like, page, start};

/// `{b}` and `%7Bb%7D` are different pages. So are `a` and `a*`.
const NAMES: [&str; 12] = [
    "/",
    "docs/a b/é",
    "{b}",
    "%7Bb%7D",
    "}{",
    "a{",
    "}b",
    "a",
    "a*",
    "a[b]?",
    "100%",
    "\\\"'",
];

/// Three events of a page: a visit, a like and a comment.
fn events(topic: &Topic, number: u64) -> [Event; 3] {
    let number = number * 10;
    [
        hit(topic, number),
        like(topic, number + 1, number, true),
        comment(topic, number + 2, None, false),
    ]
}

#[tokio::test]
async fn pages_with_any_name_are_counted_apart() {
    let (server, store) = start().await;
    let topics: Vec<Topic> = NAMES.iter().map(|name| page(name)).collect();
    let events: Vec<Event> = (1..)
        .zip(&topics)
        .flat_map(|(number, topic)| events(topic, number))
        .collect();
    for _ in 0..2 {
        store.apply(&events).await.unwrap();
    }
    let limit = NonZeroUsize::new(50).unwrap();
    for topic in &topics {
        let stats = store.total(topic).await.unwrap().stats;
        assert_eq!((stats.visits, stats.likes, stats.comments), (1, 1, 1), "{topic}");
        let newest = store.newest_comments(topic.slug().unwrap(), limit).await.unwrap();
        assert_eq!(newest.len(), 1, "{topic}");
        let found = store.comment(newest[0].id).await.unwrap().unwrap();
        assert_eq!(Some(&found.slug), topic.slug());
    }
    let recent = store.recent_comments(None, None, limit).await.unwrap();
    let slugs: BTreeSet<&str> = recent.iter().map(|comment| comment.slug.as_str()).collect();
    assert_eq!(slugs, BTreeSet::from(NAMES));
    // The names are in the sets as they are, and in the keys with `%`, `{` and `}` encoded.
    let is_member = server.cli(&["SISMEMBER", "horizon:topics", "blog:{b}"]).await.unwrap();
    assert_eq!(is_member.trim(), "1");
    let visits = server
        .cli(&[
            "EXISTS",
            "horizon:{blog:%7Bb%7D}:total",
            "horizon:{blog:%257Bb%257D}:total",
        ])
        .await;
    assert_eq!(visits.unwrap().trim(), "2");
    store.expire(NOW.plus(DEDUPE_WINDOW + DAY + MILLI)).await.unwrap();
    let ids = server.cli(&["--raw", "KEYS", "horizon:{*}:ids:[0-9-]*"]).await.unwrap();
    assert_eq!(ids.trim(), "", "each page expires");
}

/// A database of the last version: names without special characters, in keys without encoding.
#[tokio::test]
async fn totals_of_the_last_version_are_read_under_their_names() {
    let (server, store) = start().await;
    for (name, visits) in [("hello", "3"), ("2026_notes.v2~draft", "4")] {
        let key = format!("horizon:{{blog:{name}}}:total");
        server
            .cli(&["SADD", "horizon:topics", &format!("blog:{name}")])
            .await
            .unwrap();
        server
            .cli(&["HSET", &key, "visits", visits, "likes", "1", "revision", "4"])
            .await
            .unwrap();
    }
    let topic = page("hello");
    assert_eq!(store.total(&topic).await.unwrap().stats.visits, 3);
    store.apply(&[hit(&topic, 1)]).await.unwrap();
    let total = store.total(&topic).await.unwrap();
    assert_eq!((total.stats.visits, total.stats.likes, total.revision), (4, 1, 5));
    let other = Topic::from(Slug::new("2026_notes.v2~draft").unwrap());
    assert_eq!(store.total(&other).await.unwrap().stats.visits, 4);
}
