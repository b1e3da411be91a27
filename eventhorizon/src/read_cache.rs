//! The results of the last reads, which pages show while the store or presence does not respond.

use std::{fmt, sync::Arc, time::Duration};

use horizon_core::{ReaderId, Slug, Stats, ThreadPage, Topic, wire::PageStats};
use quick_cache::{Weighter, sync::Cache};
use tokio::time::Instant;

/// The memory for cached totals: 8 MiB.
const MAX_TOTALS_BYTES: u64 = 8 << 20;

/// The expected number of topics with cached totals.
const EXPECTED_TOPICS: usize = 16_384;

/// The largest number of topics with cached viewers, and of those with recent writes: 16,384, at most 10 MB each, if
/// all slugs have their maximum length.
const MAX_TOPICS: usize = 16_384;

/// The estimated size of totals without their topic and events, in bytes.
const TOTALS_OVERHEAD: usize = 192;

/// The estimated overhead of the name and count of a custom event, in bytes.
const EVENT_OVERHEAD: usize = 48;

/// The largest number of cached likes: 16,384, at most 10 MB, if all slugs have their maximum length.
const MAX_LIKES: usize = 16_384;

/// The memory for cached threads: 16 MiB.
const MAX_THREAD_BYTES: u64 = 16 << 20;

/// The expected number of pages with cached threads.
const EXPECTED_THREAD_PAGES: usize = 1_024;

/// The estimated overhead of a cached comment, in bytes.
const COMMENT_OVERHEAD: usize = 256;

/// How long cached stats of a topic may lack a write: 2 seconds, the longest time for which a watcher may miss new
/// totals.
pub(crate) const WRITE_LAG: Duration = Duration::from_secs(2);

/// Caches the results of reads, and knows which topics were written to recently, so that writers read their own writes.
///
/// Insert existing pages only, so that requests for made-up names cannot evict them.
pub(crate) struct ReadCache {
    totals: Cache<Topic, Entry<Stats>, TotalsWeighter>,
    viewers: Cache<Topic, u64>,
    writes: Cache<Topic, Instant>,
    threads: Cache<Slug, Entry<Arc<ThreadPage>>, ThreadWeighter>,
    likes: Cache<(Topic, ReaderId), Entry<bool>>,
}

/// A value and the start of its read.
#[derive(Clone, Copy)]
struct Entry<T> {
    started: Instant,
    value: T,
}

impl<T> Entry<T> {
    /// Returns whether a read that started at this time may replace the entry.
    fn is_replaceable(&self, started: Instant) -> bool {
        self.started <= started
    }
}

#[derive(Clone)]
struct TotalsWeighter;

impl Weighter<Topic, Entry<Stats>> for TotalsWeighter {
    fn weight(&self, topic: &Topic, entry: &Entry<Stats>) -> u64 {
        let slug = topic.slug().map_or(0, |slug| slug.as_str().len());
        let events = entry.value.events.iter().map(|(name, _)| name.len() + EVENT_OVERHEAD);
        u64::try_from(slug + events.sum::<usize>() + TOTALS_OVERHEAD).unwrap_or(u64::MAX)
    }
}

#[derive(Clone)]
struct ThreadWeighter;

impl Weighter<Slug, Entry<Arc<ThreadPage>>> for ThreadWeighter {
    fn weight(&self, _: &Slug, entry: &Entry<Arc<ThreadPage>>) -> u64 {
        let threads = entry.value.threads.iter();
        let comments = threads.flat_map(|thread| std::iter::once(&thread.head).chain(&thread.replies));
        let bytes: usize = comments
            .map(|comment| comment.body.len() + comment.author.len() + COMMENT_OVERHEAD)
            .sum();
        u64::try_from(bytes + COMMENT_OVERHEAD).unwrap_or(u64::MAX)
    }
}

impl ReadCache {
    pub(crate) fn new() -> Self {
        Self {
            totals: Cache::with_weighter(EXPECTED_TOPICS, MAX_TOTALS_BYTES, TotalsWeighter),
            viewers: Cache::new(MAX_TOPICS),
            writes: Cache::new(MAX_TOPICS),
            threads: Cache::with_weighter(EXPECTED_THREAD_PAGES, MAX_THREAD_BYTES, ThreadWeighter),
            likes: Cache::new(MAX_LIKES),
        }
    }

    /// Inserts totals whose read started at `started`, unless those of a later read are cached.
    pub(crate) fn put_stats(&self, topic: &Topic, value: Stats, started: Instant) {
        if self.totals.get(topic).is_none_or(|entry| entry.is_replaceable(started)) {
            self.totals.insert(topic.clone(), Entry { started, value });
        }
    }

    /// Inserts what a live page publishes. A store read within the last [`WRITE_LAG`] takes precedence.
    pub(crate) fn put_published(&self, topic: &Topic, viewers: u64, stats: Stats) {
        let now = Instant::now();
        self.put_viewers(topic, viewers);
        self.put_stats(topic, stats, now.checked_sub(WRITE_LAG).unwrap_or(now));
    }

    pub(crate) fn put_viewers(&self, topic: &Topic, viewers: u64) {
        self.viewers.insert(topic.clone(), viewers);
    }

    /// Inserts whether this reader likes the page, unless the result of a later read is cached.
    pub(crate) fn put_like(&self, topic: &Topic, reader: ReaderId, value: bool, started: Instant) {
        let key = (topic.clone(), reader);
        if self.likes.get(&key).is_none_or(|entry| entry.is_replaceable(started)) {
            self.likes.insert(key, Entry { started, value });
        }
    }

    /// Notes that the event bus took an event of this topic.
    pub(crate) fn note_write(&self, topic: &Topic) {
        self.writes.insert(topic.clone(), Instant::now());
    }

    /// Returns whether published or cached stats of this topic may lack an event that the bus took from this process.
    pub(crate) fn may_lack_write(&self, topic: &Topic) -> bool {
        self.writes
            .get(topic)
            .is_some_and(|written| written.elapsed() <= WRITE_LAG)
    }

    pub(crate) fn stats(&self, topic: &Topic) -> Option<Stats> {
        self.totals.get(topic).map(|entry| entry.value)
    }

    pub(crate) fn viewers(&self, topic: &Topic) -> Option<u64> {
        self.viewers.get(topic)
    }

    pub(crate) fn page_stats(&self, topic: &Topic) -> Option<PageStats> {
        Some(PageStats::new(self.viewers(topic)?, self.stats(topic)?))
    }

    pub(crate) fn like(&self, topic: &Topic, reader: ReaderId) -> Option<bool> {
        self.likes.get(&(topic.clone(), reader)).map(|entry| entry.value)
    }
}

#[cfg_attr(not(feature = "comments"), expect(dead_code, reason = "only comments use it"))]
impl ReadCache {
    /// Inserts the newest threads of a page, unless those of a later read are cached.
    pub(crate) fn put_threads(&self, slug: &Slug, value: Arc<ThreadPage>, started: Instant) {
        if self.threads.get(slug).is_none_or(|entry| entry.is_replaceable(started)) {
            self.threads.insert(slug.clone(), Entry { started, value });
        }
    }

    pub(crate) fn threads(&self, slug: &Slug) -> Option<Arc<ThreadPage>> {
        self.threads.get(slug).map(|entry| entry.value)
    }
}

impl fmt::Debug for ReadCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadCache")
            .field("topics", &self.totals.len())
            .finish_non_exhaustive()
    }
}
