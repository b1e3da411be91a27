use std::{pin::pin, sync::mpsc};

use futures::{FutureExt as _, future::try_join_all};
use horizon_core::reports::{Metric, Query, RecentDays, Reports as _};
use horizon_core::{StatsStoreExt as _, Topic};
use tokio::sync::mpsc::unbounded_channel;

use super::{NOW, ReportFixture};

/// More than the threads of reports and those of other reads.
const SLOW_REPORTS: usize = 10;

#[tokio::test]
async fn readers_of_the_site_do_not_wait_for_slow_reports() {
    let reports = ReportFixture::new();
    let (gates, slow): (Vec<_>, Vec<_>) = (0..SLOW_REPORTS)
        .map(|_| {
            let (gate, closed) = mpsc::channel::<()>();
            (
                gate,
                reports.store.report_pool.read(move |_| Ok(closed.recv().is_err())),
            )
        })
        .unzip();
    let query = Query::new(RecentDays::Days(7).ending(NOW.day())).metrics([Metric::Pageviews]);
    let mut slow = pin!(try_join_all(slow));
    assert!((&mut slow).now_or_never().is_none());
    let mut report = pin!(reports.store.query(&query));
    assert!((&mut report).now_or_never().is_none());
    for _ in 0..100 {
        assert_eq!(reports.store.total(&Topic::Site).await.unwrap().stats.visits, 0);
    }
    assert!(
        (&mut report).now_or_never().is_none(),
        "a report waits for other reports"
    );
    drop(gates);
    assert_eq!(slow.await.unwrap(), [true; SLOW_REPORTS]);
    assert_eq!(report.await.unwrap().metrics, [Metric::Pageviews]);
}

/// A query that takes longer than the time limit of a read, or ends with an error if it is interrupted.
const ENDLESS: &str = "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT 400000000)
                       SELECT max(n) FROM number";

#[tokio::test]
async fn a_report_whose_caller_is_gone_is_interrupted_and_frees_its_thread() {
    let reports = ReportFixture::new();
    let pool = &reports.store.report_pool;
    let (started, mut starts) = unbounded_channel();
    let mut slow = Vec::new();
    // As many as there are threads, so that they are all busy.
    for _ in 0..2 {
        let started = started.clone();
        let read = pool.read(move |db| {
            started.send(()).ok();
            db.query_number(ENDLESS)
        });
        slow.push(Box::pin(read));
    }
    assert!(slow.iter_mut().all(|read| read.now_or_never().is_none()));
    for _ in 0..slow.len() {
        starts.recv().await.unwrap();
    }
    let queued = pool.read(|_| -> rusqlite::Result<()> { panic!("a cancelled read was run") });
    assert!(pin!(queued).now_or_never().is_none());
    drop(slow);
    let query = Query::new(RecentDays::Days(7).ending(NOW.day())).metrics([Metric::Pageviews]);
    assert_eq!(reports.store.query(&query).await.unwrap().metrics, [Metric::Pageviews]);
}

#[tokio::test]
async fn cancelled_reports_make_room_in_a_full_queue() {
    let reports = ReportFixture::new();
    let pool = &reports.store.report_pool;
    let mut gates = Vec::new();
    let mut waiting = Vec::new();
    let error = loop {
        let (gate, closed) = mpsc::channel::<()>();
        let mut read = Box::pin(pool.read(move |_| Ok(closed.recv().is_err())));
        match (&mut read).now_or_never() {
            Some(full) => break full.unwrap_err(),
            None => waiting.push(read),
        }
        gates.push(gate);
    };
    assert!(error.is_retryable() && waiting.len() >= 256, "{error}");
    let query = Query::new(RecentDays::Days(7).ending(NOW.day())).metrics([Metric::Pageviews]);
    drop(waiting);
    let mut report = pin!(reports.store.query(&query));
    assert!((&mut report).now_or_never().is_none(), "it waits");
    drop(gates);
    assert_eq!(report.await.unwrap().metrics, [Metric::Pageviews]);
}
