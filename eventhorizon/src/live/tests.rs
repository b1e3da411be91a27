//! The pace of a live page, in virtual time.

mod observed;
mod readers;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt, Stream, StreamExt, stream::BoxStream};
use horizon_backend::Health;
use horizon_core::{
    Draft, Event, EventBus, EventKind, Ports, Presence, PresenceGuard, ReaderId, Result, Slug, Stamp, Stats,
    StatsStore, Timestamp, Topic, VisitorKey,
};
use horizon_memory::MemoryStore;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_stream::wrappers::WatchStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Frame, FramePart, Hub, HubParts, LatestReceiver, OpenConnection, TopicLease, ViewerStream,
    page::{FRAME_INTERVAL, SITE_INTERVAL},
};
use crate::{
    Config, breaker::CACHED_TIMEOUT, limits::ClientLimits, live_viewer::LiveViewer, metrics::Metrics,
    read_cache::ReadCache,
};

/// The longest silence of a page.
const MAX_SILENCE: Duration = Duration::from_secs(7);

/// A presence and an event bus that publish the values of the test.
struct FakeSources {
    viewers: watch::Sender<Option<u64>>,
    stats: watch::Sender<Option<Stats>>,
}

fn watch_values<T: Clone + Send + Sync + 'static>(sender: &watch::Sender<Option<T>>) -> BoxStream<'static, T> {
    WatchStream::new(sender.subscribe())
        .filter_map(async |value| value)
        .boxed()
}

#[async_trait]
impl Presence for FakeSources {
    async fn track(&self, _: Topic, _: VisitorKey) -> Result<PresenceGuard> {
        Ok(PresenceGuard::new(()))
    }

    fn watch(&self, _: Topic) -> BoxStream<'static, u64> {
        watch_values(&self.viewers)
    }
}

#[async_trait]
impl EventBus for FakeSources {
    async fn track(&self, _: Event) -> Result<()> {
        Ok(())
    }

    fn watch(&self, _: Topic) -> BoxStream<'static, Stats> {
        watch_values(&self.stats)
    }
}

struct HubFixture {
    sources: Arc<FakeSources>,
    store: Arc<MemoryStore>,
    hub: Hub,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
}

fn fixture(viewers: Option<u64>, stats: Option<Stats>) -> HubFixture {
    fixture_with(viewers, stats, |_| ())
}

fn fixture_with(viewers: Option<u64>, stats: Option<Stats>, change: impl FnOnce(&mut Ports)) -> HubFixture {
    let sources = Arc::new(FakeSources {
        viewers: watch::Sender::new(viewers),
        stats: watch::Sender::new(stats),
    });
    let store = Arc::new(MemoryStore::new());
    let mut ports = Ports::with_store(Arc::clone(&sources) as _, Arc::clone(&sources) as _, Arc::clone(&store));
    change(&mut ports);
    let (metrics, cache) = (Arc::new(Metrics::new(Default::default())), Arc::new(ReadCache::new()));
    let hub = Hub::new(HubParts {
        ports,
        is_accumulator: false,
        cache: Arc::clone(&cache),
        metrics: Arc::clone(&metrics),
        closing: CancellationToken::new(),
        tasks: TaskTracker::new(),
        health: Health::default(),
        max_silence: MAX_SILENCE,
    });
    HubFixture {
        sources,
        store,
        hub,
        cache,
        metrics,
    }
}

impl HubFixture {
    fn running() -> Self {
        fixture(Some(1), Some(Stats::default()))
    }

    fn join(&self) -> (TopicLease, LatestReceiver<Frame>) {
        self.hub.join(&Slug::new("hello").unwrap().into()).unwrap()
    }

    fn viewers(&self, viewers: u64) {
        self.sources.viewers.send_replace(Some(viewers));
    }
}

fn part_text(frame: &Frame, part: FramePart) -> String {
    String::from_utf8(frame.messages.get(part).bytes.to_vec()).unwrap()
}

