//! Reports: data and accumulators of the last version, two accumulators, and what becomes of visitor keys.

use std::sync::Arc;

use horizon_core::reports::{DayRange, Dimension, Metric, Query, Reports, SiteTimeZone, Value};
use horizon_core::{
    CommentStore, ContextValue, Event, EventKind, StatsStore, StatsStoreExt, Topic, Visibility, Visit, VisitCause,
    VisitContext, VisitorKey,
};
use horizon_redis::RedisStore;

use super::{DAY, MILLI, NOW, apply, comment, connect, event, hit, like, page, start, visit, visits};

/// The keys of the last version, as it stored a visit, a like, a comment and two custom events of a page.
const OLD_KEYS: &str = include_str!("old_keys.lua");

/// An event of a visitor who opens a page, at a number of minutes.
fn open(topic: &Topic, number: u64, visitor: u64, minutes: u32) -> Event {
    let mut visit = Visit::of(Some(VisitorKey::from_u128(visitor.into())));
    visit.cause = Some(VisitCause::Open);
    event(
        topic,
        NOW.plus(60_000 * MILLI * minutes),
        number,
        EventKind::Visit(visit),
    )
}

/// Returns the numbers of the metrics in the days around [`NOW`].
async fn numbers<const N: usize>(store: &RedisStore, metrics: [Metric; N]) -> Vec<Value> {
    let day = NOW.day();
    let query = Query::new(DayRange::new(day.previous(), day.next())).metrics(metrics);
    let table = Reports::query(store, &query).await.unwrap();
    let rows = table.rows.into_iter();
    rows.flat_map(|row| row.metrics).collect()
}

async fn expect_sums(store: &RedisStore) {
    assert_eq!(store.verify().await.unwrap(), []);
}

#[tokio::test]
async fn data_of_the_last_version_stay_undated_and_can_be_changed() {
    let (server, store) = start().await;
    let page = page("one");
    let seen = (NOW.as_millis() - 60_000).to_string();
    server.cli(&["EVAL", OLD_KEYS, "0", &seen]).await.unwrap();
    let totals = async || {
        let stats = store.total(&page).await.unwrap().stats;
        (stats.visits, stats.likes, stats.comments, stats.events.get("download"))
    };
    assert_eq!(totals().await, (4, 2, 1, 2));
    // The visitor of the last version, whose visit goes on, and a new one.
    store
        .apply(&[open(&page, 1, 1, 0), open(&page, 2, 2, 0)])
        .await
        .unwrap();
    assert_eq!(totals().await, (5, 2, 1, 2));
    let dated = [Metric::PageVisits, Metric::Likes, Metric::Comments, Metric::Events];
    assert_eq!(numbers(&store, dated).await, [1, 0, 0, 0].map(Value::Count));
    // A like of the last version is taken back, the other one is repeated.
    store
        .apply(&[like(&page, 3, 1, false), like(&page, 4, 2, true)])
        .await
        .unwrap();
    assert_eq!(totals().await, (5, 1, 1, 2));
    assert_eq!(numbers(&store, dated).await, [1, 1, 0, 0].map(Value::Count));
    let old = store
        .newest_comments(page.slug().unwrap(), std::num::NonZeroUsize::MIN)
        .await
        .unwrap();
    let verdict = EventKind::Moderate {
        comment: old[0].id,
        verdict: Visibility::Removed,
    };
    store
        .apply(&[event(&page, NOW, 5, verdict), comment(&page, 6, None, false)])
        .await
        .unwrap();
    assert_eq!(totals().await, (5, 1, 1, 2));
    assert_eq!(numbers(&store, dated).await, [1, 1, 1, 0].map(Value::Count));
    expect_sums(&store).await;
}

#[tokio::test]
async fn ids_of_the_last_version_are_repeats() {
    let (server, store) = start().await;
    let page = page("one");
    let mut without_time = hit(&page, 1);
    without_time.id = horizon_core::EventId::from_u128(9);
    store.apply(&[hit(&page, 2), without_time.clone()]).await.unwrap();
    server
        .cli(&["EVAL", include_str!("make_undated.lua"), "0"])
        .await
        .unwrap();
    store
        .apply(&[hit(&page, 2), without_time, hit(&page, 3)])
        .await
        .unwrap();
    assert_eq!(visits(&store, &page).await, 3);
    expect_sums(&store).await;
}

