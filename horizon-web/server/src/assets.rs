//! The files that the browser loads: read at the start, served from memory.
//!
//! So a rebuilt bundle does not change what a running server serves.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context;
use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
    routing::get,
};
use eventhorizon::http::CompressedBody;
use horizon_app::AssetUrls;
use serde::Deserialize;

use crate::served_file::ServedFile;

/// The names of the files contain hashes of their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const WASM: HeaderValue = HeaderValue::from_static("application/wasm");

/// The bundle that `cargo xtask bundle` builds, and the style sheet for highlighted code.
pub(crate) struct Assets {
    pub(crate) urls: AssetUrls,
    /// By URL.
    files: BTreeMap<String, Arc<ServedFile>>,
}

/// `site/manifest.json`.
#[derive(Deserialize)]
struct AssetManifest {
    bundle: String,
    css: String,
    theme_js: String,
    cluster_js: String,
    links_js: String,
    copy_js: String,
    favicon: String,
}

impl Assets {
    /// Reads the manifest in `site`, or next to the binary, and lists the files.
    pub(crate) fn load(site: Option<&Path>, highlight_css: String) -> anyhow::Result<Self> {
        let site = site.map_or_else(find_next_to_binary, |site| Ok(site.to_owned()))?;
        let manifest: AssetManifest = fs::read(site.join("manifest.json"))
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(serde_json::from_slice(&text)?))
            .with_context(|| {
                let site = site.display();
                format!("HORIZON_SITE: {site} does not contain a bundle; run `cargo xtask bundle`")
            })?;
        let mut files = read_files(&site.join("pkg"))?;
        let hash = blake3::hash(highlight_css.as_bytes()).to_hex();
        let highlight_url = format!("/pkg/highlight-{hash:.12}.css");
        let highlight = CompressedBody::new(highlight_css);
        let highlight = ServedFile::new(CSS, IMMUTABLE, highlight, SystemTime::now());
        files.insert(highlight_url.clone(), highlight.into());
        let urls = AssetUrls {
            bundle: Some(manifest.bundle),
            css: manifest.css,
            highlight_css: Some(highlight_url),
            theme_js: manifest.theme_js,
            cluster_js: manifest.cluster_js,
            links_js: manifest.links_js,
            copy_js: manifest.copy_js,
            favicon: manifest.favicon,
        };
        Ok(Self { urls, files })
    }

    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.files.iter().fold(Router::new(), |router, (url, file)| {
            let file = Arc::clone(file);
            router.route(url, get(async move |headers: HeaderMap| file.respond(&headers)))
        })
    }
}

/// Reads the files to serve, by URL. The compressed ones next to them have no URL.
fn read_files(pkg: &Path) -> anyhow::Result<BTreeMap<String, Arc<ServedFile>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(pkg).with_context(|| format!("{} cannot be read", pkg.display()))? {
        let path = entry?.path();
        // Braces are wildcards in a route.
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| !name.contains(['{', '}'])) else {
            continue;
        };
        let Some(content_type) = content_type(&path) else {
            continue;
        };
        let unreadable = || format!("{} cannot be read", path.display());
        let mut body = CompressedBody::new(fs::read(&path).with_context(unreadable)?);
        if let Ok(brotli) = fs::read(path.with_file_name(format!("{name}.br"))) {
            body = body.with_brotli(brotli);
        }
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let modified = modified.with_context(unreadable)?;
        let file = ServedFile::new(content_type, IMMUTABLE, body, modified);
        files.insert(format!("/pkg/{name}"), file.into());
    }
    Ok(files)
}

/// Returns the media type of a file, or `None` if it is not for browsers.
fn content_type(path: &Path) -> Option<HeaderValue> {
    match path.extension()?.to_str()? {
        "css" => Some(CSS),
        "js" => Some(JAVASCRIPT),
        "svg" => Some(SVG),
        "wasm" => Some(WASM),
        _ => None,
    }
}

