//! The task of one watched page: merges its sources, holds the pace, encodes once.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, OptionFuture},
    stream::BoxStream,
};
use horizon_core::{
    CommentStore, Error, Ports, Slug, Stats, Topic,
    wire::{self, CommentView, PageStats},
};
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Frame, FramePart, Hub, Parts, Seat, latest::LatestSender, sse};
use crate::{breaker::CACHED_WAIT, metrics::Metrics, read_cache::ReadCache, render};

/// The shortest time between two frames of a page: ten a second.
pub(crate) const FRAME_EVERY: Duration = Duration::from_millis(100);

/// The shortest time between two messages with the site's numbers on a page: one second.
pub(crate) const SITE_EVERY: Duration = Duration::from_secs(1);

/// How long a page is silent before it says its numbers again: 20 seconds. Pages take a longer
/// silence for a lost connection, and a write is how a vanished reader is found out.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(20);

/// How many of the newest comments a page tells.
pub(crate) const NEWEST_COMMENTS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// How long the first frame waits for a source that does not answer: one second. Where the last numbers are known it
/// waits for [`CACHED_WAIT`], and says those.
const FIRST_FRAME_WAIT: Duration = Duration::from_secs(1);

/// How long one attempt to read the comments may take: 10 seconds.
const READ_COMMENTS_WAIT: Duration = Duration::from_secs(10);

/// How long to wait before comments are asked for again: one second.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// From how many sources a page has its news.
const SOURCES: usize = 4;

/// What a page says when it is alive but knows nothing: a comment, which browsers skip.
const ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// Runs a page until it is dropped.
pub(super) async fn run(
    topic: Topic,
    hub: Hub,
    ports: Ports,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
    frames: LatestSender<Frame>,
) {
    let mut sources = Sources::open(&topic, &hub, &ports);
    let mut page = Page::new(topic, cache, frames, metrics);
    loop {
        tokio::select! {
            () = sleep_until(page.due()) => {
                // What is ready together goes out together: a frame with the site's numbers alone
                // would make the page's own wait for the next one.
                for news in std::iter::from_fn(|| sources.next().now_or_never()).take(SOURCES) {
                    page.take(news);
                }
                page.publish(Instant::now());
            }
            news = sources.next() => page.take(news),
        }
        sources.read_comments_at(page.comments_wanted());
    }
}

/// Something new.
enum News {
    Viewers(u64),
    Stats(Stats),
    Site(PageStats),
    Comments(Vec<CommentView>),
}

/// Where a page's news come from. They are open before anything is read.
struct Sources {
    viewers: BoxStream<'static, News>,
    stats: BoxStream<'static, News>,
    site: BoxStream<'static, News>,
    reading: Option<BoxFuture<'static, News>>,
    /// Of which revision the comments were last read.
    read: Option<u64>,
    comments: Arc<dyn CommentStore>,
    slug: Option<Slug>,
    _site_seat: Option<Seat>,
}

impl Sources {
    fn open(topic: &Topic, hub: &Hub, ports: &Ports) -> Self {
        let viewers = ports.presence.watch(topic.clone()).map(News::Viewers);
        let stats = ports.analytics.watch(topic.clone()).map(News::Stats);
        let slug = topic.slug().cloned();
        let (seat, site) = slug.as_ref().and_then(|_| hub.join(&Topic::Site)).unzip();
        let site = futures::stream::iter(site)
            .flatten()
            .filter_map(|frame| async move { frame.numbers.map(News::Site) });
        Self {
            viewers: never_ending(viewers),
            stats: never_ending(stats),
            site: never_ending(site),
            reading: None,
            read: None,
            comments: Arc::clone(&ports.comments),
            slug,
            _site_seat: seat,
        }
    }

    async fn next(&mut self) -> News {
        tokio::select! {
            Some(news) = self.viewers.next() => news,
            Some(news) = self.stats.next() => news,
            Some(news) = self.site.next() => news,
            Some(news) = OptionFuture::from(self.reading.as_mut()) => {
                self.reading = None;
                news
            }
            else => futures::future::pending().await,
        }
    }

    /// Reads the comments of this revision, unless they are read. One reading at a time, and each is
    /// let finish, so that a flood of comments cannot keep the page from telling any.
    fn read_comments_at(&mut self, revision: Option<u64>) {
        let Some(slug) = &self.slug else { return };
        if self.reading.is_some() || self.read == revision {
            return;
        }
        self.read = revision;
        self.reading = Some(read(Arc::clone(&self.comments), slug.clone()).boxed());
    }
}

