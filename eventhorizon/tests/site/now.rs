//! What is being read now, in one process.

use std::{sync::Arc, time::Duration};

use eventhorizon::{Horizon, Live, LiveOptions, NowSnapshot, testing::TestSite};
use futures::{FutureExt, StreamExt};
use tokio::time::{advance, sleep};

use crate::snapshots::{pages, sources};

/// Longer than a snapshot is current: 1 second.
const NEXT_SNAPSHOT: Duration = Duration::from_secs(1);

/// Opens a live stream of a page to which a link of this page led.
async fn open(site: &TestSite, page: &str, headers: &[(&str, &str)], referrer: &str) -> Live {
    let page = site.page(page).await;
    let caller = site.horizon.caller([192, 0, 2, 1].into(), headers.iter().copied());
    let returning = referrer == "returning";
    let options = LiveOptions::page(&page).referrer(referrer).returning(returning);
    site.horizon.live(&caller, options).await.unwrap()
}

/// Returns the next snapshot, once the frames of the pages are up to date.
async fn now(site: &TestSite) -> NowSnapshot {
    sleep(NEXT_SNAPSHOT).await;
    site.horizon.now().await
}

const ADA: &[(&str, &str)] = &[("user-agent", "Firefox/130.0")];
const BEN: &[(&str, &str)] = &[("user-agent", "Safari/605.1")];
const ANONYMOUS: &[(&str, &str)] = &[("user-agent", "Firefox/130.0"), ("sec-gpc", "1")];
const CRAWLER: &[(&str, &str)] = &[("user-agent", "Googlebot/2.1")];

