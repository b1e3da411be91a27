//! Several processes on one store.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use horizon_core::{CommentStore, DEDUPE_WINDOW, ReaderId, StatsStore, StatsStoreExt, Topic};

use super::{NOW, apply, comment, connect, hit, like, page, start, visit, visits};

#[tokio::test]
async fn eight_processes_count_shared_and_own_events_once() {
    let (server, _) = start().await;
    let (page, stores) = (page("page"), (0..8).map(|_| connect(&server)));
    let tasks: Vec<_> = stores
        .zip(0..)
        .map(|(store, process)| {
            let page = page.clone();
            tokio::spawn(async move {
                for round in 0..25 {
                    let own = 1_000 + process * 100 + round;
                    let shared = [
                        visit(&Topic::Site, round),
                        hit(&page, round),
                        like(&page, 500 + round, round % 5, true),
                    ];
                    let mut batch = vec![hit(&Topic::Site, own), comment(&page, own + 1_000, None, false)];
                    batch.extend(shared);
                    apply(&store, &batch).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let store = connect(&server);
    assert_eq!(visits(&store, &Topic::Site).await, 8 * 25 + 25);
    let total = store.total(&page).await.unwrap();
    assert_eq!(
        (total.stats.visits, total.stats.likes, total.stats.comments),
        (25, 5, 200)
    );
    assert_eq!(total.revision, 200, "every batch brings a comment");
}

#[tokio::test]
async fn a_comment_id_that_is_sent_for_two_pages_is_on_one() {
    let (server, store) = start().await;
    let (other, pages) = (connect(&server), [page("one"), page("two")]);
    for number in 0..50 {
        let [one, two] = [&pages[0], &pages[1]].map(|page| [comment(page, number, None, false)]);
        let (first, second) = tokio::join!(store.apply(&one), other.apply(&two));
        first.unwrap();
        second.unwrap();
        let kept = store.comment(one[0].id).await.unwrap().expect("one of them");
        let totals = store.totals(&pages).await.unwrap();
        assert_eq!(totals.iter().map(|total| total.stats.comments).sum::<u64>(), number + 1);
        let shown = store.newest_comments(&kept.slug, NonZeroUsize::MIN).await.unwrap();
        assert_eq!(shown, [kept]);
    }
}

#[tokio::test]
async fn likes_survive_while_another_process_expires_unlikes() {
    let (server, store) = start().await;
    let (other, done) = (connect(&server), AtomicBool::new(false));
    let forgetting = async {
        while !done.load(Ordering::Relaxed) {
            other.expire(NOW.plus(DEDUPE_WINDOW * 2)).await.unwrap();
        }
    };
    let liking = async {
        for number in 0..300 {
            let events: Vec<_> = (0..20)
                .map(|reader| {
                    like(
                        &Topic::Site,
                        number * 20 + reader,
                        reader,
                        (number * 7 + reader) % 3 > 0,
                    )
                })
                .collect();
            store.apply(&events).await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(forgetting, liking);
    let liked = join_all((0..20).map(|reader| store.is_liked_by(&Topic::Site, ReaderId::from_u128(reader)))).await;
    let liked = liked.into_iter().filter(|likes| *likes.as_ref().unwrap()).count() as u64;
    assert_eq!(store.total(&Topic::Site).await.unwrap().stats.likes, liked);
}

#[tokio::test]
async fn all_processes_share_one_secret() {
    let (server, store) = start().await;
    let other = connect(&server);
    let (one, two) = tokio::join!(store.secret([1; 32]), other.secret([2; 32]));
    let secret = one.unwrap();
    assert!(secret == two.unwrap() && (secret == [1; 32] || secret == [2; 32]));
    assert_eq!(connect(&server).secret([3; 32]).await.unwrap(), secret);
    server.cli(&["SET", "horizon:secret", "short"]).await.unwrap();
    let error = store.secret([1; 32]).await.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().contains("horizon:secret"),
        "{error:?}"
    );
    assert_eq!(format!("{store:?}"), "RedisStore { .. }");
}
