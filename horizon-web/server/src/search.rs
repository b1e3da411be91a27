//! The search: an index of the posts, which follows the library.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use horizon_posts::{Library, Pagination, Passage, Post, SearchIndex};
use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

use crate::state::AppState;

/// The time that a search waits for the first index and for other searches.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// The maximum number of searches at the same time. A search needs a processor for some milliseconds.
const MAX_SEARCHES: usize = 2;

/// The index of the latest library.
pub(crate) struct Search {
    index: watch::Sender<Option<Arc<SearchIndex>>>,
    permits: Arc<Semaphore>,
}

/// A search of a reader.
pub(crate) struct SearchRequest {
    pub(crate) query: String,
    /// The slug of the tag that the posts must have.
    pub(crate) tag: Option<String>,
    pub(crate) page: NonZeroUsize,
}

/// A page of the posts that match a search.
pub(crate) struct FoundPosts {
    /// The posts of the page, the best first, with their matching passages.
    pub(crate) posts: Vec<(Arc<Post>, Option<Passage>)>,
    /// The number of posts on all pages.
    pub(crate) total: usize,
    pub(crate) page: Pagination,
}

/// The search cannot respond now.
#[derive(Debug)]
pub(crate) struct SearchNotReady;

impl Default for Search {
    fn default() -> Self {
        Self {
            index: watch::Sender::default(),
            permits: Arc::new(Semaphore::new(MAX_SEARCHES)),
        }
    }
}

impl Search {
    /// Returns the posts of `library` that match. Returns `None` if they have no page with that number.
    ///
    /// # Errors
    /// [`SearchNotReady`] if there is no index yet, or if there are too many searches.
    pub(crate) async fn find(
        &self,
        library: &Arc<Library>,
        request: SearchRequest,
    ) -> Result<Option<FoundPosts>, SearchNotReady> {
        let mut indexes = self.index.subscribe();
        let ready = async {
            let index = indexes.wait_for(Option::is_some).await.ok()?.clone()?;
            Some((index, Arc::clone(&self.permits).acquire_owned().await.ok()?))
        };
        let (index, permit) = timeout(MAX_WAIT, ready).await.ok().flatten().ok_or(SearchNotReady)?;
        let library = Arc::clone(library);
        let found = spawn_blocking(move || {
            let found = find(&index, &library, &request);
            drop(permit);
            found
        });
        found.await.map_err(|error| {
            tracing::error!(%error, "a search failed; please report it with the search");
            SearchNotReady
        })
    }
}

fn find(index: &SearchIndex, library: &Library, request: &SearchRequest) -> Option<FoundPosts> {
    let mut found = index.search(&request.query);
    // The index may be older than the library.
    found.results.retain(|result| {
        let post = library.post(result.post.slug.as_str());
        let is_tagged = |post: &Arc<Post>| {
            request
                .tag
                .as_ref()
                .is_none_or(|tag| post.tags.iter().any(|own| own.slug == *tag))
        };
        post.is_some_and(is_tagged)
    });
    let total = found.results.len();
    let page = Pagination::new(request.page, total)?;
    let passages = found.passages(page.items(&found.results));
    let posts = page
        .items(&found.results)
        .zip(passages)
        .filter_map(|(result, passage)| {
            let post = library.post(result.post.slug.as_str())?;
            Some((Arc::clone(post), passage))
        });
    let posts = posts.collect();
    Some(FoundPosts { posts, total, page })
}

/// Indexes each library until shutdown.
pub(crate) async fn index_libraries(app: AppState) {
    let (mut libraries, mut shutdown) = (app.library.clone(), app.shutdown.clone());
    loop {
        let library = libraries.borrow_and_update().clone();
        let (latest, stopping) = (libraries.clone(), shutdown.clone());
        let is_obsolete = move || *stopping.borrow() || latest.has_changed().is_ok_and(|changed| changed);
        match spawn_blocking(move || SearchIndex::build(&library, is_obsolete)).await {
            Ok(Some(index)) => {
                app.search.index.send_replace(Some(Arc::new(index)));
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the posts cannot be indexed; the search finds older posts"),
        }
        tokio::select! {
            changed = libraries.changed() => if changed.is_err() { return },
            _ = shutdown.wait_for(|is_stopping| *is_stopping) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slow_backends::library;

    #[tokio::test(start_paused = true)]
    async fn a_search_without_an_index_ends() {
        let request = SearchRequest {
            query: "text".into(),
            tag: None,
            page: NonZeroUsize::MIN,
        };
        let found = Search::default().find(&Arc::new(library()), request).await;
        assert!(matches!(found, Err(SearchNotReady)));
    }
}
