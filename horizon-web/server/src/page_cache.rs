//! Caches rendered posts until the content or the comments change.

use std::sync::Arc;

use eventhorizon::ThreadsSnapshot;
use horizon_core::{Error, Result, Slug, wire::ThreadsView};
use quick_cache::{Weighter, sync::Cache};

use crate::{rendered_page::RenderedPage, stats_cache::PageSnapshot};

/// The expected number of cached pages.
const EXPECTED_PAGES: usize = 256;

/// The maximum size of the cache: 64 MiB, including all compressed variants.
const MAX_BYTES: u64 = 64 << 20;

/// A cache of rendered posts, by size.
pub(crate) struct PageCache(Cache<PageKey, Arc<RenderedPage>, ByMemory>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct PageKey {
    slug: Slug,
    content_version: u64,
    /// The revision of the comments; `None` for a page that says that they cannot be shown.
    comments: Option<u64>,
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<PageKey, Arc<RenderedPage>> for ByMemory {
    fn weight(&self, _: &PageKey, page: &Arc<RenderedPage>) -> u64 {
        page.max_bytes()
    }
}

impl PageCache {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(EXPECTED_PAGES, MAX_BYTES, ByMemory))
    }

    /// Returns a post with its newest comments, and whether those are current. Concurrent calls render a page once.
    ///
    /// `threads` reads the comments, and `render` renders the post of this version with them.
    pub(crate) async fn get<T, R>(
        &self,
        slug: &Slug,
        content_version: u64,
        snapshot: &PageSnapshot,
        threads: impl Fn() -> T,
        render: impl Fn(Option<ThreadsView>) -> R,
    ) -> Result<(Arc<RenderedPage>, bool)>
    where
        T: Future<Output = Option<ThreadsSnapshot>>,
        R: Future<Output = Result<Arc<RenderedPage>>>,
    {
        let key = |comments| PageKey {
            slug: slug.clone(),
            content_version,
            comments,
        };
        if let Some(revision) = snapshot.comments_revision {
            if let Some(page) = self.0.get(&key(Some(revision))) {
                return Ok((page, snapshot.is_current));
            }
            if snapshot.is_current {
                let render = async {
                    let known = threads().await.filter(|known| known.is_current);
                    let view = known.ok_or(Uncacheable::CommentsNotCurrent)?.view;
                    render(Some(view)).await.map_err(Uncacheable::Failed)
                };
                match self.0.get_or_insert_async(&key(Some(revision)), render).await {
                    Ok(page) => return Ok((page, true)),
                    Err(Uncacheable::Failed(error)) => return Err(error),
                    Err(Uncacheable::CommentsNotCurrent) => {}
                }
            }
        }
        // The revision of the last known comments is unknown, so pages with them are not cached.
        if let Some(known) = threads().await {
            return Ok((render(Some(known.view)).await?, false));
        }
        let page = self.0.get_or_insert_async(&key(None), render(None)).await?;
        Ok((page, false))
    }
}

/// The reason why there is no page to cache.
enum Uncacheable {
    CommentsNotCurrent,
    Failed(Error),
}
