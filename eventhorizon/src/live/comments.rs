//! Reads the newest comments of a page.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use horizon_core::{CommentStore, Error, Slug, wire::CommentView};
use tokio::time::{sleep, timeout};

use crate::render;

/// The number of newest comments in a frame.
const NEWEST_COMMENTS: NonZeroUsize = NonZeroUsize::new(5).unwrap();

/// The time limit for reading the comments once: 10 seconds.
const COMMENTS_TIMEOUT: Duration = Duration::from_secs(10);

/// The delay before reading the comments again: one second.
const COMMENTS_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Returns a read of the newest comments, which retries until it succeeds.
pub(super) fn read_newest(store: &Arc<dyn CommentStore>, slug: &Slug) -> Option<BoxFuture<'static, Vec<CommentView>>> {
    Some(read(Arc::clone(store), slug.clone()).boxed())
}

async fn read(store: Arc<dyn CommentStore>, slug: Slug) -> Vec<CommentView> {
    loop {
        let newest = timeout(COMMENTS_TIMEOUT, store.newest_comments(&slug, NEWEST_COMMENTS)).await;
        let newest = newest.unwrap_or_else(|elapsed| {
            Err(Error::unavailable("the store did not respond in time").with_source(elapsed))
        });
        match newest {
            Ok(newest) => return newest.iter().map(render::comment).collect(),
            Err(error) => tracing::warn!(%error, slug = slug.as_str(), "reading the newest comments failed, retrying"),
        }
        sleep(COMMENTS_RETRY_DELAY).await;
    }
}
