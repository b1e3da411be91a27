//! Streams that observe pages.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use horizon_core::{Slug, Stats};
use tokio::time::sleep;

use super::{HubFixture, body, fixture, poll};
use crate::live::{ObservedPages, ViewerStream, observed_page::OBSERVED_INTERVAL};

fn observe(site: &HubFixture, slugs: &[&str]) -> ObservedPages {
    let slugs = slugs.iter().map(|slug| Slug::new(slug).unwrap());
    site.hub.observe(slugs.collect())
}

fn observing(site: &HubFixture, slugs: &[&str]) -> ViewerStream {
    let mut stream = body(site).with_observed(observe(site, slugs));
    assert!(poll(&mut stream).unwrap().starts_with("retry:"));
    stream
}

/// Returns the messages of observed pages that the stream has now.
fn observed_messages(stream: &mut ViewerStream) -> Vec<String> {
    let messages = std::iter::from_fn(|| poll(stream));
    messages.filter(|message| message.starts_with("event: page")).collect()
}

#[tokio::test(start_paused = true)]
async fn an_observed_page_is_sent_at_most_once_a_second_and_the_last_change_wins() {
    let site = HubFixture::running();
    let mut stream = observing(&site, &["a"]);
    sleep(Duration::from_millis(1)).await;
    let first = "event: page\ndata: {\"page\":\"a\",\"viewers\":1,\"visits\":0,\"likes\":0,\"comments\":0}\n\n";
    assert_eq!(
        observed_messages(&mut stream),
        [first],
        "the first message does not wait"
    );
    let mut messages = Vec::new();
    for viewers in 2..=300 {
        site.viewers(viewers);
        sleep(Duration::from_millis(10)).await;
        messages.extend(observed_messages(&mut stream));
    }
    assert!((2..=3).contains(&messages.len()), "{messages:?}");
    sleep(OBSERVED_INTERVAL).await;
    let last = observed_messages(&mut stream);
    assert!(last.len() == 1 && last[0].contains("\"viewers\":300"), "{last:?}");
    sleep(OBSERVED_INTERVAL * 10).await;
    assert!(observed_messages(&mut stream).is_empty(), "nothing changed");
}

#[tokio::test(start_paused = true)]
async fn a_slow_observer_skips_to_the_latest_and_misses_no_page() {
    let site = HubFixture::running();
    let slugs: Vec<_> = (0..100).map(|number| format!("p{number}")).collect();
    let slugs: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let mut slow = observing(&site, &slugs);
    for viewers in 2..=5 {
        site.viewers(viewers);
        sleep(OBSERVED_INTERVAL).await;
    }
    sleep(OBSERVED_INTERVAL).await;
    let messages = observed_messages(&mut slow);
    assert_eq!(messages.len(), 100);
    for slug in slugs {
        let latest = format!("data: {{\"page\":\"{slug}\",\"viewers\":5,");
        assert!(messages.iter().any(|message| message.contains(&latest)), "{slug}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_observers_of_a_page_write_the_same_bytes() {
    let site = HubFixture::running();
    let (mut first, mut second) = (observe(&site, &["a"]), observe(&site, &["a"]));
    sleep(Duration::from_millis(1)).await;
    let mut context = Context::from_waker(std::task::Waker::noop());
    let (first, second) = (first.poll_message(&mut context), second.poll_message(&mut context));
    let address = |message: Poll<Bytes>| message.map(|bytes| bytes.as_ptr());
    assert!(first.is_ready());
    assert_eq!(address(first), address(second));
    assert_eq!(site.metrics.live_frames.get(), 1, "encoded once");
}

#[tokio::test(start_paused = true)]
async fn the_changes_of_all_observed_pages_are_ready_together() {
    let site = HubFixture::running();
    let mut stream = observing(&site, &["a", "b", "c"]);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(observed_messages(&mut stream).len(), 3);
    sleep(OBSERVED_INTERVAL * 3 / 2).await;
    site.viewers(2);
    let mut sizes = Vec::new();
    for _ in 0..100 {
        sleep(OBSERVED_INTERVAL / 100).await;
        sizes.push(observed_messages(&mut stream).len());
    }
    sizes.retain(|size| *size > 0);
    assert_eq!(sizes, [3]);
}

#[tokio::test(start_paused = true)]
async fn the_last_known_values_of_an_observed_page_are_sent_until_silent_sources_respond() {
    let site = fixture(None, Some(Stats::default()));
    let topic = Slug::new("a").unwrap().into();
    site.cache.put_published(&topic, 3, Stats::new(7, 0, 0));
    let mut stream = observing(&site, &["a", "unknown"]);
    sleep(OBSERVED_INTERVAL * 3 / 2).await;
    let messages = observed_messages(&mut stream);
    assert!(
        messages.len() == 1 && messages[0].contains("\"viewers\":3,\"visits\":0"),
        "{messages:?}"
    );
    site.viewers(1);
    sleep(OBSERVED_INTERVAL * 3 / 2).await;
    assert_eq!(observed_messages(&mut stream).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_task_of_an_observed_page_ends_with_its_last_observer() {
    let site = HubFixture::running();
    let first = observe(&site, &["a", "b"]);
    let second = observe(&site, &["a"]);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(site.metrics.live_pages.get(), 2);
    drop(first);
    assert_eq!(site.metrics.live_pages.get(), 1);
    drop(second);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(site.metrics.live_pages.get(), 0);
    assert_eq!(site.sources.viewers.receiver_count(), 0, "nothing watches any more");
}
