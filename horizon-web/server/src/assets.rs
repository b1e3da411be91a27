//! Serves the files that the browser loads.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    middleware::map_response,
    response::Response,
    routing::get,
};
use horizon_app::AssetUrls;
use serde::Deserialize;
use tower_http::services::ServeDir;

/// The names of the files contain hashes of their content.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// The bundle that `cargo xtask bundle` builds, and the style sheet for highlighted code.
pub(crate) struct Assets {
    pub(crate) urls: AssetUrls,
    /// The folder `pkg` of the bundle.
    pkg: PathBuf,
    highlight_url: String,
    highlight_css: Bytes,
}

/// `site/manifest.json`.
#[derive(Deserialize)]
struct AssetManifest {
    bundle: String,
    css: String,
    theme_js: String,
    cluster_js: String,
    favicon: String,
}

impl Assets {
    /// Reads the manifest in `site`, or next to the binary.
    pub(crate) fn load(site: Option<&Path>, highlight_css: String) -> anyhow::Result<Self> {
        let site = site.map_or_else(find_next_to_binary, |site| Ok(site.to_owned()))?;
        let manifest: AssetManifest = fs::read(site.join("manifest.json"))
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(serde_json::from_slice(&text)?))
            .with_context(|| {
                let site = site.display();
                format!("HORIZON_SITE: {site} does not contain a bundle; run `cargo xtask bundle`")
            })?;
        let hash = blake3::hash(highlight_css.as_bytes()).to_hex();
        let highlight_url = format!("/pkg/highlight-{hash:.12}.css");
        let urls = AssetUrls {
            bundle: Some(manifest.bundle),
            css: manifest.css,
            highlight_css: Some(highlight_url.clone()),
            theme_js: manifest.theme_js,
            cluster_js: manifest.cluster_js,
            favicon: manifest.favicon,
        };
        Ok(Self {
            urls,
            pkg: site.join("pkg"),
            highlight_url,
            highlight_css: highlight_css.into(),
        })
    }

    pub(crate) fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let css = self.highlight_css.clone();
        let highlight = get(async move || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css));
        let files = ServeDir::new(&self.pkg)
            .append_index_html_on_directories(false)
            .precompressed_br();
        Router::new()
            .route(&self.highlight_url, highlight)
            .nest_service("/pkg", files)
            .layer(map_response(async |mut response: Response| {
                if response.status().is_success() {
                    response.headers_mut().insert(header::CACHE_CONTROL, IMMUTABLE);
                    response.headers_mut().insert(header::VARY, ACCEPT_ENCODING);
                }
                response
            }))
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
    use super::*;

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
