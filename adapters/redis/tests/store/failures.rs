//! Failures of Redis.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use horizon_core::{CommentStore, DEDUPE_WINDOW, Event, Slug, StatsStore, StatsStoreExt, Topic};
use horizon_redis::testing::RedisServer;
use tokio::time::sleep;

use super::{MILLI, NOW, apply, comment, connect, hit, page, start, visits};

#[tokio::test]
async fn every_event_counts_once_although_redis_is_killed() {
    // Otherwise Redis may reply up to two seconds before it writes, while the disk is busy.
    let mut server = RedisServer::start(&["--appendfsync", "always"]).await.unwrap();
    let store = connect(&server);
    let topics = [Topic::Site, page("one"), page("two")];
    let done = Arc::new(AtomicBool::new(false));
    let work = tokio::spawn({
        let (store, topics, done) = (Arc::clone(&store), topics.clone(), Arc::clone(&done));
        async move {
            let mut last: Vec<Event> = Vec::new();
            let mut counted = 0_u64;
            while !done.load(Ordering::Relaxed) {
                let batch: Vec<_> = topics
                    .iter()
                    .flat_map(|topic| (0..50).map(|n| hit(topic, counted * 50 + n)))
                    .collect();
                apply(&store, &batch).await;
                apply(&store, &last).await;
                counted += 1;
                last = batch;
            }
            counted * 50
        }
    });
    for pause in [80, 130, 210, 40, 170] {
        sleep(pause * MILLI).await;
        server.kill().await.unwrap();
        server.start_again().await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let counted = work.await.unwrap();
    assert!(counted > 0);
    for topic in &topics {
        assert_eq!(visits(&store, topic).await, counted, "{topic}");
    }
}

#[tokio::test]
async fn a_paused_redis_is_a_retryable_error_and_the_retry_counts_once() {
    let (server, store) = start().await;
    store.apply(&[hit(&Topic::Site, 0)]).await.unwrap();
    server.pause().await.unwrap();
    let error = store.apply(&[hit(&Topic::Site, 1)]).await.unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    server.resume().await.unwrap();
    apply(&store, &[hit(&Topic::Site, 1)]).await;
    assert_eq!(visits(&store, &Topic::Site).await, 2);
}

#[tokio::test]
async fn scripts_may_be_flushed_at_any_moment() {
    let (server, store) = start().await;
    let flushing = async {
        for _ in 0..40 {
            server.cli(&["SCRIPT", "FLUSH"]).await.unwrap();
        }
    };
    let counting = join_all((0..4).map(|task| {
        let (store, slug) = (Arc::clone(&store), Slug::new("page").unwrap());
        async move {
            for round in 0..50 {
                let number = task * 50 + round;
                let comment = comment(&page("page"), 1_000 + number, None, false);
                apply(&store, &[hit(&Topic::Site, number), comment]).await;
                // The script may be flushed again between SCRIPT LOAD and the call.
                while let Err(error) = store.newest_comments(&slug, NonZeroUsize::MIN).await {
                    assert!(error.is_retryable(), "{error:?}");
                }
            }
        }
    }));
    tokio::join!(flushing, counting);
    assert_eq!(visits(&store, &Topic::Site).await, 200);
    assert_eq!(store.total(&page("page")).await.unwrap().stats.comments, 200);
}

#[tokio::test]
async fn without_memory_a_batch_is_applied_later_and_never_in_part() {
    let (server, store) = start().await;
    let topics = [Topic::Site, page("one"), page("two")];
    let mut refused = 0;
    for round in 0..30 {
        let info = server.cli(&["INFO", "memory"]).await.unwrap();
        let used: u64 = info
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok())
            .unwrap();
        let most = (used + round * 8_000).to_string();
        server.cli(&["CONFIG", "SET", "maxmemory", &most]).await.unwrap();
        let batch: Vec<_> = topics
            .iter()
            .flat_map(|topic| (0..200).map(move |n| hit(topic, round * 200 + n)))
            .chain([comment(&topics[1], 100_000 + round, None, false)])
            .collect();
        if let Err(error) = store.apply(&batch).await {
            assert!(error.is_retryable(), "{error:?}");
            refused += 1;
        }
        let before = join_all(topics.iter().map(|topic| visits(&store, topic))).await;
        assert!(
            before.iter().all(|visits| *visits == before[0]),
            "round {round}: {before:?}"
        );
        server.cli(&["CONFIG", "SET", "maxmemory", "0"]).await.unwrap();
        store.apply(&batch).await.unwrap();
        assert_eq!(visits(&store, &topics[2]).await, (round + 1) * 200);
    }
    assert!((1..30).contains(&refused), "{refused} of 30 rounds were refused");
    assert_eq!(store.total(&topics[1]).await.unwrap().stats.comments, 30);
    store.check_writable().await.unwrap();
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]).await.unwrap();
    assert!(store.check_writable().await.unwrap_err().is_retryable());
    store.expire(NOW.plus(DEDUPE_WINDOW * 2)).await.unwrap();
    assert_eq!(
        visits(&store, &topics[0]).await,
        30 * 200,
        "what is full can be read, and forgets"
    );
}
