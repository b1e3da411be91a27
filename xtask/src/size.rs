//! The limit on what a browser downloads.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::run::print_line;

/// The limit on all scripts and modules together, compressed with brotli, in bytes: their size and some room for other
/// versions of the compiler. Phoenix LiveView's client has 37 KiB.
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
        print_line(&format!("{bytes:>7} bytes  {}", name.display()));
        total += bytes;
    }
    print_line(&format!(
        "{total:>7} bytes of script and WebAssembly with brotli; limit {LIMIT}"
    ));
    if files.is_empty() || total > LIMIT {
        bail!("the bundle has {total} bytes of script; it must have some, and at most {LIMIT}");
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
