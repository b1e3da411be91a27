//! Streams of named readers.

use std::{
    collections::HashSet,
    mem::size_of,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use horizon_core::{Error, Event, ReaderId, Result, Slug, Stats, StatsStore, Timestamp, Topic, Update};
use parking_lot::Mutex;
use tokio::time::sleep;

use super::{HubFixture, body, fixture_with, poll};
use crate::{
    live::{
        ViewerStream,
        page::FRAME_INTERVAL,
        reader_page::{FULL_ROUND_INTERVAL, READERS_PER_ROUND, ROUND_INTERVAL},
    },
    read_cache::WRITE_LAG,
};

const ADA: ReaderId = ReaderId::from_u128(1);
const LIKED: &str = "event: reader\ndata: {\"liked\":true}\n\n";
const NOT_LIKED: &str = "event: reader\ndata: {\"liked\":false}\n\n";

/// A store that only knows who likes the page.
#[derive(Default)]
struct FakeLikes {
    readers: Mutex<HashSet<ReaderId>>,
    reads: Mutex<Vec<ReaderId>>,
    is_broken: AtomicBool,
    is_hanging: AtomicBool,
}

#[async_trait]
impl StatsStore for FakeLikes {
    async fn apply(&self, _: &[Event]) -> Result<Vec<Update>> {
        Ok(Vec::new())
    }

    async fn totals(&self, _: &[Topic]) -> Result<Vec<Update>> {
        Ok(Vec::new())
    }

    async fn is_liked_by(&self, _: &Topic, reader: ReaderId) -> Result<bool> {
        self.reads.lock().push(reader);
        if self.is_hanging.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(Error::unavailable("broken"));
        }
        Ok(self.readers.lock().contains(&reader))
    }

    async fn expire(&self, _: Timestamp) -> Result<()> {
        Ok(())
    }
}

impl FakeLikes {
    fn reads(&self) -> usize {
        self.reads.lock().len()
    }

    fn reads_of(&self, reader: ReaderId) -> usize {
        self.reads.lock().iter().filter(|read| **read == reader).count()
    }

    fn like(&self, reader: ReaderId) {
        self.readers.lock().insert(reader);
    }
}

fn site() -> (HubFixture, Arc<FakeLikes>) {
    let likes = Arc::new(FakeLikes::default());
    let stats = Arc::clone(&likes);
    let site = fixture_with(Some(1), Some(Stats::default()), |ports| ports.stats = stats);
    (site, likes)
}

fn hello() -> Topic {
    Slug::new("hello").unwrap().into()
}

fn stream(site: &HubFixture, reader: ReaderId) -> ViewerStream {
    body(site).with_reader(site.hub.watch_reader(&hello(), reader).unwrap())
}

/// Publishes a number of likes, as after a like on another node.
fn publish(site: &HubFixture, likes: u64) {
    site.sources.stats.send_replace(Some(Stats::new(0, likes, 0)));
}

