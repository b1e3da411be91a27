//! The folder with the variants that were made.

use std::{
    fs, io,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use tempfile::NamedTempFile;

use crate::name::VariantName;

/// The maximum size of all variants together, in bytes: 4 GiB. That is enough for about 10,000 photos.
pub const MAX_CACHE_BYTES: u64 = 4 << 30;

/// The time after which a variant that no post uses is removed: 30 days.
pub const UNUSED_AFTER: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The time after which a file that a stopped process did not finish is removed: 1 hour.
const UNFINISHED_AFTER: Duration = Duration::from_secs(60 * 60);

/// The start of the names of files that are not finished.
const UNFINISHED: &str = "unfinished-";

/// A folder of variants. Several processes may use it at the same time, also for different blogs.
///
/// A file appears whole or not at all. An empty one means that the original has fewer bytes.
#[derive(Debug)]
pub struct CacheFolder {
    folder: PathBuf,
    /// The size of all files when they were last listed, and of those that were added since.
    bytes: AtomicU64,
}

/// A variant in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CachedVariant {
    File(PathBuf),
    /// The original has fewer bytes.
    Original,
}

impl CacheFolder {
    /// Opens the folder `pictures` in `cache`, and creates both if they do not exist.
    ///
    /// # Errors
    /// They cannot be created, or no file can be written.
    pub fn open(cache: &Path) -> io::Result<Self> {
        let folder = cache.join("pictures");
        fs::create_dir_all(&folder)?;
        unfinished(&folder)?.close()?;
        Ok(Self {
            folder,
            bytes: AtomicU64::new(0),
        })
    }

    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Returns a variant, or `None` if it must be made.
    pub(crate) fn find(&self, name: &VariantName) -> Option<CachedVariant> {
        let path = self.folder.join(name.to_string());
        let mut file = fs::File::open(&path).ok()?;
        let length = file.metadata().ok()?.len();
        if length == 0 {
            return Some(CachedVariant::Original);
        }
        // A file system may lose the end of a file when the power fails.
        let mut start = [0; 12];
        file.read_exact(&mut start).ok()?;
        let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] = start else {
            return None;
        };
        let is_whole = u64::from(u32::from_le_bytes([a, b, c, d])) + 8 == length;
        is_whole.then_some(CachedVariant::File(path))
    }

    /// Adds a variant; `bytes` is empty if the original has fewer.
    pub(crate) fn insert(&self, name: &VariantName, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        if self.bytes.load(Ordering::Relaxed) + length > MAX_CACHE_BYTES {
            let reason = format!("the variants have {MAX_CACHE_BYTES} bytes, which is the maximum");
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, reason));
        }
        let mut file = unfinished(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(self.folder.join(name.to_string()))?;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }

    /// Remembers that a post uses the variant at that time.
    pub(crate) fn mark_used(&self, name: &VariantName, now: SystemTime) {
        let file = fs::File::options().write(true).open(self.folder.join(name.to_string()));
        // A variant that seems to be unused is made again some day.
        let _ = file.and_then(|file| file.set_modified(now));
    }

    /// Removes the variants that were not used for [`UNUSED_AFTER`]. Other files stay.
    pub(crate) fn remove_unused(&self, now: SystemTime) -> io::Result<()> {
        let mut bytes = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let keep_for = if name.starts_with(UNFINISHED) {
                UNFINISHED_AFTER
            } else if name.parse::<VariantName>().is_ok() {
                UNUSED_AFTER
            } else {
                continue;
            };
            // Another process may have removed it.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let age = metadata.modified().ok().and_then(|used| now.duration_since(used).ok());
            let is_old = age.is_some_and(|age| age > keep_for);
            if !is_old || fs::remove_file(entry.path()).is_err() {
                bytes += metadata.len();
            }
        }
        self.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }
}

fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)
}
