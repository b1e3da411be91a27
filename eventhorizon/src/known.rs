//! The last known numbers and comments: what pages show while the store or presence does not answer.

use std::{fmt, sync::Arc, time::Duration};

use horizon_core::{ReaderId, Slug, Stats, ThreadPage, Topic, wire::PageStats};
use quick_cache::{Weighter, sync::Cache};
use tokio::time::Instant;

/// Of how many topics the numbers are kept: 16,384, some four megabytes.
const MOST_TOPICS: usize = 16_384;

/// Of how many readers and pages it is kept whether the reader likes the page: 16,384, some two megabytes.
const MOST_LIKES: usize = 16_384;

/// How much the kept comments may take: 16 MiB.
const THREADS_BYTES: u64 = 16 << 20;

/// Of how many pages those are expected to be.
const THREADS_PAGES: usize = 1_024;

/// What a comment takes beside its text, in bytes.
const COMMENT_BYTES: usize = 256;

/// For how long after a word was taken here what is known of its page may be without it: 2 seconds, as long as a kept
/// total may go unread by those who watch it.
const CATCHING_UP: Duration = Duration::from_secs(2);

/// Holds what was read last. Only pages that exist may be put in.
pub(crate) struct LastKnown {
    totals: Cache<Topic, Read<Stats>>,
    viewers: Cache<Topic, u64>,
    written: Cache<Topic, Instant>,
    threads: Cache<Slug, Read<Arc<ThreadPage>>, Weight>,
    likes: Cache<(Topic, ReaderId), Read<bool>>,
}

/// A value, and when its read began.
#[derive(Clone, Copy)]
struct Read<T> {
    began: Instant,
    value: T,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Slug, Read<Arc<ThreadPage>>> for Weight {
    fn weight(&self, _: &Slug, read: &Read<Arc<ThreadPage>>) -> u64 {
        let comments = read.value.threads.iter();
        let comments = comments.flat_map(|thread| std::iter::once(&thread.head).chain(&thread.replies));
        let bytes: usize = comments
            .map(|comment| comment.body.len() + comment.author.len() + COMMENT_BYTES)
            .sum();
        u64::try_from(bytes + COMMENT_BYTES).unwrap_or(u64::MAX)
    }
}

impl LastKnown {
    pub(crate) fn new() -> Self {
        Self {
            totals: Cache::new(MOST_TOPICS),
            viewers: Cache::new(MOST_TOPICS),
            written: Cache::new(MOST_TOPICS),
            threads: Cache::with_weighter(THREADS_PAGES, THREADS_BYTES, Weight),
            likes: Cache::new(MOST_LIKES),
        }
    }

    /// Keeps the totals of a read that began at this moment, unless a later one is there.
    pub(crate) fn keep_stats(&self, topic: &Topic, stats: Stats, began: Instant) {
        if self.totals.get(topic).is_none_or(|known| known.began <= began) {
            self.totals.insert(topic.clone(), Read { began, value: stats });
        }
    }

    /// Keeps what a page's task says. A read of the store in the last moments knows better.
    pub(crate) fn keep_published(&self, topic: &Topic, viewers: u64, stats: Stats) {
        let now = Instant::now();
        self.keep_viewers(topic, viewers);
        self.keep_stats(topic, stats, now.checked_sub(CATCHING_UP).unwrap_or(now));
    }

    /// Keeps how many are here.
    pub(crate) fn keep_viewers(&self, topic: &Topic, viewers: u64) {
        self.viewers.insert(topic.clone(), viewers);
    }

    /// Keeps the newest threads of a page, unless those of a later read are there.
    pub(crate) fn keep_threads(&self, slug: &Slug, threads: Arc<ThreadPage>, began: Instant) {
        if self.threads.get(slug).is_none_or(|known| known.began <= began) {
            let value = threads;
            self.threads.insert(slug.clone(), Read { began, value });
        }
    }

    /// Keeps whether this reader likes the page, unless the result of a later read is there.
    pub(crate) fn keep_like(&self, topic: &Topic, reader: ReaderId, liked: bool, began: Instant) {
        let key = (topic.clone(), reader);
        if self.likes.get(&key).is_none_or(|known| known.began <= began) {
            self.likes.insert(key, Read { began, value: liked });
        }
    }

    /// The pipe took a word about this page, which the known totals may be without.
    pub(crate) fn wrote(&self, topic: &Topic) {
        self.written.insert(topic.clone(), Instant::now());
    }

    /// Whether the pipe took a word about this page a moment ago.
    pub(crate) fn is_catching_up(&self, topic: &Topic) -> bool {
        self.written
            .get(topic)
            .is_some_and(|written| written.elapsed() <= CATCHING_UP)
    }

    pub(crate) fn stats(&self, topic: &Topic) -> Option<Stats> {
        self.totals.get(topic).map(|known| known.value)
    }

    pub(crate) fn viewers(&self, topic: &Topic) -> Option<u64> {
        self.viewers.get(topic)
    }

    pub(crate) fn numbers(&self, topic: &Topic) -> Option<PageStats> {
        Some(PageStats::new(self.viewers(topic)?, self.stats(topic)?))
    }

    /// Returns whether this reader likes the page, as far as it is known.
    pub(crate) fn likes(&self, topic: &Topic, reader: ReaderId) -> Option<bool> {
        self.likes.get(&(topic.clone(), reader)).map(|known| known.value)
    }

    pub(crate) fn threads(&self, slug: &Slug) -> Option<Arc<ThreadPage>> {
        self.threads.get(slug).map(|known| known.value)
    }
}

impl fmt::Debug for LastKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastKnown")
            .field("topics", &self.totals.len())
            .finish_non_exhaustive()
    }
}
