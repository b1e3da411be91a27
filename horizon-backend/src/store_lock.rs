use std::fs::File;
#[cfg(feature = "sqlite")]
use std::{
    fs::{OpenOptions, TryLockError},
    io,
    path::Path,
};

#[cfg(feature = "sqlite")]
use horizon_core::Error;
use horizon_core::Result;

use crate::StoreUrl;
#[cfg(feature = "sqlite")]
use crate::canonical_path::{append_extension, canonical_path, private};

/// An exclusive lock on the SQLite file of a store.
///
/// Other stores need no lock: any number of processes may count into them, and each event counts once. With
/// PostgreSQL one process counts at a time, so a second accumulator only takes over if the first fails. Each process
/// with a bus in memory shows only its own viewers and live changes.
///
/// An accumulator publishes totals only on its own bus, so the watchers of a second one would miss half of them. The
/// operating system holds the lock, on the file `<database>.accumulator`, and releases it when the process ends for any
/// reason. A symbolic link to the database leads to the same lock.
///
/// ```
/// use horizon_backend::{StoreLock, StoreUrl};
///
/// # #[cfg(feature = "sqlite")] {
/// # let folder = tempfile::tempdir()?;
/// let store = StoreUrl::Sqlite(folder.path().join("numbers.db"));
/// let lock = StoreLock::acquire(&store)?;
/// assert!(StoreLock::acquire(&store).is_err());
/// drop(lock);
/// assert!(StoreLock::acquire(&store).is_ok());
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct StoreLock {
    _file: Option<File>,
}

impl StoreLock {
    /// Locks this store without waiting.
    ///
    /// # Errors
    /// Permanent if another process holds the lock, or if the lock file cannot be created.
    pub fn acquire(store: &StoreUrl) -> Result<Self> {
        match store {
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(database) => Self::acquire_file(database),
            _ => Ok(Self { _file: None }),
        }
    }

    #[cfg(feature = "sqlite")]
    fn acquire_file(database: &Path) -> Result<Self> {
        let failed = |path: &Path, error: io::Error| {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "cannot be created: its folder does not exist",
                _ => "cannot be locked",
            };
            Error::permanent(format!("{} {reason}", path.display())).with_source(error)
        };
        let database_path = canonical_path(database).map_err(|error| failed(database, error))?;
        let path = append_extension(&database_path, ".accumulator");
        // Others could hold the lock if they could open the file.
        horizon_sqlite::restrict_access(&path);
        let file = private(OpenOptions::new().create(true).append(true))
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(Error::permanent(format!(
                "another process counts into {}: stop it, or use another file",
                database.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(&path, error)),
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_on_a_file_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let store = |name| StoreUrl::Sqlite(folder.path().join(name));
        let first = StoreLock::acquire(&store("one.db")).unwrap();
        let _other = StoreLock::acquire(&store("other.db")).unwrap();
        let error = StoreLock::acquire(&store("one.db")).unwrap_err();
        assert!(error.to_string().contains("one.db"), "{error}");
        drop(first);
        let _second = StoreLock::acquire(&store("one.db")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn all_paths_of_a_file_have_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("one.db", folder.path().join("link.db")).unwrap();
        let store = |name| StoreUrl::Sqlite(folder.path().join(name));
        let _first = StoreLock::acquire(&store("link.db")).unwrap();
        std::fs::write(folder.path().join("one.db"), "").unwrap();
        for name in ["one.db", "link.db", "./one.db"] {
            let error = StoreLock::acquire(&store(name)).unwrap_err();
            assert!(error.to_string().contains("another process counts into"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_open_the_lock() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.db.accumulator");
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        for _ in 0..2 {
            let _lock = StoreLock::acquire(&StoreUrl::Sqlite(folder.path().join("one.db"))).unwrap();
            assert_eq!(mode(), 0o600);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }

    #[test]
    fn other_stores_are_not_locked() {
        let _first = StoreLock::acquire(&StoreUrl::Memory).unwrap();
        let _second = StoreLock::acquire(&StoreUrl::Memory).unwrap();
    }
}
