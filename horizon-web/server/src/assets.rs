//! The files that the browser loads: read once, served from memory.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

/// Every file is named by its content, so a browser that has it need never ask again.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const BROTLI: HeaderValue = HeaderValue::from_static("br");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
const WASM: HeaderValue = HeaderValue::from_static("application/wasm");

/// The bundle that `cargo xtask` builds, by address.
pub(crate) struct Assets {
    /// The addresses that pages name.
    pub(crate) names: horizon_app::Assets,
    files: BTreeMap<String, File>,
}

#[derive(Clone)]
struct File {
    content_type: HeaderValue,
    plain: Bytes,
    brotli: Option<Bytes>,
}

/// What `site/manifest.json` says.
#[derive(Deserialize)]
struct Manifest {
    bundle: String,
    css: String,
    theme_js: String,
    cluster_js: String,
    favicon: String,
}

impl Assets {
    /// Reads the bundle in `site`, or where it lies beside the binary, and adds the colours of code.
    pub(crate) fn load(site: Option<&Path>, highlight_css: String) -> anyhow::Result<Self> {
        let site = site.map_or_else(beside_the_binary, |site| Ok(site.to_owned()))?;
        let manifest = site.join("manifest.json");
        let manifest: Manifest = fs::read(&manifest)
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(serde_json::from_slice(&text)?))
            .with_context(|| {
                format!(
                    "HORIZON_SITE: {} is no bundle; `cargo xtask bundle` makes one",
                    site.display()
                )
            })?;
        let mut files = read(&site.join("pkg"))?;
        let highlight = format!(
            "/pkg/highlight-{:.12}.css",
            blake3::hash(highlight_css.as_bytes()).to_hex()
        );
        files.insert(
            highlight.clone(),
            File {
                content_type: CSS,
                plain: highlight_css.into(),
                brotli: None,
            },
        );
        let names = horizon_app::Assets {
            bundle: Some(manifest.bundle),
            css: manifest.css,
            highlight_css: Some(highlight),
            theme_js: manifest.theme_js,
            cluster_js: manifest.cluster_js,
            favicon: manifest.favicon,
        };
        Ok(Self { names, files })
    }

    /// A route for each file.
    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.files.iter().fold(Router::new(), |router, (path, file)| {
            let file = file.clone();
            router.route(path, get(async move |headers: HeaderMap| file.answer(&headers)))
        })
    }
}

impl File {
    fn answer(&self, headers: &HeaderMap) -> Response {
        let (body, encoding) = match &self.brotli {
            Some(brotli) if takes_brotli(headers) => (brotli, Some([(header::CONTENT_ENCODING, BROTLI)])),
            _ => (&self.plain, None),
        };
        let fields = [
            (header::CONTENT_TYPE, self.content_type.clone()),
            (header::CACHE_CONTROL, FOR_GOOD),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        (fields, encoding, body.clone()).into_response()
    }
}

/// Whether `br` is among the encodings that the browser takes, and not with a weight of zero.
pub(crate) fn takes_brotli(headers: &HeaderMap) -> bool {
    let lists = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some("br") && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn beside_the_binary() -> anyhow::Result<PathBuf> {
    let binary = env::current_exe().context("HORIZON_SITE is not set, and where this binary lies cannot be told")?;
    let folders = binary.ancestors().skip(1).take(2);
    let site = folders
        .map(|folder| folder.join("site"))
        .find(|site| site.join("manifest.json").is_file());
    site.context("HORIZON_SITE is not set, and there is no bundle beside the binary; `cargo xtask bundle` makes one")
}

fn read(pkg: &Path) -> anyhow::Result<BTreeMap<String, File>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(pkg).with_context(|| format!("{} cannot be read", pkg.display()))? {
        let path = entry?.path();
        let Some((name, content_type)) = path.file_name().and_then(|name| name.to_str()).and_then(typed) else {
            continue;
        };
        let plain = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let brotli = fs::read(path.with_file_name(format!("{name}.br")))
            .ok()
            .map(Bytes::from);
        files.insert(
            format!("/pkg/{name}"),
            File {
                content_type,
                plain: plain.into(),
                brotli,
            },
        );
    }
    Ok(files)
}

fn typed(name: &str) -> Option<(&str, HeaderValue)> {
    let (_, kind) = name.rsplit_once('.')?;
    match kind {
        "css" => Some((name, CSS)),
        "js" => Some((name, SCRIPT)),
        "svg" => Some((name, SVG)),
        "wasm" => Some((name, WASM)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_goes_only_to_who_takes_it() {
        let takes = |value: &str| {
            takes_brotli(&HeaderMap::from_iter([(
                header::ACCEPT_ENCODING,
                value.parse().unwrap(),
            )]))
        };
        assert!(takes("gzip, br"));
        assert!(takes("br;q=0.5"));
        assert!(!takes("gzip, br;q=0"));
        assert!(!takes("brotli"));
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn a_folder_without_a_bundle_is_refused_with_the_way_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", Assets::load(Some(folder.path()), String::new()).err().unwrap());
        assert!(
            error.contains("HORIZON_SITE") && error.contains("cargo xtask bundle"),
            "{error}"
        );
    }
}