fn find_next_to_binary() -> anyhow::Result<PathBuf> {
    let binary = env::current_exe().context("HORIZON_SITE is not set, and the path of this binary is unknown")?;
    let folders = binary.ancestors().skip(1).take(2);
    let site = folders
        .map(|folder| folder.join("site"))
        .find(|site| site.join("manifest.json").is_file());
    site.context("HORIZON_SITE is not set, and there is no bundle next to the binary; run `cargo xtask bundle`")
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        http::{Request, StatusCode, header},
    };
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;

    fn folder() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "bundle",
            "css",
            "theme_js",
            "cluster_js",
            "links_js",
            "copy_js",
            "favicon",
        ]
        .map(|name| format!("\"{name}\":\"\""));
        fs::write(folder.path().join("manifest.json"), format!("{{{}}}", names.join(","))).unwrap();
        folder
    }

    #[tokio::test]
    async fn files_are_immutable_compressed_if_the_browser_accepts_it_and_survive_a_new_bundle() {
        let folder = folder();
        let pkg = folder.path().join("pkg");
        fs::create_dir(&pkg).unwrap();
        for name in ["a.css", "a.js", "a.js.br", "a.svg", "a.wasm", "a.txt", "{a.js"] {
            fs::write(pkg.join(name), name.repeat(100)).unwrap();
        }
        let assets = Assets::load(Some(folder.path()), "highlight".repeat(100)).unwrap();
        let router: Router = assets.router();
        let get = async |url: &str, name, value: &str| {
            let request = Request::get(url).header(name, value).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap()
        };
        for (url, content_type) in [
            ("/pkg/a.css", "text/css; charset=utf-8"),
            ("/pkg/a.js", "text/javascript; charset=utf-8"),
            ("/pkg/a.svg", "image/svg+xml"),
            ("/pkg/a.wasm", "application/wasm"),
            (assets.urls.highlight_css.as_deref().unwrap(), "text/css; charset=utf-8"),
        ] {
            for (encodings, encoding) in [("gzip, br", "br"), ("gzip, br;q=0", "gzip"), ("", "")] {
                let response = get(url, header::ACCEPT_ENCODING, encodings).await;
                let headers = response.headers();
                assert_eq!(response.status(), StatusCode::OK, "{url}");
                assert_eq!(headers[header::CONTENT_TYPE], content_type, "{url}");
                assert_eq!(headers[header::CACHE_CONTROL], IMMUTABLE, "{url}");
                assert_eq!(headers[header::VARY], "accept-encoding", "{url}");
                assert!(headers.contains_key(header::LAST_MODIFIED), "{url}");
                let expected = (!encoding.is_empty()).then_some(encoding);
                let actual = headers
                    .get(header::CONTENT_ENCODING)
                    .map(|value| value.to_str().unwrap());
                assert_eq!(actual, expected, "{url}");
            }
        }
        fs::remove_dir_all(&pkg).unwrap();
        let response = get("/pkg/a.js", header::ACCEPT_ENCODING, "br").await;
        assert_eq!(response.status(), StatusCode::OK, "after the bundle was replaced");
        for url in ["/pkg/a.js.br", "/pkg/a.txt", "/pkg/b.js", "/pkg/", "/pkg/%7Ba.js"] {
            let response = get(url, header::ACCEPT_ENCODING, "br").await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{url}");
            assert!(!response.headers().contains_key(header::CACHE_CONTROL), "{url}");
        }
    }

    #[test]
    fn a_bundle_without_files_is_an_error() {
        let error = format!(
            "{:#}",
            Assets::load(Some(folder().path()), String::new()).err().unwrap()
        );
        assert!(error.contains("pkg cannot be read"), "{error}");
    }

    #[test]
    fn the_error_for_a_missing_bundle_has_the_command_that_builds_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", Assets::load(Some(folder.path()), String::new()).err().unwrap());
        assert!(
            error.contains("HORIZON_SITE") && error.contains("cargo xtask bundle"),
            "{error}"
        );
    }
}
