//! Questions about the past.

use std::{sync::Arc, time::Duration};

use eventhorizon::{
    DayRange, Dimension, Horizon, LiveOptions, Metric, Query, ReportError, SessionRetention, Slug, Timestamp, Value,
};
use horizon_core::{Error, StatsStore};
use horizon_memory::{
    MemoryStore,
    testing::{Call, Clock, Fake},
};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0";

fn any(_: &Slug) -> bool {
    true
}

#[tokio::test]
async fn the_top_pages_of_a_week_are_those_that_visitors_opened() {
    let clock = Clock::at(Timestamp::from_millis(1_800_000_000_000));
    let (fake, now) = (Fake::new(clock.clone()), clock.clone());
    let horizon = Horizon::from_ports(fake.ports())
        .clock(move || now.now())
        .start(any)
        .await
        .unwrap();
    for (page, readers) in [("bread", 1..=2), ("soup", 1..=3)] {
        let page = horizon.page(page).await.unwrap();
        for number in readers {
            let reader = horizon.caller([192, 0, 2, number].into(), [("user-agent", FIREFOX)]);
            drop(horizon.live(&reader, LiveOptions::page(&page)).await.unwrap());
        }
    }
    horizon.close().await.unwrap();
    let week = DayRange::ending(horizon.today(), 7);
    let query = Query::new(week)
        .metrics([Metric::Visitors])
        .dimensions([Dimension::Page]);
    let rows = horizon.report(&query).await.unwrap().rows;
    let rows: Vec<_> = rows.iter().map(|row| (&*row.dimensions[0], row.metrics[0])).collect();
    assert_eq!(rows, [("soup", Value::Count(3)), ("bread", Value::Count(2))]);

    fake.fail_next(Call::Query, Error::unavailable("busy"));
    assert!(horizon.report(&query).await.unwrap_err().is_retryable());
    let empty = DayRange::ending(horizon.today(), 0);
    assert!(matches!(
        horizon.report(&Query::new(empty)).await,
        Err(ReportError::Refused(_))
    ));
}

/// The accumulator in the process erases sessions at the start and every hour.
#[tokio::test]
async fn sessions_are_erased_after_their_retention() {
    let store = Arc::new(MemoryStore::new());
    let visits = |days: u64| {
        let millis = Duration::from_secs(days * 24 * 3_600);
        Timestamp::from_millis(1_800_000_000_000).plus(millis)
    };
    for (day, retention, kept) in [(0, 2, true), (5, 9, true), (8, 2, false)] {
        let now = visits(day);
        let builder = Horizon::from_store(Arc::clone(&store)).clock(move || now);
        let horizon = builder
            .session_retention(SessionRetention::days(retention))
            .start(any)
            .await
            .unwrap();
        let page = horizon.page("bread").await.unwrap();
        let reader = horizon.caller([192, 0, 2, 1].into(), [("user-agent", FIREFOX)]);
        horizon.visit(&page, &reader);
        assert!(
            horizon.metrics().contains("horizon_late_events_total 0\n"),
            "{}",
            horizon.metrics()
        );
        let status = async || store.reports().unwrap().status().await.unwrap();
        while !kept && status().await.first_session_day.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        horizon.close().await.unwrap();
        let status = status().await;
        assert_eq!(status.first_session_day.is_none(), kept, "day {day}: {status:?}");
    }
}
