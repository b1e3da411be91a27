//! What a reader downloads, held to a limit.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::run::say;

/// The most that all scripts and modules may weigh together, compressed with brotli, in bytes: what they
/// weigh, and room for another compiler's taste. Phoenix LiveView's client has 37 KiB.
const LIMIT: u64 = 33 * 1024;

/// Adds up the compressed scripts and WebAssembly modules under `site`.
pub(crate) fn check(site: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    collect(site, &mut files).with_context(|| format!("{} cannot be read", site.display()))?;
    files.sort();
    let mut total = 0;
    for file in &files {
        let compressed = PathBuf::from(format!("{}.br", file.display()));
        let bytes = fs::metadata(&compressed)
            .with_context(|| format!("{} is missing", compressed.display()))?
            .len();
        let name = file.strip_prefix(site).unwrap_or(file);
        say(&format!("{bytes:>7} bytes  {}", name.display()));
        total += bytes;
    }
    say(&format!(
        "{total:>7} bytes of script and WebAssembly with brotli, at most {LIMIT}"
    ));
    if files.is_empty() || total > LIMIT {
        bail!("the bundle must have scripts, and at most {LIMIT} bytes of them; it has {total}");
    }
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|kind| kind == "js" || kind == "wasm") {
            files.push(path);
        }
    }
    Ok(())
}
