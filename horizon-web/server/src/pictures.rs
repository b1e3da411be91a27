//! `/pkg/pictures`: the variants of pictures, and the task that makes them.

use std::{fs, future::Future, path::Path, pin::pin, sync::Arc};

use anyhow::ensure;
use axum::{
    Router,
    extract::{Path as UrlPath, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use horizon_pictures::{CacheFolder, PictureFile, PictureStore, VARIANTS_PATH, VariantName};
use horizon_posts::Library;
use tokio::{sync::watch, task::spawn_blocking};
use tower_http::services::ServeFile;

use crate::config::ContentArgs;

/// The name of a variant contains a hash of the original.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The variant may exist later.
const NOT_FINAL: HeaderValue = HeaderValue::from_static("no-cache");

/// Opens the pictures of the content folder. If the cache cannot be written, there are no variants.
///
/// # Errors
/// The cache is in the content folder, which is only read.
pub(crate) fn open(args: &ContentArgs) -> anyhow::Result<Arc<PictureStore>> {
    let location = args.cache_location();
    let folder = location.folder.display();
    if location.is_temporary {
        tracing::warn!(
            %folder,
            "the cache is in the folder for temporary files, so pictures may be made again after a restart: set \
             HORIZON_CACHE"
        );
    }
    ensure!(
        !is_inside(&location.folder, &args.posts),
        "HORIZON_CACHE: {folder} is in the content folder (HORIZON_POSTS), which is only read: choose another folder"
    );
    let cache = CacheFolder::open(&location.folder);
    if let Err(error) = &cache {
        tracing::warn!(
            %folder,
            %error,
            "the cache (HORIZON_CACHE) cannot be written, so readers get all pictures in full size: choose another \
             folder"
        );
    }
    Ok(Arc::new(PictureStore::new(&args.posts, cache.ok())))
}

/// Returns whether a folder, which may not exist, is the folder `outer` or in it.
fn is_inside(folder: &Path, outer: &Path) -> bool {
    let Ok(outer) = fs::canonicalize(outer) else {
        return false;
    };
    let existing = folder.ancestors().find_map(|folder| fs::canonicalize(folder).ok());
    existing.is_some_and(|folder| folder.starts_with(outer))
}

/// Makes the variants of all pictures of each library, until `shutdown`.
pub(crate) async fn run(
    store: Arc<PictureStore>,
    library: watch::Receiver<Arc<Library>>,
    shutdown: impl Future<Output = ()>,
) {
    let mut shutdown = pin!(shutdown);
    tokio::select! {
        () = &mut shutdown => {}
        () = find_all(library) => {}
        () = store.run(std::future::pending()) => {}
    }
}

/// Looks up the pictures of each library, one document at a time. The store makes the variants of those that it was
/// asked for.
async fn find_all(mut library: watch::Receiver<Arc<Library>>) {
    loop {
        let current = library.borrow_and_update().clone();
        for post in current.posts() {
            let post = Arc::clone(post);
            look_up(move || drop((post.cover_picture(), post.reading_minutes()))).await;
        }
        for page in current.pages() {
            let page = Arc::clone(page);
            look_up(move || drop(page.html())).await;
        }
        if library.changed().await.is_err() {
            // The shutdown ends this task.
            std::future::pending::<()>().await;
        }
    }
}

/// Runs `render`, which looks up the pictures of a document.
async fn look_up(render: impl FnOnce() + Send + 'static) {
    if let Err(error) = spawn_blocking(render).await {
        tracing::error!(%error, "looking for the pictures of a post or page failed");
    }
}

/// Returns the router of the variants.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(store: Arc<PictureStore>) -> Router<S> {
    let serve = async move |UrlPath(name): UrlPath<String>, request: Request| respond(&store, &name, request).await;
    Router::new().route(&format!("{VARIANTS_PATH}/{{name}}"), get(serve))
}

async fn respond(store: &Arc<PictureStore>, name: &str, request: Request) -> Response {
    let Ok(name) = name.parse::<VariantName>() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (path, cache_control) = match store.file(name).await {
        Some(PictureFile::Variant(path) | PictureFile::Original(path)) => (path, IMMUTABLE),
        Some(PictureFile::Instead(path)) => (path, NOT_FINAL),
        None => return StatusCode::NOT_FOUND.into_response(),
    };
    match ServeFile::new(&path).try_call(request).await {
        Ok(response) if response.status() == StatusCode::NOT_FOUND => StatusCode::NOT_FOUND.into_response(),
        Ok(response) => ([(header::CACHE_CONTROL, cache_control)], response).into_response(),
        Err(error) => {
            let path = path.display();
            tracing::warn!(%path, %error, "a picture cannot be read");
            StatusCode::NOT_FOUND.into_response()
        }
    }
}