fn never_ending(source: impl futures::Stream<Item = News> + Send + 'static) -> BoxStream<'static, News> {
    source.chain(futures::stream::pending()).boxed()
}

async fn read(comments: Arc<dyn CommentStore>, slug: Slug) -> News {
    loop {
        let newest = timeout(READ_COMMENTS_WAIT, comments.newest_comments(&slug, NEWEST_COMMENTS)).await;
        match newest
            .unwrap_or_else(|late| Err(Error::unavailable("the store did not answer in time").with_source(late)))
        {
            Ok(newest) => return News::Comments(newest.iter().map(render::comment).collect()),
            Err(error) => tracing::warn!(%error, %slug, "the newest comments could not be read, trying again"),
        }
        sleep(READ_AGAIN).await;
    }
}

/// What a page knows, what it said, and when it may say more.
struct Page {
    topic: Topic,
    cache: Arc<ReadCache>,
    frames: LatestSender<Frame>,
    metrics: Arc<Metrics>,
    viewers: Option<u64>,
    stats: Option<Stats>,
    site: Option<PageStats>,
    comments: Option<Vec<CommentView>>,
    frame: Frame,
    news: Parts<bool>,
    /// When the site's numbers may be said next.
    next_site: Instant,
    /// When the next frame may go out; for the first one, when it has to.
    next_frame: Instant,
    next_heartbeat: Instant,
}

impl Page {
    fn new(topic: Topic, cache: Arc<ReadCache>, frames: LatestSender<Frame>, metrics: Arc<Metrics>) -> Self {
        let now = Instant::now();
        let wait = cache.page_stats(&topic).map_or(FIRST_FRAME_WAIT, |_| CACHED_WAIT);
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
            news: Parts::default(),
            next_site: now,
            next_frame: now + wait,
            next_heartbeat: now + HEARTBEAT,
        }
    }

    fn take(&mut self, news: News) {
        let part = match news {
            News::Viewers(viewers) => {
                self.viewers = Some(viewers);
                FramePart::Live
            }
            News::Stats(stats) => {
                self.stats = Some(stats);
                FramePart::Live
            }
            News::Site(numbers) => {
                self.site = Some(numbers);
                FramePart::Site
            }
            News::Comments(newest) => {
                self.comments = Some(newest);
                FramePart::Comments
            }
        };
        *self.news.of_mut(part) = true;
        if !self.frame.ready && self.knows_all() {
            self.next_frame = Instant::now();
        }
    }

    fn knows_all(&self) -> bool {
        let own = self.viewers.is_some() && self.stats.is_some();
        // A page has comments and the site beside its own numbers.
        own && (self.topic.slug().is_none() || self.site.is_some() && self.comments.is_some())
    }

    /// The revision of the comments that the totals tell of.
    fn comments_wanted(&self) -> Option<u64> {
        self.stats.map(|stats| stats.comments_revision)
    }

    /// When there is something to say next.
    fn due(&self) -> Instant {
        if !self.frame.ready {
            return self.next_frame;
        }
        let own = *self.news.of(FramePart::Live) || *self.news.of(FramePart::Comments);
        let own = own.then_some(self.next_frame);
        let site = self
            .news
            .of(FramePart::Site)
            .then_some(self.next_frame.max(self.next_site));
        [own, site]
            .into_iter()
            .flatten()
            .fold(self.next_heartbeat, Instant::min)
    }

    fn publish(&mut self, now: Instant) {
        self.update_numbers();
        let mut changed = !self.frame.ready;
        self.frame.ready = true;
        for part in FramePart::ALL {
            changed |= self.say(part, now);
        }
        if !changed && now >= self.next_heartbeat {
            self.beat();
            changed = true;
        }
        if changed {
            self.next_frame = now + FRAME_EVERY;
            self.next_heartbeat = now + HEARTBEAT;
            self.metrics.live_frames.inc();
            self.frames.send(self.frame.clone());
        }
    }

    /// Merges the numbers of the sources. What a source did not say yet is as it was known last.
    fn update_numbers(&mut self) {
        self.frame.is_current = self.viewers.is_some() && self.stats.is_some();
        let viewers = self.viewers.or_else(|| self.cache.viewers(&self.topic));
        let stats = self.stats.or_else(|| self.cache.stats(&self.topic));
        let Some((viewers, stats)) = viewers.zip(stats) else {
            return;
        };
        if self.frame.is_current {
            self.cache.put_published(&self.topic, viewers, stats);
        }
        if self.frame.numbers.is_none() {
            *self.news.of_mut(FramePart::Live) = true;
        }
        self.frame.numbers = Some(PageStats::new(viewers, stats));
        self.frame.comments_revision = stats.comments_revision;
    }

    /// Encodes a part that has news. Answers whether it says something else than before.
    fn say(&mut self, part: FramePart, now: Instant) -> bool {
        if !*self.news.of(part) || part == FramePart::Site && now < self.next_site {
            return false;
        }
        *self.news.of_mut(part) = false;
        let Some(bytes) = self.encode(part) else { return false };
        let message = self.frame.messages.of_mut(part);
        if message.bytes == bytes {
            return false;
        }
        message.bytes = bytes;
        message.revision += 1;
        if part == FramePart::Site {
            self.next_site = now + SITE_EVERY;
        }
        true
    }

    fn encode(&self, part: FramePart) -> Option<Bytes> {
        match part {
            FramePart::Live => message(wire::LIVE, &self.frame.numbers?),
            FramePart::Site => message(wire::SITE, &self.site?),
            FramePart::Comments => message(wire::COMMENTS, self.comments.as_ref()?),
        }
    }

    /// Says the numbers once more.
    fn beat(&mut self) {
        let message = self.frame.messages.of_mut(FramePart::Live);
        message.revision += 1;
        if message.bytes.is_empty() {
            message.bytes = ALIVE;
        }
    }
}

fn message(name: &str, data: &impl Serialize) -> Option<Bytes> {
    match sse::encode(name, data) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            tracing::error!(%error, name, "a live message could not be encoded");
            None
        }
    }
}
