//! The files of the content folder that are not posts: `/media`, and those that the library lists.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use horizon_posts::Library;
use percent_encoding::percent_decode_str;
use tokio::sync::watch;
use tower_http::{
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    services::ServeFile,
};

/// The largest file that is compressed, in bytes: 1 MiB. It is compressed for each response.
const MAX_COMPRESSED_BYTES: u64 = 1 << 20;

/// Lets pages of other origins show images, as feed readers do.
const CROSS_ORIGIN: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

/// The start of the paths of files in the folder `media`.
const MEDIA: &str = "/media/";

/// The content folder, and the files in it that the library lists.
#[derive(Clone)]
pub(crate) struct ContentFiles {
    content: Arc<Path>,
    library: watch::Receiver<Arc<Library>>,
}

/// Returns a router that sends the file at the path of each request. `content` is the folder that contains `media`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(
    content: &Path,
    library: watch::Receiver<Arc<Library>>,
) -> Router<S> {
    if let (Ok(content), Ok(media)) = (content.canonicalize(), content.join("media").canonicalize())
        && !media.starts_with(&content)
    {
        tracing::warn!(
            folder = %media.display(),
            "the folder `media` is a symbolic link out of the content folder, so its files are not served: move or \
             mount it there"
        );
    }
    let small_text = DefaultPredicate::new()
        .and(NotForContentType::const_new("audio/"))
        .and(NotForContentType::const_new("video/"))
        .and(|_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions| is_small(headers));
    let files = ContentFiles {
        content: content.into(),
        library,
    };
    Router::new()
        .route("/{*path}", get(serve))
        .layer(map_response(with_charset))
        .layer(CompressionLayer::new().compress_when(small_text))
        .with_state(files)
}

fn is_small(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    length
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: u64| length <= MAX_COMPRESSED_BYTES)
}

/// Adds the character encoding of text files, because browsers guess another one.
async fn with_charset(mut response: Response) -> Response {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    let text = media_type
        .and_then(|media_type| media_type.to_str().ok())
        .filter(|media_type| media_type.starts_with("text/") && !media_type.contains("charset"));
    if let Some(text) = text
        && let Ok(with_charset) = HeaderValue::from_str(&format!("{text}; charset=utf-8"))
    {
        response.headers_mut().insert(header::CONTENT_TYPE, with_charset);
    }
    response
}

async fn serve(State(files): State<ContentFiles>, request: Request) -> Response {
    // Not the extractor of the path: the router around this one has parameters of its own.
    let path = request.uri().path().to_owned();
    let found = tokio::task::spawn_blocking(move || files.find(&path)).await;
    let Ok(Some(file)) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match ServeFile::new(file).try_call(request).await {
        Ok(response) => ([CROSS_ORIGIN], response).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a file of the content folder cannot be read");
            StatusCode::NOT_FOUND.into_response()
        }
    }
}

impl ContentFiles {
    /// Returns the real path of the file at a URL path, which may be percent-encoded. A file in `media` wins.
    fn find(&self, url_path: &str) -> Option<PathBuf> {
        let path = percent_decode_str(url_path).decode_utf8().ok()?;
        let in_media = path.strip_prefix(MEDIA);
        let in_media = in_media.and_then(|path| find(&self.content, path).ok().flatten());
        in_media.or_else(|| {
            let listed = self.library.borrow().file(url_path)?.to_owned();
            // A file that was replaced by a link or a pipe since the folder was read is not followed.
            let is_same = fs::canonicalize(&listed).is_ok_and(|real| real == listed);
            (is_same && fs::metadata(&listed).is_ok_and(|metadata| metadata.is_file())).then_some(listed)
        })
    }
}

/// Returns the real path of a file, or `None` if it is not a regular file in `media`, or if its name or that of a
/// folder starts with a dot. Symbolic links are followed within `media`.
fn find(content: &Path, path: &str) -> io::Result<Option<PathBuf>> {
    let path = Path::new(path);
    let is_plain = path.components().all(|part| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    });
    if !is_plain {
        return Ok(None);
    }
    let content = fs::canonicalize(content)?;
    let media = fs::canonicalize(content.join("media"))?;
    // Returned instead of the given path, so that a link that changes now is not followed.
    let file = fs::canonicalize(media.join(path))?;
    let is_inside = media.starts_with(&content) && file.starts_with(&media);
    // Reading a named pipe would block.
    Ok((is_inside && fs::metadata(&file)?.is_file()).then_some(file))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
mod tests {
    use std::os::unix::fs::symlink;

    use axum::body::{Body, to_bytes};
    use horizon_core::Timestamp;
    use horizon_posts::{ContentFolder, ContentOptions};
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;

    /// Creates a content folder with a secret next to `media` and one outside.
    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        for path in ["content/media/sub", "content/media/.git", "outside"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        for path in [
            "content/draft.md",
            "content/media/.env",
            "content/media/.git/config",
            "outside/secret.png",
        ] {
            fs::write(at(path), "secret").unwrap();
        }
        for path in ["content/media/a.png", "content/media/sub/ä b.png"] {
            fs::write(at(path), "image").unwrap();
        }
        for (target, link) in [
            ("a.png", "inside.png"),
            ("sub", "inside"),
            ("../draft.md", "draft.md"),
            ("../../outside/secret.png", "secret.png"),
            ("../../outside", "outside"),
            ("/etc/passwd", "passwd"),
        ] {
            symlink(target, at("content/media").join(link)).unwrap();
        }
        folder
    }

    async fn get(content: &Path, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let library = ContentFolder::load(content, &ContentOptions::default()).library(Timestamp::from_millis(0));
        let (_sender, library) = watch::channel(Arc::new(library));
        let response = router::<()>(content, library).oneshot(request).await.unwrap();
        let status = response.status();
        if status == StatusCode::OK {
            assert_eq!(response.headers()[header::CONTENT_TYPE], "image/png");
            assert_eq!(response.headers()["cross-origin-resource-policy"], "cross-origin");
        }
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn files_and_links_within_the_folder_are_served() {
        let folder = folder();
        for path in ["a.png", "sub/%C3%A4%20b.png", "inside.png", "inside/%C3%A4%20b.png"] {
            let served = get(&folder.path().join("content"), &format!("/media/{path}")).await;
            assert_eq!(served, (StatusCode::OK, "image".into()), "{path}");
        }
    }

    #[tokio::test]
    async fn links_out_of_the_folder_hidden_files_and_pipes_are_not_served() {
        let folder = folder();
        let pipe = folder.path().join("content/media/pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(pipe)
                .status()
                .unwrap()
                .success()
        );
        for path in [
            "draft.md",
            "secret.png",
            "outside/secret.png",
            "passwd",
            ".env",
            "%2eenv",
            ".git/config",
            "inside/../.env",
            "..%2fdraft.md",
            "%2fetc/passwd",
            "sub",
            "pipe",
            "a.png%00",
            "missing.png",
        ] {
            let served = get(&folder.path().join("content"), &format!("/media/{path}")).await;
            assert_eq!(served, (StatusCode::NOT_FOUND, String::new()), "{path}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_a_link_out_of_the_content_is_not_served() {
        let folder = folder();
        let content = folder.path().join("other");
        fs::create_dir(&content).unwrap();
        symlink("../outside", content.join("media")).unwrap();
        assert_eq!(get(&content, "/media/secret.png").await.0, StatusCode::NOT_FOUND);
        let linked = folder.path().join("linked");
        symlink("content", &linked).unwrap();
        assert_eq!(
            get(&linked, "/media/a.png").await.0,
            StatusCode::OK,
            "the operator chose this link"
        );
    }
}