async fn next(frames: &mut LatestReceiver<Frame>) -> Arc<Frame> {
    loop {
        let frame = frames.next().await.unwrap();
        if frame.ready {
            return frame;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_changes_in_a_second_make_ten_frames_and_the_last_one_wins() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    next(&mut frames).await;
    sleep(SITE_INTERVAL).await;
    let before = site.metrics.live_frames.get();
    let mut seen = 0;
    for viewers in 2..=1001 {
        site.viewers(viewers);
        sleep(Duration::from_millis(1)).await;
        seen += u32::from(frames.next().now_or_never().is_some());
    }
    assert!((9..=11).contains(&seen), "{seen}");
    sleep(FRAME_INTERVAL).await;
    assert!(part_text(&frames.get(), FramePart::Stats).contains("\"viewers\":1001"));
    let both = site.metrics.live_frames.get() - before;
    assert!(both <= 24, "the page and the site made {both} frames");
}

#[tokio::test(start_paused = true)]
async fn the_first_change_after_a_pause_is_sent_at_once() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    let start = Instant::now();
    next(&mut frames).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(Duration::from_secs(5)).await;
    while frames.next().now_or_never().is_some() {}
    let start = Instant::now();
    site.viewers(2);
    assert!(part_text(&*next(&mut frames).await, FramePart::Stats).contains("\"viewers\":2"));
    assert_eq!(start.elapsed(), Duration::ZERO);
    site.viewers(3);
    next(&mut frames).await;
    assert!(start.elapsed() >= FRAME_INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_the_site_are_sent_at_most_once_a_second() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    let mut revision = next(&mut frames).await.messages.get(FramePart::Site).revision;
    let mut times = Vec::new();
    for viewers in 2..100 {
        site.viewers(viewers);
        sleep(Duration::from_millis(50)).await;
        let newest = frames.get().messages.get(FramePart::Site).revision;
        if newest > revision {
            times.push(Instant::now());
            revision = newest;
        }
    }
    assert!((4..=5).contains(&times.len()), "{}", times.len());
    sleep(SITE_INTERVAL).await;
    assert!(part_text(&frames.get(), FramePart::Site).contains("\"viewers\":99"));
}

#[tokio::test(start_paused = true)]
async fn a_page_without_changes_repeats_its_numbers() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    let first = next(&mut frames).await;
    for _ in 0..3 {
        let start = Instant::now();
        let beat = next(&mut frames).await;
        assert_eq!(start.elapsed(), MAX_SILENCE);
        assert_eq!(part_text(&beat, FramePart::Stats), part_text(&first, FramePart::Stats));
        assert!(beat.messages.get(FramePart::Stats).revision > first.messages.get(FramePart::Stats).revision);
        assert_eq!(
            beat.messages.get(FramePart::Site).revision,
            first.messages.get(FramePart::Site).revision
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_source_delays_only_its_own_part() {
    let site = fixture(Some(1), None);
    let (_seat, mut frames) = site.join();
    let start = Instant::now();
    let first = next(&mut frames).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!((first.ready, &first.stats), (true, &None));
    assert_eq!(
        part_text(&*next(&mut frames).await, FramePart::Stats),
        ":\n\n",
        "it shows that it is alive"
    );
    site.sources.stats.send_replace(Some(Stats::default()));
    let frame = next(&mut frames).await;
    assert!(part_text(&frame, FramePart::Stats).contains("\"viewers\":1"));
}

#[tokio::test(start_paused = true)]
async fn the_last_known_values_are_sent_until_silent_sources_respond() {
    let site = fixture(None, None);
    let was = Stats::new(7, 0, 0);
    site.cache.put_published(&Slug::new("hello").unwrap().into(), 3, was);
    let (_seat, mut frames) = site.join();
    let start = Instant::now();
    let first = next(&mut frames).await;
    assert_eq!(start.elapsed(), CACHED_TIMEOUT);
    assert!(part_text(&first, FramePart::Stats).contains("\"viewers\":3,\"visits\":7"));
    let topic = Slug::new("hello").unwrap().into();
    assert_eq!(site.hub.published_stats(&topic), None, "they are not current");
    site.sources.stats.send_replace(Some(Stats::default()));
    site.viewers(1);
    let frame = next(&mut frames).await;
    assert!(part_text(&frame, FramePart::Stats).contains("\"viewers\":1,\"visits\":0"));
    assert!(site.hub.published_stats(&topic).is_some());
}

#[tokio::test(start_paused = true)]
async fn new_comments_are_read_when_their_revision_moves() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    assert_eq!(
        part_text(&*next(&mut frames).await, FramePart::Comments),
        "event: comments\ndata: []\n\n"
    );
    let event = Event::new(
        Stamp::new(Timestamp::from_millis(1), [1; 10]),
        Slug::new("hello").unwrap().into(),
        EventKind::Comment {
            reader: ReaderId::from_u128(1),
            draft: Draft::new("Ada", "Hello", None).unwrap(),
            pending: false,
        },
    );
    let stats = site.store.apply(&[event]).await.unwrap()[0].stats.clone();
    site.sources.stats.send_replace(Some(stats));
    sleep(FRAME_INTERVAL * 2).await;
    assert!(part_text(&frames.get(), FramePart::Comments).contains("<p>Hello</p>"));
}

fn poll(body: &mut ViewerStream) -> Option<String> {
    match Pin::new(body).poll_next(&mut Context::from_waker(std::task::Waker::noop())) {
        Poll::Ready(Some(bytes)) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
        Poll::Ready(None) => panic!("the stream ended"),
        Poll::Pending => None,
    }
}

fn body(site: &HubFixture) -> ViewerStream {
    let limits = ClientLimits::new(&Config::default(), Arc::clone(&site.metrics), Timestamp::default());
    let stream = limits.open_stream(limits.networks([192, 0, 2, 1].into())).unwrap();
    let connections = site.metrics.live_connections.clone();
    let open = OpenConnection::new(connections, TaskTracker::new().token(), stream, None);
    ViewerStream::new(
        "retry: 1\n\n".into(),
        &FramePart::ALL,
        site.join(),
        LiveViewer::Uncounted,
        open,
    )
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_skips_to_the_latest_and_misses_no_part() {
    let site = HubFixture::running();
    let mut slow = body(&site);
    assert_eq!(poll(&mut slow).as_deref(), Some("retry: 1\n\n"));
    assert_eq!(poll(&mut slow), None, "no message goes out before all is there");
    sleep(FRAME_INTERVAL).await;
    for viewers in 2..=50 {
        site.viewers(viewers);
        sleep(FRAME_INTERVAL).await;
    }
    sleep(SITE_INTERVAL).await;
    let read: Vec<_> = std::iter::from_fn(|| poll(&mut slow)).collect();
    assert_eq!(read.len(), 3, "{read:?}");
    assert!(read[0].starts_with("event: live\n") && read[0].contains("\"viewers\":50"));
    assert!(read[1].starts_with("event: site\n") && read[1].contains("\"viewers\":50"));
    assert!(read[2].starts_with("event: comments\n"));
}

#[tokio::test(start_paused = true)]
async fn all_connections_of_a_page_write_the_same_bytes() {
    let site = HubFixture::running();
    let (_seat, mut frames) = site.join();
    let frame = next(&mut frames).await;
    let (_other_seat, other) = site.join();
    let (ours, theirs) = (
        frame.messages.get(FramePart::Stats).bytes.as_ptr(),
        other.get().messages.get(FramePart::Stats).bytes.as_ptr(),
    );
    assert_eq!(ours, theirs);
    assert_eq!(site.metrics.live_pages.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_task_ends_with_its_last_connection() {
    let site = HubFixture::running();
    let (seat, mut frames) = site.join();
    next(&mut frames).await;
    drop(seat);
    while frames.next().await.is_some() {}
    assert_eq!(site.sources.viewers.receiver_count(), 0, "nothing watches any more");
    assert_eq!(site.metrics.live_pages.get(), 0);
}
