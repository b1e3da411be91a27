//! The download size of scripts and WebAssembly.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

/// Returns the size of all scripts and modules in kilobytes (1,000 bytes), compressed with brotli.
pub(crate) fn download_kilobytes(site: &Path) -> anyhow::Result<f64> {
    let folder = site.join("pkg");
    let files = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let mut bytes: u64 = 0;
    for file in files {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".js.br") || name.ends_with(".wasm.br") {
            bytes += file.metadata()?.len();
        }
    }
    ensure!(bytes > 0, "{} has no compressed scripts", folder.display());
    Ok(f64::from(u32::try_from(bytes)?) / 1_000.0)
}