/// What an accumulator of the last version writes first fails, before it has counted anything.
#[tokio::test]
async fn an_accumulator_of_the_last_version_cannot_count_past_the_reports() {
    let (server, store) = start().await;
    server.cli(&["EVAL", OLD_KEYS, "0", "0"]).await.unwrap();
    let first_writes = [
        ["SADD", "horizon:{blog:one}:days", "20000", ""],
        ["HSETNX", "horizon:{blog:one}:ids:other", "id", "time"],
    ];
    let can_count = async || {
        let mut found = Vec::new();
        for words in first_writes {
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            let reply = server.cli(&words).await.unwrap();
            found.push(!reply.contains("WRONGTYPE"));
        }
        found
    };
    assert_eq!(can_count().await, [true, true], "as long as it is alone");
    store.expire(NOW).await.unwrap();
    assert_eq!(can_count().await, [false, false]);
    assert_eq!(visits(&store, &page("one")).await, 4);
}

#[tokio::test]
async fn accumulators_that_count_the_same_visitors_at_once_lose_nothing() {
    let (server, _) = start().await;
    let stores: Vec<_> = (0..3).map(|_| connect(&server)).collect();
    let tasks = (0..3_u64).map(|task| {
        let store = Arc::clone(&stores[usize::try_from(task).unwrap()]);
        async move {
            for round in 0..30_u64 {
                let number = task * 10_000 + round * 10;
                // Each task has every third minute of the same two visits.
                let minute = u32::try_from(round * 3 + task).unwrap();
                let events = [
                    open(&page("one"), number, 1, minute),
                    open(&Topic::Site, number + 1, 1, minute),
                    like(&page("one"), number + 2, round % 2, round % 3 > 0),
                ];
                apply(&store, &events).await;
            }
        }
    });
    futures::future::join_all(tasks).await;
    assert_eq!(visits(&stores[0], &page("one")).await, 1);
    let metrics = [Metric::Pageviews, Metric::Visits, Metric::PageVisits, Metric::Visitors];
    assert_eq!(numbers(&stores[0], metrics).await, [90, 1, 1, 1].map(Value::Count));
    expect_sums(&stores[0]).await;
}

#[tokio::test]
async fn a_process_with_another_time_zone_counts_nothing() {
    let (server, store) = start().await;
    let other = connect(&server);
    let zone = |name| SiteTimeZone::new(name).unwrap();
    store.set_time_zone(&zone("Europe/Berlin")).await.unwrap();
    other.set_time_zone(&zone("Asia/Kolkata")).await.unwrap();
    store.apply(&[hit(&Topic::Site, 1)]).await.unwrap();
    let error = other.apply(&[hit(&Topic::Site, 2)]).await.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().contains("Europe/Berlin"),
        "{error}"
    );
    assert!(connect(&server).set_time_zone(&zone("UTC")).await.is_err());
    assert_eq!(other.status().await.unwrap().time_zone, zone("Europe/Berlin"));
    assert_eq!(visits(&store, &Topic::Site).await, 1);
}

#[tokio::test]
async fn an_event_of_a_day_that_another_process_has_closed_is_late() {
    let (server, store) = start().await;
    let other = connect(&server);
    store.apply(&[visit(&Topic::Site, 1)]).await.unwrap();
    other.expire(NOW.plus(DAY * 4)).await.unwrap();
    let states = server.cli(&["HLEN", "horizon:{site}:visitor-states"]).await.unwrap();
    assert_eq!(states.trim(), "0");
    store.apply(&[open(&Topic::Site, 2, 1, 1)]).await.unwrap();
    assert_eq!(store.status().await.unwrap().late_events, 1);
    assert_eq!(visits(&store, &Topic::Site).await, 2);
    assert_eq!(numbers(&store, [Metric::Visitors]).await, [Value::Count(0)]);
    expect_sums(&store).await;
}

/// Returns a session that came from a source.
fn session(number: u64, source: &str) -> Event {
    let mut open = open(&Topic::Site, number, number, 0);
    let EventKind::Visit(visit) = &mut open.kind else {
        return open;
    };
    let mut context = VisitContext::default();
    context.source = Some(ContextValue::new(source));
    visit.context = Some(Box::new(context));
    open
}

#[tokio::test]
async fn two_accumulators_share_the_room_for_values() {
    let (server, store) = start().await;
    let other = connect(&server);
    let batch = |first: u64| -> Vec<Event> {
        (first..first + 600)
            .map(|number| session(number, &format!("source-{number}")))
            .collect()
    };
    let (one, two) = (batch(0), batch(600));
    let (first, second) = tokio::join!(store.apply(&one), other.apply(&two));
    first.unwrap();
    second.unwrap();
    let day = NOW.day();
    let query = Query::new(DayRange::new(day, day))
        .metrics([Metric::Visits])
        .dimensions([Dimension::Source]);
    let table = Reports::query(&*store, &query).await.unwrap();
    assert_eq!((table.total_rows, table.has_other), (1_001, true));
    assert_eq!(table.rows[0].metrics, [Value::Count(200)]);
    expect_sums(&store).await;
}

