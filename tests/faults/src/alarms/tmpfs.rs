use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The size of one write to fill the disk, in bytes.
const CHUNK_BYTES: usize = 64 * 1_024;

/// A small file system in memory (Linux, root only). Dropping it unmounts it.
#[derive(Debug)]
pub(crate) struct Tmpfs {
    folder: PathBuf,
}

impl Tmpfs {
    /// Mounts a file system of this size on an existing folder.
    pub(crate) fn mount(folder: PathBuf, mebibytes: u64) -> anyhow::Result<Self> {
        let size = format!("size={mebibytes}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&folder)
            .output();
        let needed = "this class fills a small file system and needs `mount -t tmpfs`: run it on Linux as root";
        let mount = mount.context(needed)?;
        ensure!(
            mount.status.success(),
            "{needed}; mount says: {}",
            String::from_utf8_lossy(&mount.stderr).trim()
        );
        Ok(Self { folder })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Fills the file system with a file.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::options().create(true).append(true).open(self.filler())?;
        let mut chunk = vec![b'.'; CHUNK_BYTES];
        while !chunk.is_empty() {
            if file.write_all(&chunk).is_err() {
                chunk.truncate(chunk.len() / 2);
            }
        }
        Ok(())
    }

    /// Removes that file.
    pub(crate) fn free(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // A process may still have open files; `-l` unmounts once they are closed.
        let _ = Command::new("umount").arg("-l").arg(&self.folder).output();
    }
}