#[tokio::test(start_paused = true)]
async fn pages_are_ordered_by_their_viewers_who_count_once() {
    let site = TestSite::start(["a", "b", "c", "crawled"]).await;
    let _open = [
        open(&site, "b", ADA, "").await,
        open(&site, "c", ADA, "").await,
        open(&site, "c", ADA, "").await,
        open(&site, "c", BEN, "").await,
        open(&site, "a", BEN, "").await,
        open(&site, "crawled", CRAWLER, "").await,
    ];
    let snapshot = now(&site).await;
    assert_eq!(snapshot.viewers, Some(2));
    assert_eq!(pages(&snapshot), [("c", 2), ("a", 1), ("b", 1)]);
    assert_eq!((snapshot.nodes, snapshot.silent_nodes), (1, 0));
    let active = site.horizon.active_pages(2).await;
    assert_eq!(active, snapshot.pages[..2]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_has_the_50_pages_with_the_most_viewers() {
    let names: Vec<_> = (0..60).map(|number| format!("page-{number}")).collect();
    let site = TestSite::start(&names).await;
    let mut streams = Vec::new();
    for name in &names {
        streams.push(open(&site, name, ADA, "").await);
    }
    for name in ["page-9", "page-58", "page-59"] {
        streams.push(open(&site, name, BEN, "").await);
    }
    let snapshot = now(&site).await;
    assert_eq!(snapshot.pages.len(), 50);
    let pages = pages(&snapshot);
    assert_eq!(
        pages[..4],
        [("page-58", 2), ("page-59", 2), ("page-9", 2), ("page-0", 1)]
    );
    assert_eq!(pages[49], ("page-50", 1), "by name, of the pages with one viewer");
    assert_eq!(site.horizon.active_pages(usize::MAX).await.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_has_the_source_of_the_first_page() {
    let site = TestSite::start(["a", "b"]).await;
    let first = open(&site, "a", ADA, "https://www.google.com/search").await;
    let _ben = open(&site, "a", BEN, "").await;
    let _anonymous = [
        open(&site, "a", ANONYMOUS, "https://www.google.com/search").await,
        open(&site, "b", ANONYMOUS, "https://www.google.com/search").await,
    ];
    assert_eq!(sources(&now(&site).await), [("google", 3), ("", 1)]);
    drop(first);
    sleep(Duration::from_secs(60)).await;
    let again = open(&site, "b", ADA, "returning").await;
    assert_eq!(sources(&now(&site).await), [("google", 3), ("", 1)]);
    drop(again);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(sources(&now(&site).await), [("google", 2), ("", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_gets_changes_only_and_at_most_one_a_second() {
    let site = TestSite::start(["a"]).await;
    let mut snapshots = site.horizon.watch_now();
    let mut other = site.horizon.watch_now();
    let first = snapshots.next().await.unwrap();
    assert_eq!(pages(&first), []);
    assert!(
        Arc::ptr_eq(&first, &other.next().await.unwrap()),
        "one snapshot for all"
    );
    let _open = open(&site, "a", ADA, "").await;
    assert!(snapshots.next().now_or_never().is_none());
    while pages(&snapshots.next().await.unwrap()) != [("a", 1)] {}
    // The numbers of the last minutes are samples, so they may change once more.
    sleep(Duration::from_secs(11)).await;
    snapshots.next().now_or_never();
    advance(Duration::from_secs(5)).await;
    assert!(snapshots.next().now_or_never().is_none(), "nothing changed");
}

#[tokio::test(start_paused = true)]
async fn the_minutes_are_sampled_also_while_nobody_asks() {
    let site = TestSite::start(["a"]).await;
    let open = open(&site, "a", ADA, "").await;
    sleep(Duration::from_secs(61)).await;
    drop(open);
    site.clock.advance(Duration::from_secs(60));
    sleep(Duration::from_secs(120)).await;
    let minutes = site.horizon.now().await.minutes;
    assert_eq!(minutes.len(), 30);
    let (unknown, known) = minutes.split_at(26);
    assert_eq!(unknown, [None; 26]);
    assert_eq!(known[0], Some(1));
    assert_eq!(known[3], Some(0));
}

#[tokio::test(start_paused = true)]
async fn the_last_minute_has_the_viewers_of_this_moment() {
    let site = TestSite::start(["a"]).await;
    let _open = [open(&site, "a", ADA, "").await, open(&site, "a", BEN, "").await];
    // Earlier than the next sample.
    let snapshot = now(&site).await;
    assert_eq!(snapshot.viewers, Some(2));
    assert_eq!(snapshot.minutes.last(), Some(&Some(2)));
}

#[tokio::test(start_paused = true)]
async fn a_site_without_numbers_is_unknown_and_does_not_delay_the_page() {
    let site = TestSite::start(["a"]).await;
    site.fake.mute_presence();
    let snapshot = now(&site).await;
    assert_eq!((snapshot.viewers, pages(&snapshot)), (None, vec![]));
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_do_not_get_an_old_snapshot() {
    let site = TestSite::start(["a"]).await;
    assert_eq!(pages(&now(&site).await), []);
    let _open = open(&site, "a", ADA, "").await;
    sleep(Duration::from_secs(3600)).await;
    // So a read takes a while.
    site.fake.mute_presence();
    let (first, second) = tokio::join!(site.horizon.now(), site.horizon.now());
    assert_eq!((pages(&first), pages(&second)), (vec![("a", 1)], vec![("a", 1)]));
}

#[tokio::test(start_paused = true)]
async fn watches_end_with_the_site_and_do_not_keep_it_open() {
    let site = TestSite::start(["a"]).await;
    let mut snapshots = site.horizon.watch_now();
    snapshots.next().await.unwrap();
    let (horizon, mut others) = (site.horizon.clone(), site.horizon.watch_now());
    horizon.close().await.unwrap();
    assert!(snapshots.next().await.is_none() && others.next().await.is_none());
    let horizon: Horizon = TestSite::start(["a"]).await.horizon;
    let mut snapshots = horizon.watch_now();
    snapshots.next().await.unwrap();
    drop(horizon);
    assert!(snapshots.next().await.is_none());
}
