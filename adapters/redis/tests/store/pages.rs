//! Keys, order and expiry.

use std::net::{Ipv4Addr, TcpListener};
use std::num::NonZeroUsize;

use horizon_core::{
    CommentStore, DEDUPE_WINDOW, EventId, EventKind, StatsStore, Timestamp, Topic, Visibility, VisitorKey,
};
use horizon_redis::RedisStore;
use horizon_redis::testing::RedisServer;

use super::{DAY, MILLI, NOW, comment, event, hit, like, page, start, visit, visits};

/// Returns all comments, read page by page from the newest to the oldest.
async fn recent(store: &RedisStore, limit: usize) -> Vec<EventId> {
    let limit = NonZeroUsize::new(limit).unwrap();
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let some = store.recent_comments(None, before, limit).await.unwrap();
        let Some(last) = some.last() else { return found };
        before = Some(last.id);
        found.extend(some.iter().map(|comment| comment.id));
    }
}

#[tokio::test]
async fn recent_comments_cover_more_lists_than_one_round_trip_in_the_order_of_the_batch() {
    let (_server, store) = start().await;
    let pages: Vec<_> = (0..400).map(|number| page(&format!("page-{number}"))).collect();
    let numbers = (0..500_u64).zip(pages.iter().cycle().step_by(7));
    let batch: Vec<_> = numbers
        .map(|(number, page)| comment(page, number, None, false))
        .collect();
    store.apply(&batch).await.unwrap();
    let want: Vec<_> = batch.iter().rev().map(|event| event.id).collect();
    assert_eq!(recent(&store, 60).await, want);
}

#[tokio::test]
async fn comments_keep_their_order_when_the_clock_goes_back() {
    let (server, store) = start().await;
    let mut want = Vec::new();
    for (slug, number) in [("b", 1), ("a", 2), ("c", 3)] {
        let total = format!("horizon:{{blog:{slug}}}:total");
        server
            .cli(&["HSET", &total, "last_place", "5000000000000000"])
            .await
            .unwrap();
        let [first, second] = [0, 10].map(|more| comment(&page(slug), number + more, None, false));
        want.extend([(1, slug, first.id), (2, slug, second.id)]);
        for event in [first, second] {
            store.apply(&[event]).await.unwrap();
        }
    }
    want.sort_unstable();
    let want: Vec<_> = want.into_iter().rev().map(|(_, _, id)| id).collect();
    assert_eq!(recent(&store, 1).await, want, "the greater page is the newer");
    assert_eq!(recent(&store, 4).await, want);
}

async fn number(server: &RedisServer, words: &[&str]) -> i64 {
    server.cli(words).await.unwrap().trim().parse().unwrap()
}

/// A server with slots, for CLUSTER KEYSLOT.
async fn start_cluster() -> RedisServer {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let options = ["--cluster-enabled", "yes", "--cluster-port", &free.to_string()];
    RedisServer::start(&options).await.unwrap()
}

#[tokio::test]
async fn the_keys_of_a_page_share_a_slot_and_ids_and_visitors_expire() {
    let ((server, store), cluster) = (start().await, start_cluster().await);
    let page = page("page");
    let head = comment(&page, 1, None, false);
    let (reply, waits) = (comment(&page, 2, Some(head.id), false), comment(&page, 3, None, true));
    let (comment, verdict) = (head.id, Visibility::Removed);
    let removed = event(&page, NOW.plus(DAY), 4, EventKind::Moderate { comment, verdict });
    store.apply(&[head, reply, waits, removed]).await.unwrap();
    let mut others = [hit(&page, 5), visit(&page, 6), like(&page, 7, 1, true), hit(&page, 8)];
    others[3].id = EventId::from_u128(8);
    store.apply(&others).await.unwrap();
    let slot = number(&cluster, &["CLUSTER", "KEYSLOT", "blog:page"]).await;
    let mut lives = Vec::new();
    for key in server.cli(&["KEYS", "horizon:{blog*"]).await.unwrap().lines() {
        assert_eq!(number(&cluster, &["CLUSTER", "KEYSLOT", key]).await, slot, "{key}");
        let days = (number(&server, &["TTL", key]).await + 3_600).div_euclid(24 * 3_600);
        lives.push(format!("{} {days}", key.replace("horizon:{blog:page}:", "")));
    }
    lives.sort_unstable();
    let want = "bucket-days 0, buckets:20833 0, comments 0, days 0, id-days 32, ids:20833 32, ids:20834 32, \
                ids:other 0, likes 0, other-ids 32, removed 0, replies 0, replies:shown 0, shown 0, threads 0, \
                total 0, visitor-states 5, waiting 0";
    assert_eq!(lives.join(", "), want, "how many days each key is kept, zero for ever");
}

