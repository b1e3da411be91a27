//! An extension that observes the pages of a browser.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;

/// Runs before the scripts of each page. Records the event streams of the page, and the theme before the body is
/// parsed. The listeners of a stream with `isSilent` get no messages. Stores the path of the latest prerendered page,
/// which other pages of the site can read.
const SCRIPT: &str = r"
    window.observed = { streams: [], themeBeforeBody: undefined, changes: [] };
    window.EventSource = class extends window.EventSource {
        constructor(...given) { super(...given); window.observed.streams.push(this); }
        addEventListener(type, listener) { super.addEventListener(type, event => this.isSilent || listener(event)); }
    };
    new MutationObserver((_, observer) => {
        if (!document.body) return;
        window.observed.themeBeforeBody = document.documentElement.dataset.theme ?? null;
        observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
    if (document.prerendering) addEventListener('load', () => { localStorage.prerendered = location.pathname; });
";

/// Writes the extension into a folder below `profile` and returns the folder. The format is the same for Chromium and
/// Firefox.
pub(super) fn write_extension(profile: &Path) -> anyhow::Result<PathBuf> {
    let manifest = json!({
        "manifest_version": 3,
        "name": "Observer of the tests",
        "version": "1",
        "browser_specific_settings": { "gecko": { "id": "observer@horizon.invalid" } },
        "host_permissions": ["<all_urls>"],
        "content_scripts": [
            { "matches": ["<all_urls>"], "js": ["observer.js"], "run_at": "document_start", "world": "MAIN" },
        ],
    });
    let folder = profile.join("observer");
    let files = fs::create_dir(&folder)
        .and_then(|()| fs::write(folder.join("manifest.json"), manifest.to_string()))
        .and_then(|()| fs::write(folder.join("observer.js"), SCRIPT));
    files.with_context(|| format!("{} cannot be written", folder.display()))?;
    Ok(folder)
}
