//! A site of one process with its numbers in PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use eventhorizon::{
    Caller, DayRange, Dimension, Horizon, LiveOptions, Metric, NewComment, Paging, Query, Slug, Value, Visibility,
    http::Request,
};
use horizon_test_support::TestDatabase;
use http::StatusCode;

const FIREFOX: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
);
const TOKEN: &str = "a token for the reports alone";

async fn open(url: &str) -> Horizon {
    let builder = Horizon::from_urls("memory:", url)
        .unwrap()
        .reports_token(TOKEN)
        .unwrap();
    builder.start(|_: &Slug| true).await.unwrap()
}

fn reader(horizon: &Horizon, number: u8) -> Caller {
    horizon.caller([192, 0, 2, number].into(), [FIREFOX])
}

#[tokio::test]
async fn numbers_comments_and_reports_survive_a_restart() {
    let database = TestDatabase::create().await.unwrap();
    let horizon = open(database.url()).await;
    let bread = horizon.page("bread").await.unwrap();
    for number in 1..=2 {
        drop(
            horizon
                .live(&reader(&horizon, number), LiveOptions::page(&bread))
                .await
                .unwrap(),
        );
    }
    let ada = reader(&horizon, 1);
    let cookie = horizon.like(&bread, &ada).await.unwrap().set_cookie.unwrap();
    horizon
        .comment(&bread, NewComment::new("Ada", "Well said"), &ada)
        .await
        .unwrap();
    horizon
        .comment(&bread, NewComment::new("Bob", "Casino"), &ada)
        .await
        .unwrap();
    let newest = horizon.recent_comments(None, Paging::default()).await.unwrap();
    assert!(horizon.moderate(newest[0].id, Visibility::Removed).await.unwrap());
    horizon.close().await.unwrap();

    let horizon = open(database.url()).await;
    let bread = horizon.page("bread").await.unwrap();
    let stats = horizon.stats(&[bread.clone().into()]).await.unwrap();
    assert_eq!((stats[0].visits, stats[0].likes, stats[0].comments), (2, 1, 1));
    let pair = cookie.split(';').next().unwrap();
    let ada = horizon.caller([192, 0, 2, 1].into(), [("cookie", pair), FIREFOX]);
    assert!(horizon.is_liked_by(&bread, &ada).await.unwrap());
    let threads = horizon.threads(&bread, Paging::default()).await.unwrap().threads;
    assert_eq!(threads.len(), 1);

    let query = Query::new(DayRange::ending(horizon.today(), 2))
        .metrics([Metric::Visitors])
        .dimensions([Dimension::Page]);
    let rows = horizon.report(&query).await.unwrap().rows;
    assert_eq!(
        (&*rows[0].dimensions[0], rows[0].metrics[0]),
        ("bread", Value::Count(2))
    );
    let request = Request::get("/dashboard").header("authorization", format!("Bearer {TOKEN}"));
    let dashboard = horizon
        .handle([192, 0, 2, 9].into(), request.body(String::new()).unwrap())
        .await;
    assert_eq!(dashboard.status(), StatusCode::OK);
    horizon.close().await.unwrap();
}

#[tokio::test]
async fn two_processes_with_a_bus_in_memory_count_each_event_once() {
    let database = TestDatabase::create().await.unwrap();
    let (old, new) = tokio::join!(open(database.url()), open(database.url()));
    for horizon in [&old, &new] {
        let bread = horizon.page("bread").await.unwrap();
        for number in 1..=3 {
            drop(
                horizon
                    .live(&reader(horizon, number), LiveOptions::page(&bread))
                    .await
                    .unwrap(),
            );
        }
    }
    old.close().await.unwrap();
    new.close().await.unwrap();
    let horizon = open(database.url()).await;
    let bread = horizon.page("bread").await.unwrap();
    let stats = horizon.stats(&[bread.into()]).await.unwrap();
    assert_eq!(
        stats[0].visits, 3,
        "the visits of a reader at both processes are one visit"
    );
    horizon.close().await.unwrap();
}
