//! The task of one watched page: merges its sources, limits the frame rate, encodes each message once.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::BoxStream,
};
use horizon_core::{
    CommentStore, Ports, Slug, Stats, Topic,
    wire::{self, CommentView, PageStats},
};
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::{Frame, FramePart, Hub, PerPart, TopicLease, comments::read_newest, latest::LatestSender, sse};
use crate::{breaker::CACHED_TIMEOUT, metrics::Metrics, read_cache::ReadCache};

/// The shortest time between two frames of a page: 100 milliseconds.
pub(crate) const FRAME_INTERVAL: Duration = Duration::from_millis(100);

/// The shortest time between two messages with the site's stats on a page: one second.
pub(crate) const SITE_INTERVAL: Duration = Duration::from_secs(1);

/// How long the first frame waits for its sources: one second. With cached stats it waits for [`CACHED_TIMEOUT`].
pub(super) const FIRST_FRAME_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of a page's sources.
const SOURCES: usize = 4;

/// A heartbeat without stats: a comment, which browsers ignore.
const EMPTY_MESSAGE: Bytes = Bytes::from_static(b":\n\n");

/// Runs the task of a page until it is dropped. After `max_silence` it repeats its stats: clients treat a long
/// silence as a lost connection, and some servers detect a vanished client only by a write.
pub(super) async fn run(
    topic: Topic,
    hub: Hub,
    ports: Ports,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
    max_silence: Duration,
    frames: LatestSender<Frame>,
) {
    let mut sources = Sources::open(&topic, &hub, &ports);
    let mut page = PageState::new(topic, cache, frames, metrics, max_silence);
    loop {
        tokio::select! {
            () = sleep_until(page.due()) => {
                // Take all updates that are ready into this frame: one with only the site's stats would delay the
                // page's own by a frame.
                for update in std::iter::from_fn(|| sources.next().now_or_never()).take(SOURCES) {
                    page.apply(update);
                }
                page.publish(Instant::now());
            }
            update = sources.next() => page.apply(update),
        }
        sources.read_comments_at(page.comments_revision());
    }
}

/// A new value of a source.
enum SourceUpdate {
    Viewers(u64),
    Stats(Stats),
    Site(PageStats),
    Comments(Vec<CommentView>),
}

/// The sources of a page. They are open before anything is read.
struct Sources {
    viewers: BoxStream<'static, SourceUpdate>,
    stats: BoxStream<'static, SourceUpdate>,
    site: BoxStream<'static, SourceUpdate>,
    comments_read: Option<BoxFuture<'static, Vec<CommentView>>>,
    /// The revision of the comments when they were last read.
    read_revision: Option<u64>,
    comments: Arc<dyn CommentStore>,
    slug: Option<Slug>,
    _site_lease: Option<TopicLease>,
}

impl Sources {
    fn open(topic: &Topic, hub: &Hub, ports: &Ports) -> Self {
        let viewers = ports.presence.watch(topic.clone()).map(SourceUpdate::Viewers);
        let stats = ports.bus.watch(topic.clone()).map(SourceUpdate::Stats);
        let slug = topic.slug().cloned();
        let (lease, site) = slug.as_ref().and_then(|_| hub.join(&Topic::Site)).unzip();
        let site = futures::stream::iter(site)
            .flatten()
            .filter_map(|frame| async move { frame.stats.clone().map(SourceUpdate::Site) });
        Self {
            viewers: endless(viewers),
            stats: endless(stats),
            site: endless(site),
            comments_read: None,
            read_revision: None,
            comments: Arc::clone(&ports.comments),
            slug,
            _site_lease: lease,
        }
    }

    async fn next(&mut self) -> SourceUpdate {
        tokio::select! {
            Some(update) = self.viewers.next() => update,
            Some(update) = self.stats.next() => update,
            Some(update) = self.site.next() => update,
            Some(newest) = OptionFuture::from(self.comments_read.as_mut()) => {
                self.comments_read = None;
                SourceUpdate::Comments(newest)
            }
            else => futures::future::pending().await,
        }
    }

    /// Reads the comments unless this revision was read. A running read is never cancelled, so that a flood of comments
    /// cannot keep the page from showing any.
    fn read_comments_at(&mut self, revision: Option<u64>) {
        let Some(slug) = &self.slug else { return };
        if self.comments_read.is_some() || self.read_revision == revision {
            return;
        }
        self.read_revision = revision;
        self.comments_read = read_newest(&self.comments, slug);
    }
}

/// Returns a stream that never ends.
pub(super) fn endless<T: Send + 'static>(
    source: impl futures::Stream<Item = T> + Send + 'static,
) -> BoxStream<'static, T> {
    source.chain(futures::stream::pending()).boxed()
}

/// The values of a page, its last frame, and when the next one is due.
struct PageState {
    topic: Topic,
    cache: Arc<ReadCache>,
    frames: LatestSender<Frame>,
    metrics: Arc<Metrics>,
    viewers: Option<u64>,
    stats: Option<Stats>,
    site: Option<PageStats>,
    comments: Option<Vec<CommentView>>,
    frame: Frame,
    changed: PerPart<bool>,
    /// The earliest time for the site's stats.
    next_site: Instant,
    /// The earliest time for the next frame; the latest time for the first one.
    next_frame: Instant,
    max_silence: Duration,
    next_heartbeat: Instant,
}

