use std::fs::File;
#[cfg(feature = "sqlite")]
use std::{
    fs::{OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

#[cfg(feature = "sqlite")]
use horizon_core::Error;
use horizon_core::Result;

use crate::StoreUrl;
#[cfg(feature = "sqlite")]
use crate::real_path;

/// Keeps other accumulators away from an SQLite file for as long as it lives; of any other store there is nothing to
/// keep.
///
/// Whoever watches hears only of what was counted by the accumulator behind their own pipe, and so two of them on one
/// file would show different numbers. The lock is the system's, on a file beside the database: it goes with the
/// process, also with one that is killed, and what stays of it is an empty file whose name ends in `.accumulator`. It
/// is beside the real file, so that a symbolic link leads to the same lock.
///
/// ```
/// use horizon_backend::{StoreLock, StoreUrl};
///
/// # #[cfg(feature = "sqlite")] {
/// # let folder = tempfile::tempdir()?;
/// let store = StoreUrl::Sqlite(folder.path().join("numbers.db"));
/// let alone = StoreLock::on(&store)?;
/// assert!(StoreLock::on(&store).unwrap_err().to_string().starts_with("another process counts into"));
/// drop(alone);
/// assert!(StoreLock::on(&store).is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "the lock goes when this is dropped"]
pub struct StoreLock {
    #[expect(dead_code, reason = "held for the lock alone")]
    lock: Option<File>,
}

impl StoreLock {
    /// Takes the lock of this store. It does not wait for another one to let go.
    ///
    /// # Errors
    /// Permanent if another accumulator has it, or if there can be no such file.
    pub fn on(store: &StoreUrl) -> Result<Self> {
        match store {
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(database) => Self::on_file(database),
            _ => Ok(Self { lock: None }),
        }
    }

    #[cfg(feature = "sqlite")]
    fn on_file(database: &Path) -> Result<Self> {
        let failed = |path: &Path, error: io::Error| {
            let why = match error.kind() {
                io::ErrorKind::NotFound => "cannot be made: its folder does not exist",
                _ => "cannot be locked",
            };
            Error::permanent(format!("{} {why}", path.display())).with_source(error)
        };
        let path = beside(&real_path(database).map_err(|error| failed(database, error))?);
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { lock: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(Error::permanent(format!(
                "another process counts into {}, and an SQLite store is for one at a time",
                database.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(&path, error)),
        }
    }
}

#[cfg(feature = "sqlite")]
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".accumulator");
    name.into()
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn the_second_on_a_file_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = |name| StoreUrl::Sqlite(folder.path().join(name));
        let first = StoreLock::on(&store("one.db")).unwrap();
        let _other = StoreLock::on(&store("other.db")).unwrap();
        let refusal = StoreLock::on(&store("one.db")).unwrap_err();
        assert!(refusal.to_string().contains("one.db"), "{refusal}");
        drop(first);
        let _second = StoreLock::on(&store("one.db")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_and_another_spelling_lead_to_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("one.db", folder.path().join("link.db")).unwrap();
        let store = |name| StoreUrl::Sqlite(folder.path().join(name));
        let _first = StoreLock::on(&store("link.db")).unwrap();
        std::fs::write(folder.path().join("one.db"), "").unwrap();
        for name in ["one.db", "link.db", "./one.db"] {
            let refusal = StoreLock::on(&store(name)).unwrap_err();
            assert!(refusal.to_string().contains("another process counts into"), "{refusal}");
        }
    }

    #[test]
    fn other_stores_are_not_kept_to_oneself() {
        let (_one, _two) = (
            StoreLock::on(&StoreUrl::Memory).unwrap(),
            StoreLock::on(&StoreUrl::Memory).unwrap(),
        );
    }
}
