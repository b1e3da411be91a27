//! The reads for one page, which share one deadline.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use horizon_core::{Comment, EventId, Result, Slug, Topic, wire};
use tokio::time::Instant;

use crate::{
    Caller, Horizon, LastKnownStats, LastKnownThreads,
    breaker::{ANSWER_WAIT, KNOWN_WAIT, LIKE_WAIT, READ_WAIT, Subject, late, remaining},
    comments::THREADS_A_PAGE,
    render,
};

/// The reads for one page. They share one deadline: together they take 900 milliseconds at most, whatever hangs.
///
/// Once one of them was not answered in time, the others return what is known, or nothing, and hardly wait. Make one
/// with [`Horizon::page_reads`] when a request begins, and use it for all reads of that request.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use eventhorizon::{Horizon, Slug};
/// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
/// let bread = horizon.page("bread")?;
/// let ada = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Firefox")]);
///
/// let reads = horizon.page_reads();
/// let numbers = reads.known_numbers(&[bread.clone().into()]).await;
/// let threads = reads.known_threads(&bread).await;
/// let liked = reads.known_like(&bread, &ada).await;
/// assert!(numbers[0].is_some() && threads.is_some() && liked == Some(false));
/// assert!(reads.is_current());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct PageReads {
    horizon: Horizon,
    deadline: Instant,
    is_current: AtomicBool,
}

impl Horizon {
    /// Begins the reads for one page. They take 900 milliseconds at most from this call on; see [`PageReads`].
    #[must_use]
    pub fn page_reads(&self) -> PageReads {
        PageReads {
            horizon: self.clone(),
            deadline: Instant::now() + ANSWER_WAIT,
            is_current: AtomicBool::new(true),
        }
    }
}

impl PageReads {
    /// Whether the store answered each of these reads so far. If not, keep no copy of the page.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Relaxed)
    }

    /// Whether the store answered the last read in time, this request's or another's. While it does not, copies of the
    /// numbers that an application keeps itself may be old.
    #[must_use]
    pub fn does_store_answer(&self) -> bool {
        !self.horizon.0.breaker.is_open()
    }

    /// The numbers of these topics, as [`Horizon::known_numbers`] returns them.
    pub async fn known_numbers(&self, topics: &[Topic]) -> Vec<Option<LastKnownStats>> {
        let known = self.horizon.numbers_until(topics, self.deadline).await;
        if !known.iter().all(|known| known.is_some_and(|known| known.is_current)) {
            self.is_current.store(false, Ordering::Relaxed);
        }
        known
    }

    /// The newest threads of a page, as [`Horizon::known_threads`] returns them.
    pub async fn known_threads(&self, slug: &Slug) -> Option<LastKnownThreads> {
        let known = self.horizon.threads_until(slug, self.deadline).await;
        if !known.as_ref().is_some_and(|known| known.is_current) {
            self.is_current.store(false, Ordering::Relaxed);
        }
        known
    }

    /// The threads of a page that are older than `before`, as [`Horizon::threads`] returns them.
    ///
    /// # Errors
    /// Those of the store, or it did not answer in time. After a read that failed none is begun.
    pub async fn threads(&self, slug: &Slug, before: Option<EventId>) -> Result<wire::ThreadsView> {
        let threads = self.horizon.ports().comments.threads(slug, before, THREADS_A_PAGE);
        let threads = self.read(READ_WAIT, threads).await?;
        Ok(render::threads(&threads).await)
    }

    /// One thread, as [`Horizon::thread`] returns it.
    ///
    /// # Errors
    /// Those of the store, or it did not answer in time. After a read that failed none is begun.
    pub async fn thread(
        &self,
        slug: &Slug,
        head: EventId,
        after: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Option<wire::ThreadView>> {
        let thread = self.horizon.ports().comments.thread(slug, head, after, limit);
        let thread = self.read(READ_WAIT, thread).await?;
        Ok(thread.as_ref().map(render::thread))
    }

    /// The comment with this id, if there is one, whether it shows or not. It takes 50 milliseconds at most.
    ///
    /// # Errors
    /// Those of the store, or it did not answer in time. After a read that failed none is begun.
    pub async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(KNOWN_WAIT, self.horizon.ports().comments.comment(id)).await
    }

    /// Whether the caller likes the page, as far as it is known: within 50 milliseconds where the last known answer can
    /// be returned instead, otherwise within 100.
    pub async fn known_like(&self, slug: &Slug, caller: &Caller) -> Option<bool> {
        let Some(reader) = self.horizon.reader(caller) else {
            return Some(false);
        };
        let (inner, topic) = (&self.horizon.0, Topic::from(slug.clone()));
        let last_known = inner.known.likes(&topic, reader);
        if !self.is_current() {
            return last_known;
        }
        let wait = if last_known.is_some() { KNOWN_WAIT } else { LIKE_WAIT };
        let read = {
            let (known, stats) = (Arc::clone(&inner.known), Arc::clone(&inner.ports().stats));
            let (topic, exists) = (topic.clone(), self.horizon.exists(&topic));
            async move {
                let began = Instant::now();
                let liked = stats.is_liked_by(&topic, reader).await?;
                if exists {
                    known.keep_like(&topic, reader, liked, began);
                }
                Ok(liked)
            }
        };
        let (subject, wait) = (Subject::Like(topic, reader), wait.min(remaining(self.deadline)));
        match self.note(inner.breaker.read_on(subject, wait, read).await) {
            Ok(liked) => Some(liked),
            Err(error) => {
                tracing::debug!(%error, %slug, "whether a reader likes a page cannot be read");
                last_known
            }
        }
    }

    /// Reads what is not kept, unless a read of this page failed.
    async fn read<T>(&self, wait: Duration, read: impl Future<Output = Result<T>>) -> Result<T> {
        if !self.is_current() {
            return Err(late());
        }
        let wait = wait.min(remaining(self.deadline));
        self.note(self.horizon.0.breaker.read_within(wait, read).await)
    }

    fn note<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.is_current.store(false, Ordering::Relaxed);
        }
        result
    }
}