impl PageState {
    fn new(
        topic: Topic,
        cache: Arc<ReadCache>,
        frames: LatestSender<Frame>,
        metrics: Arc<Metrics>,
        max_silence: Duration,
    ) -> Self {
        let now = Instant::now();
        let wait = cache.page_stats(&topic).map_or(FIRST_FRAME_TIMEOUT, |_| CACHED_TIMEOUT);
        Self {
            topic,
            cache,
            frames,
            metrics,
            viewers: None,
            stats: None,
            site: None,
            comments: None,
            frame: Frame::default(),
            changed: PerPart::default(),
            next_site: now,
            next_frame: now + wait,
            max_silence,
            next_heartbeat: now + max_silence,
        }
    }

    fn apply(&mut self, update: SourceUpdate) {
        let part = match update {
            SourceUpdate::Viewers(viewers) => {
                self.viewers = Some(viewers);
                FramePart::Stats
            }
            SourceUpdate::Stats(stats) => {
                self.stats = Some(stats);
                FramePart::Stats
            }
            SourceUpdate::Site(stats) => {
                self.site = Some(stats);
                FramePart::Site
            }
            SourceUpdate::Comments(newest) => {
                self.comments = Some(newest);
                FramePart::Comments
            }
        };
        *self.changed.get_mut(part) = true;
        if !self.frame.ready && self.is_complete() {
            self.next_frame = Instant::now();
        }
    }

    /// Returns whether all sources have a value.
    fn is_complete(&self) -> bool {
        let own = self.viewers.is_some() && self.stats.is_some();
        let has_comments = self.comments.is_some() || !cfg!(feature = "comments");
        own && (self.topic.slug().is_none() || self.site.is_some() && has_comments)
    }

    /// Returns the revision of the comments that the totals count.
    fn comments_revision(&self) -> Option<u64> {
        self.stats.as_ref().map(|stats| stats.comments_revision)
    }

    /// Returns when the next frame is due.
    fn due(&self) -> Instant {
        if !self.frame.ready {
            return self.next_frame;
        }
        let own = *self.changed.get(FramePart::Stats) || *self.changed.get(FramePart::Comments);
        let own = own.then_some(self.next_frame);
        let site = self.changed.get(FramePart::Site);
        let site = site.then_some(self.next_frame.max(self.next_site));
        [own, site]
            .into_iter()
            .flatten()
            .fold(self.next_heartbeat, Instant::min)
    }

    fn publish(&mut self, now: Instant) {
        self.update_stats();
        let mut changed = !self.frame.ready;
        self.frame.ready = true;
        for part in FramePart::ALL {
            changed |= self.update_message(part, now);
        }
        if !changed && now >= self.next_heartbeat {
            self.repeat_stats();
            changed = true;
        }
        if changed {
            self.next_frame = now + FRAME_INTERVAL;
            self.next_heartbeat = now + self.max_silence;
            self.metrics.live_frames.inc();
            self.frames.send(self.frame.clone());
        }
    }

    /// Merges the stats of the sources. Cached values replace those of a source without one.
    fn update_stats(&mut self) {
        self.frame.is_current = self.viewers.is_some() && self.stats.is_some();
        let viewers = self.viewers.or_else(|| self.cache.viewers(&self.topic));
        let stats = self.stats.clone().or_else(|| self.cache.stats(&self.topic));
        let Some((viewers, stats)) = viewers.zip(stats) else {
            return;
        };
        if self.frame.is_current {
            self.cache.put_published(&self.topic, viewers, stats.clone());
        }
        if self.frame.stats.is_none() {
            *self.changed.get_mut(FramePart::Stats) = true;
        }
        self.frame.comments_revision = stats.comments_revision;
        self.frame.stats = Some(PageStats::new(viewers, stats));
    }

    /// Encodes a part whose source changed. Returns whether its message changed.
    fn update_message(&mut self, part: FramePart, now: Instant) -> bool {
        if !*self.changed.get(part) || part == FramePart::Site && now < self.next_site {
            return false;
        }
        *self.changed.get_mut(part) = false;
        let Some(bytes) = self.encode(part) else { return false };
        let message = self.frame.messages.get_mut(part);
        if message.bytes == bytes {
            return false;
        }
        message.bytes = bytes;
        message.revision += 1;
        if part == FramePart::Site {
            self.next_site = now + SITE_INTERVAL;
        }
        true
    }

    fn encode(&self, part: FramePart) -> Option<Bytes> {
        match part {
            FramePart::Stats => encode(wire::LIVE, self.frame.stats.as_ref()?),
            FramePart::Site => encode(wire::SITE, self.site.as_ref()?),
            FramePart::Comments => encode(wire::COMMENTS, self.comments.as_ref()?),
        }
    }

    fn repeat_stats(&mut self) {
        let message = self.frame.messages.get_mut(FramePart::Stats);
        message.revision += 1;
        if message.bytes.is_empty() {
            message.bytes = EMPTY_MESSAGE;
        }
    }
}

/// Returns an encoded message, or logs why it cannot be encoded.
pub(super) fn encode(name: &str, data: &impl Serialize) -> Option<Bytes> {
    match sse::encode(name, data) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, name, "encoding a live message failed");
            None
        }
    }
}