/// Returns the messages for the reader that the stream has now.
fn reader_messages(stream: &mut ViewerStream) -> Vec<String> {
    let messages = std::iter::from_fn(|| poll(stream));
    messages
        .filter(|message| message.starts_with("event: reader"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_state_of_a_named_reader_follows_the_first_messages() {
    let (site, likes) = site();
    likes.like(ADA);
    let mut ada = stream(&site, ADA);
    let mut ben = stream(&site, ReaderId::from_u128(2));
    let mut unnamed = body(&site);
    sleep(Duration::from_millis(1)).await;
    let names = |stream: &mut ViewerStream| -> Vec<String> {
        let messages = std::iter::from_fn(|| poll(stream));
        messages
            .map(|message| message.lines().next().unwrap().to_owned())
            .collect()
    };
    let common = ["retry: 1", "event: live", "event: site", "event: comments"];
    assert_eq!(names(&mut ada), [&common[..], &["event: reader"]].concat());
    assert_eq!(reader_messages(&mut ben), [NOT_LIKED]);
    assert_eq!(names(&mut unnamed), common);
}

#[tokio::test(start_paused = true)]
async fn a_like_through_this_process_reaches_all_streams_of_the_reader_at_once() {
    let (site, likes) = site();
    let mut devices = [stream(&site, ADA), stream(&site, ADA)];
    let mut ben = stream(&site, ReaderId::from_u128(2));
    sleep(Duration::from_millis(1)).await;
    for device in devices.iter_mut().chain([&mut ben]) {
        assert_eq!(reader_messages(device), [NOT_LIKED]);
    }
    let reads = likes.reads();
    site.hub.note_like(&hello(), ADA, true);
    site.hub.note_like(&hello(), ADA, true);
    for device in &mut devices {
        assert_eq!(reader_messages(device), [LIKED]);
    }
    assert!(reader_messages(&mut ben).is_empty());
    assert_eq!((reads, likes.reads()), (2, 2), "one for each reader, none for the like");
}

#[tokio::test(start_paused = true)]
async fn a_like_through_another_node_arrives_within_a_second() {
    let (site, likes) = site();
    let mut ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 3).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
    let reads = likes.reads();
    sleep(FULL_ROUND_INTERVAL / 2).await;
    assert_eq!(likes.reads(), reads, "nothing is read while the number of likes stays");
    likes.like(ADA);
    publish(&site, 1);
    sleep(FRAME_INTERVAL + Duration::from_millis(1)).await;
    assert_eq!(reader_messages(&mut ada), [LIKED], "the first change is read at once");
    likes.readers.lock().clear();
    publish(&site, 0);
    sleep(ROUND_INTERVAL).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
}

#[tokio::test(start_paused = true)]
async fn a_like_through_another_node_that_leaves_the_number_of_likes_unchanged_arrives_within_a_minute() {
    let (site, likes) = site();
    let mut ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 3).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
    likes.like(ADA); // while another reader removes a like
    let reads = likes.reads();
    sleep(FULL_ROUND_INTERVAL).await;
    assert_eq!(reader_messages(&mut ada), [LIKED]);
    assert_eq!(likes.reads(), reads + 1);
}

#[tokio::test(start_paused = true)]
async fn readers_who_left_are_not_read() {
    let (site, likes) = site();
    likes.is_hanging.store(true, Ordering::Relaxed);
    let mut ada = stream(&site, ADA);
    for id in 0..1_000 {
        let left = stream(&site, ReaderId::from_u128(id + 2));
        sleep(Duration::from_millis(1)).await;
        drop(left);
    }
    let hanging = likes.reads();
    likes.is_hanging.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(12)).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
    assert_eq!(likes.reads() - hanging, 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_reconnects_waits_for_one_read() {
    let (site, likes) = site();
    let mut ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 3).await;
    let before = likes.reads_of(ADA);
    likes.is_hanging.store(true, Ordering::Relaxed);
    let _others: Vec<_> = (10..26).map(|id| stream(&site, ReaderId::from_u128(id))).collect();
    for total in 1..=20 {
        publish(&site, total);
        sleep(FRAME_INTERVAL * 2).await;
        drop(ada);
        ada = stream(&site, ADA);
    }
    assert_eq!(likes.reads_of(ADA), before, "the reads of others hang");
    likes.is_hanging.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(12)).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
    assert_eq!(likes.reads_of(ADA), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_likes_reads_a_reader_once_a_second() {
    let (site, likes) = site();
    let _ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 3).await;
    let before = likes.reads();
    for total in 1..=100 {
        publish(&site, total);
        sleep(Duration::from_millis(100)).await;
    }
    let reads = likes.reads() - before;
    assert!((9..=11).contains(&reads), "{reads} reads in ten seconds");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_cost_two_hundred_reads_a_second_and_miss_nothing() {
    let (site, likes) = site();
    let mut streams: Vec<_> = (0..1_000).map(|id| stream(&site, ReaderId::from_u128(id))).collect();
    sleep(ROUND_INTERVAL * 10).await;
    for stream in &mut streams {
        assert_eq!(reader_messages(stream), [NOT_LIKED]);
    }
    (0..1_000).for_each(|id| likes.like(ReaderId::from_u128(id)));
    publish(&site, 1_000);
    for second in 0..5 {
        let before = likes.reads();
        sleep(ROUND_INTERVAL).await;
        let reads = likes.reads() - before;
        assert!(reads <= READERS_PER_ROUND, "{reads} reads in second {second}");
    }
    sleep(ROUND_INTERVAL).await;
    for stream in &mut streams {
        assert_eq!(reader_messages(stream), [LIKED]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lags_behind_does_not_take_back_a_like() {
    let (site, likes) = site();
    let mut ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 3).await;
    assert_eq!(reader_messages(&mut ada), [NOT_LIKED]);
    site.hub.note_like(&hello(), ADA, true);
    publish(&site, 1); // of another reader
    sleep(WRITE_LAG - Duration::from_millis(1)).await;
    assert_eq!(reader_messages(&mut ada), [LIKED]);
    sleep(ROUND_INTERVAL * 2).await;
    assert_eq!(
        reader_messages(&mut ada),
        [NOT_LIKED],
        "the like is lost, or was removed elsewhere"
    );
    assert!(likes.reads() < 8, "{}", likes.reads());
}

#[tokio::test(start_paused = true)]
async fn a_failed_read_is_repeated_once_a_second() {
    let (site, likes) = site();
    likes.like(ADA);
    likes.is_broken.store(true, Ordering::Relaxed);
    let mut ada = stream(&site, ADA);
    sleep(ROUND_INTERVAL * 10).await;
    assert!(reader_messages(&mut ada).is_empty());
    assert!((10..=12).contains(&likes.reads()), "{}", likes.reads());
    likes.is_broken.store(false, Ordering::Relaxed);
    sleep(ROUND_INTERVAL).await;
    assert_eq!(reader_messages(&mut ada), [LIKED]);
}

#[tokio::test(start_paused = true)]
async fn the_tasks_of_a_page_end_with_its_last_named_reader() {
    let (site, likes) = site();
    let devices = [stream(&site, ADA), stream(&site, ADA)];
    sleep(ROUND_INTERVAL).await;
    drop(devices);
    sleep(ROUND_INTERVAL).await;
    let reads = likes.reads();
    publish(&site, 1);
    sleep(ROUND_INTERVAL * 3).await;
    assert_eq!(likes.reads(), reads);
    assert_eq!(
        (site.metrics.live_pages.get(), site.sources.stats.receiver_count()),
        (0, 0)
    );
}

#[test]
fn a_stream_without_a_named_reader_pays_a_pointer() {
    // The pointer is that of the observed pages.
    assert_eq!(size_of::<crate::Live>(), 112);
}