#[tokio::test]
async fn a_repeated_event_with_another_time_counts_once() {
    let (_server, store) = start().await;
    let midnight = Timestamp::from_millis(NOW.day().number() * 24 * 3_600_000);
    let before = event(&Topic::Site, midnight.minus(MILLI), 1, EventKind::visit(None));
    let mut without_a_time = before.clone();
    without_a_time.id = EventId::from_u128(u128::MAX);
    for event in [before, without_a_time] {
        let later = |wait| {
            let mut later = event.clone();
            later.at = event.at.plus(wait);
            later
        };
        store.apply(&[later(MILLI), event.clone(), later(DAY)]).await.unwrap();
        store.apply(&[later(DAY / 2), event]).await.unwrap();
    }
    assert_eq!(visits(&store, &Topic::Site).await, 2);
}

#[tokio::test]
async fn an_id_expires_with_its_event_even_if_its_own_time_is_of_another_day() {
    let (_server, store) = start().await;
    let kind = EventKind::visit(None);
    for (number, at, counted) in [(1, NOW.minus(DAY), 1), (2, NOW.plus(DAY), 3)] {
        let mut event = event(&Topic::Site, NOW, number, kind.clone());
        event.at = at;
        let event = [event];
        store.apply(&event).await.unwrap();
        store.expire(at.plus(DEDUPE_WINDOW)).await.unwrap();
        store.apply(&event).await.unwrap();
        assert_eq!(visits(&store, &Topic::Site).await, counted, "kept to the last moment");
        store.expire(at.plus(DEDUPE_WINDOW + MILLI)).await.unwrap();
        store.apply(&event).await.unwrap();
        assert_eq!(visits(&store, &Topic::Site).await, counted + 1, "and no longer");
    }
}

#[tokio::test]
async fn expire_deletes_more_than_one_slice_and_all_old_days() {
    let (server, store) = start().await;
    let at = |number: u64| NOW.minus(DAY * 3).plus(MILLI * u32::try_from(number * 50).unwrap());
    let mut events: Vec<_> = (0..5_000)
        .map(|number| {
            let visitor = Some(VisitorKey::from_u128(number.into()));
            event(&Topic::Site, at(number), number, EventKind::visit(visitor))
        })
        .collect();
    for event in &mut events[2_000..=3_000] {
        event.id = EventId::from_u128(event.id.as_u128() >> 1);
    }
    store.apply(&events).await.unwrap();
    let others = [hit(&Topic::Site, 9_999), like(&Topic::Site, 9_998, 1, false)];
    store.apply(&others).await.unwrap();
    let ids = format!("horizon:{{site}}:ids:{}", at(0).day().number());
    let sizes = async || {
        [
            number(&server, &["HLEN", &ids]).await,
            number(&server, &["HLEN", "horizon:{site}:other-ids"]).await,
            number(&server, &["HLEN", "horizon:{site}:visitor-states"]).await,
            number(&server, &["SCARD", "horizon:{site}:id-days"]).await,
            number(&server, &["HLEN", "horizon:{site}:likes"]).await,
        ]
    };
    assert_eq!(sizes().await, [3_999, 1_001, 5_000, 2, 1]);
    store.expire(at(2_500).plus(DEDUPE_WINDOW)).await.unwrap();
    assert_eq!(sizes().await, [1_999, 501, 0, 2, 1]);
    store.expire(NOW.plus(DEDUPE_WINDOW)).await.unwrap();
    assert_eq!(sizes().await, [0, 0, 0, 1, 1]);
    store.expire(NOW.plus(DEDUPE_WINDOW + MILLI)).await.unwrap();
    assert_eq!(sizes().await, [0, 0, 0, 1, 0]);
    assert_eq!(visits(&store, &Topic::Site).await, 5_001);
}
