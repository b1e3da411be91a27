use std::{pin::pin, sync::mpsc};

use futures::{FutureExt as _, future::try_join_all};
use horizon_core::reports::{Metric, Query, RecentDays, Reports as _};
use horizon_core::{StatsStoreExt as _, Topic};

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
