//! The task of one observed page: encodes its stats once for all streams that observe it.

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, future::OptionFuture, stream::BoxStream};
use horizon_core::{
    Ports, Slug, Stats, Topic,
    wire::{self, ObservedStats, PageStats},
};
use tokio::time::{Instant, sleep_until};

use super::{
    frame::Message,
    latest::LatestSender,
    page::{FIRST_FRAME_TIMEOUT, encode, endless},
};
use crate::{breaker::CACHED_TIMEOUT, metrics::Metrics, read_cache::ReadCache};

/// The time between two ticks, and so the shortest time between two messages of an observed page: one second. Only the
/// first message does not wait for a tick.
pub(crate) const OBSERVED_INTERVAL: Duration = Duration::from_secs(1);

/// The ticks at which observed pages publish. All pages of a process share them, so that a stream that observes many
/// pages writes their changes together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    start: Instant,
}

impl Ticks {
    pub(super) fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Returns the first tick after `now`.
    fn after(self, now: Instant) -> Instant {
        let elapsed = now.duration_since(self.start).as_secs();
        self.start + Duration::from_secs(elapsed) + OBSERVED_INTERVAL
    }
}

/// Runs the task of an observed page until it is dropped.
pub(super) async fn run(
    slug: Slug,
    ports: Ports,
    cache: Arc<ReadCache>,
    metrics: Arc<Metrics>,
    ticks: Ticks,
    messages: LatestSender<Message>,
) {
    let mut page = ObservedPage::new(slug, &ports, cache, messages);
    loop {
        tokio::select! {
            Some(()) = OptionFuture::from(page.due.map(sleep_until)) => {
                page.receive_ready();
                if page.publish() {
                    metrics.live_frames.inc();
                }
            }
            () = page.receive() => page.schedule(ticks),
        }
    }
}

struct ObservedPage {
    slug: Slug,
    topic: Topic,
    cache: Arc<ReadCache>,
    messages: LatestSender<Message>,
    message: Message,
    viewers: SourceValue<u64>,
    stats: SourceValue<Stats>,
    /// When the next message is due, if anything changed.
    due: Option<Instant>,
}

/// A source and its latest value.
struct SourceValue<T> {
    source: BoxStream<'static, T>,
    latest: Option<T>,
}

impl<T: Send + 'static> SourceValue<T> {
    fn new(source: BoxStream<'static, T>) -> Self {
        Self {
            source: endless(source),
            latest: None,
        }
    }

    /// Waits for a value.
    async fn receive(&mut self) {
        self.latest = self.source.next().await.or(self.latest.take());
    }
}

impl ObservedPage {
    fn new(slug: Slug, ports: &Ports, cache: Arc<ReadCache>, messages: LatestSender<Message>) -> Self {
        let topic = Topic::from(slug.clone());
        let wait = cache.page_stats(&topic).map_or(FIRST_FRAME_TIMEOUT, |_| CACHED_TIMEOUT);
        Self {
            viewers: SourceValue::new(ports.presence.watch(topic.clone())),
            stats: SourceValue::new(ports.bus.watch(topic.clone())),
            slug,
            topic,
            cache,
            messages,
            message: Message::default(),
            due: Some(Instant::now() + wait),
        }
    }

    /// Waits for a value of any source.
    async fn receive(&mut self) {
        tokio::select! {
            () = self.viewers.receive() => {}
            () = self.stats.receive() => {}
        }
    }

    /// Receives the values that are ready now.
    fn receive_ready(&mut self) {
        let _ = self.viewers.receive().now_or_never();
        let _ = self.stats.receive().now_or_never();
    }

    /// Sets when to publish a new value: at once if it completes the first message, otherwise at the next tick.
    fn schedule(&mut self, ticks: Ticks) {
        let now = Instant::now();
        let is_first = self.message.revision == 0;
        if is_first && self.viewers.latest.is_some() && self.stats.latest.is_some() {
            self.due = Some(now);
        }
        self.due.get_or_insert_with(|| ticks.after(now));
    }

    /// Publishes the stats, unless they did not change. Cached values replace those of a source without one. Returns
    /// whether there is a new message.
    fn publish(&mut self) -> bool {
        self.due = None;
        let viewers = self.viewers.latest.or_else(|| self.cache.viewers(&self.topic));
        let stats = self.stats.latest.clone().or_else(|| self.cache.stats(&self.topic));
        let Some((viewers, stats)) = viewers.zip(stats) else {
            return false;
        };
        if self.viewers.latest.is_some() && self.stats.latest.is_some() {
            self.cache.put_published(&self.topic, viewers, stats.clone());
        }
        let observed = ObservedStats {
            page: self.slug.clone(),
            stats: PageStats::new(viewers, stats),
        };
        let bytes = encode(wire::PAGE, &observed).filter(|bytes| *bytes != self.message.bytes);
        let Some(bytes) = bytes else { return false };
        self.message.bytes = bytes;
        self.message.revision += 1;
        self.messages.send(self.message.clone());
        true
    }
}