#[tokio::test]
async fn a_batch_with_more_values_than_one_operation_stays_within_the_limit() {
    let (_server, store) = start().await;
    let events: Vec<Event> = (0..2_500)
        .map(|number| session(number, &format!("source-{number}")))
        .collect();
    store.apply(&events).await.unwrap();
    let day = NOW.day();
    let query = Query::new(DayRange::new(day, day))
        .metrics([Metric::Visits])
        .dimensions([Dimension::Source]);
    let table = Reports::query(&*store, &query).await.unwrap();
    assert_eq!((table.total_rows, table.has_other), (1_001, true));
    expect_sums(&store).await;
}

/// The sizes are those of docs/reports.md.
#[tokio::test]
async fn buckets_and_states_stay_below_the_documented_size() {
    let (server, store) = start().await;
    let bytes = async |key: &str| -> u64 {
        let usage = server.cli(&["MEMORY", "USAGE", key, "SAMPLES", "0"]).await.unwrap();
        usage.trim().parse().unwrap()
    };
    let hours = (0..24_u32)
        .flat_map(|hour| (0..20_u64).map(move |n| open(&page("one"), u64::from(hour) * 20 + n, n, hour * 60)));
    store.apply(&hours.collect::<Vec<_>>()).await.unwrap();
    let mut page_hours = 0;
    for day in [20_833, 20_834] {
        page_hours += bytes(&format!("horizon:{{blog:one}}:buckets:{day}")).await;
    }
    let sessions: Vec<Event> = (0..1_000).map(|n| session(1_000 + n, "example.org")).collect();
    store.apply(&sessions).await.unwrap();
    let state = bytes("horizon:{site}:visitor-states").await / 1_000;
    let values = bytes("horizon:{site}:values:20833:source").await;
    assert!(page_hours <= 24 * 32, "{page_hours} bytes for 24 hours of a page");
    assert!(state <= 200, "{state} bytes for the state of a session");
    assert!(values <= 160, "{values} bytes for a dimension with one value");
}

/// Redis runs no command of another client during a transaction.
#[tokio::test]
async fn the_verification_reads_a_long_time_in_short_transactions() {
    let (server, store) = start().await;
    let minutes_of_day = 24 * 60;
    let events: Vec<Event> = (0..100_u32)
        .flat_map(|day| {
            let number = u64::from(day) * 2;
            [Topic::Site, page("one")].map(|topic| open(&topic, number, number, day * minutes_of_day))
        })
        .collect();
    store.apply(&events).await.unwrap();
    for (setting, value) in [("slowlog-max-len", "10000"), ("slowlog-log-slower-than", "0")] {
        server.cli(&["CONFIG", "SET", setting, value]).await.unwrap();
    }
    expect_sums(&store).await;
    let log = server.cli(&["SLOWLOG", "GET", "-1"]).await.unwrap().to_lowercase();
    let transactions = log.split("\nmulti\n").map(|reads| reads.matches("hgetall").count());
    let (count, longest) = (transactions.clone().count(), transactions.max().unwrap());
    assert!(
        count >= 100 / 4 + 100 / 63 && longest <= 65,
        "{longest} reads in one of {count}"
    );
}

#[tokio::test]
async fn events_that_arrive_during_the_verification_are_no_discrepancies() {
    let (server, store) = start().await;
    let other = connect(&server);
    let minutes_of_day = 24 * 60;
    let days: Vec<Event> = (0..30_u32)
        .flat_map(|day| {
            let number = u64::from(day) * 2;
            [
                open(&Topic::Site, number, number, day * minutes_of_day),
                like(&Topic::Site, number + 1, number, true),
            ]
        })
        .collect();
    store.apply(&days).await.unwrap();
    for number in 0..60_u64 {
        // A like moves from its day to the last one, without a change of the totals. The visit is late.
        let mut moved = like(&Topic::Site, 1_000 + number, number % 30 * 2, true);
        moved.at = NOW.plus(DAY * 29).plus(MILLI * u32::try_from(number).unwrap());
        let late = open(&Topic::Site, 2_000 + number, 2_000 + number, 1);
        let writes = async {
            for event in [late, moved, open(&Topic::Site, 3_000 + number, 3_000 + number, 2)] {
                apply(&other, &[event]).await;
            }
        };
        tokio::join!(writes, expect_sums(&store));
    }
}
