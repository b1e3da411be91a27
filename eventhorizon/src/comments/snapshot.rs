//! The reads of comments for a page: current if the store responds soon, otherwise cached.

use std::{sync::Arc, time::Duration};

use horizon_core::{Comment, EventId, Result, Slug, wire};
use tokio::time::Instant;

use super::{DEFAULT_LIMIT, Paging};
use crate::{
    Horizon, PageReads,
    breaker::{CACHED_TIMEOUT, READ_TIMEOUT, Subject, remaining, timed_out},
    render,
};

/// The newest threads of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadsSnapshot {
    /// The threads, rendered and sanitized.
    pub view: wire::ThreadsView,
    /// Whether the store responded. If not, these are cached threads.
    pub is_current: bool,
}

impl Horizon {
    /// Returns the newest 50 threads of a page, oldest first: within 50 milliseconds if they are cached, otherwise
    /// within half a second. Returns `None` if they are unknown.
    pub async fn threads_snapshot(&self, slug: &Slug) -> Option<ThreadsSnapshot> {
        self.page_reads().threads_snapshot(slug).await
    }

    pub(crate) async fn threads_until(&self, slug: &Slug, deadline: Instant) -> Option<ThreadsSnapshot> {
        let inner = &self.0;
        let is_cached = inner.cache.threads(slug).is_some() && !inner.cache.may_lack_write(&slug.clone().into());
        let read = {
            let (cache, comments) = (Arc::clone(&inner.cache), Arc::clone(&inner.ports.comments));
            let (slug, exists) = (slug.clone(), self.exists(&slug.clone().into(), deadline).await);
            async move {
                let started = Instant::now();
                let page = Arc::new(comments.threads(&slug, None, DEFAULT_LIMIT).await?);
                if exists {
                    cache.put_threads(&slug, Arc::clone(&page), started);
                }
                Ok(page)
            }
        };
        let wait = if is_cached { CACHED_TIMEOUT } else { READ_TIMEOUT };
        let (subject, wait) = (Subject::Threads(slug.clone()), wait.min(remaining(deadline)));
        let (page, is_current) = match inner.breaker.read_detached(subject, wait, read).await {
            Ok(page) => (page, true),
            Err(error) => {
                tracing::debug!(%error, slug = slug.as_str(), "reading the threads of a page failed");
                (inner.cache.threads(slug)?, false)
            }
        };
        let view = render::threads(&page).await;
        Some(ThreadsSnapshot { view, is_current })
    }
}

impl PageReads {
    /// Returns the newest threads of a page. See [`Horizon::threads_snapshot`].
    pub async fn threads_snapshot(&self, slug: &Slug) -> Option<ThreadsSnapshot> {
        let snapshot = self.horizon.threads_until(slug, self.deadline).await;
        self.note(snapshot.as_ref().is_some_and(|threads| threads.is_current));
        snapshot
    }

    /// Returns threads of a page. See [`Horizon::threads`].
    ///
    /// # Errors
    /// Those of the store, or it did not respond in time. Fails at once after a failed read.
    pub async fn threads(&self, slug: &Slug, paging: Paging) -> Result<wire::ThreadsView> {
        let comments = &self.horizon.0.ports.comments;
        let threads = self
            .read(READ_TIMEOUT, comments.threads(slug, paging.cursor, paging.limit))
            .await?;
        Ok(render::threads(&threads).await)
    }

    /// Returns a thread. See [`Horizon::thread`].
    ///
    /// # Errors
    /// Those of the store, or it did not respond in time. Fails at once after a failed read.
    pub async fn thread(&self, slug: &Slug, head: EventId, paging: Paging) -> Result<Option<wire::ThreadView>> {
        let comments = &self.horizon.0.ports.comments;
        let thread = comments.thread(slug, head, paging.cursor, paging.limit);
        let thread = self.read(READ_TIMEOUT, thread).await?;
        Ok(thread.as_ref().map(render::thread))
    }

    /// Returns the comment with this id, visible or not, within 50 milliseconds.
    ///
    /// # Errors
    /// Those of the store, or it did not respond in time. Fails at once after a failed read.
    pub async fn comment(&self, id: EventId) -> Result<Option<Comment>> {
        self.read(CACHED_TIMEOUT, self.horizon.0.ports.comments.comment(id))
            .await
    }

    /// Reads something that is not cached.
    async fn read<T>(&self, wait: Duration, read: impl Future<Output = Result<T>>) -> Result<T> {
        if !self.is_current() {
            return Err(timed_out());
        }
        let wait = wait.min(remaining(self.deadline));
        let result = self.horizon.0.breaker.read_within(wait, read).await;
        self.note(result.is_ok());
        result
    }
}
