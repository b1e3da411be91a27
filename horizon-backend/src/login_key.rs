//! The key of login sessions, which is kept with the store of a site.

use std::{fmt, sync::Arc, time::Duration};
#[cfg(feature = "sqlite")]
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use horizon_core::{Error, Result, error_chain};
#[cfg(feature = "postgres")]
use horizon_postgres::PostgresStore;
#[cfg(feature = "redis")]
use horizon_redis::RedisStore;
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::timeout};

#[cfg(feature = "sqlite")]
use crate::stored_secret::{path_beside, read_or_create, write_draft};
use crate::{StoreHandle, random_bytes, store::StoreAdapter};

/// How long a read may take before the last known key is used: 300 ms. A page has 900 ms for all of its reads.
const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// The maximum number of concurrent reads from the store. Further reads wait for one of them to end.
const MAX_READS: usize = 4;

/// A key for the cookies of login sessions. Replacing it ends all sessions, on every node with this store.
///
/// The store of the site keeps it: PostgreSQL, Redis, or with SQLite a file `<database>.login-key`. It uses the
/// connections of the store. With a store in memory or of the application the key is in memory, and each `LoginKey` has
/// its own.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{LoginKey, StoreHandle, StoreUrl};
///
/// let key = LoginKey::open(&StoreHandle::open(&StoreUrl::Memory)?)?;
/// let before = key.read().await?;
/// assert_eq!(key.read().await?, before);
/// key.replace().await?;
/// assert_ne!(key.read().await?, before);
/// # Ok(()) }
/// ```
pub struct LoginKey {
    stored: Arc<StoredKey>,
    reads: Arc<Semaphore>,
}

struct StoredKey {
    place: KeyPlace,
    last_known: Mutex<LastKnown>,
}

#[derive(Default)]
struct LastKnown {
    key: Option<[u8; 32]>,
    /// The number of the read or replacement that returned the key.
    known_by: u64,
    /// The number of the last read or replacement by this process.
    last: u64,
}

enum KeyPlace {
    Memory(Mutex<[u8; 32]>),
    /// The file, and a lock for those who write it.
    #[cfg(feature = "sqlite")]
    File(PathBuf, Arc<Mutex<()>>),
    #[cfg(feature = "postgres")]
    Postgres(Arc<PostgresStore>),
    #[cfg(feature = "redis")]
    Redis(Arc<RedisStore>),
}

impl LoginKey {
    /// Returns the key that is kept with this store. The first read creates it. PostgreSQL and Redis may be
    /// unavailable.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn open(store: &StoreHandle) -> Result<Self> {
        match &store.adapter {
            StoreAdapter::Application | StoreAdapter::Memory => Self::in_memory(),
            #[cfg(feature = "sqlite")]
            StoreAdapter::Sqlite(_, database) => Ok(Self::in_file(database)),
            #[cfg(feature = "postgres")]
            StoreAdapter::Postgres(store) => Ok(Self::new(KeyPlace::Postgres(Arc::clone(store)))),
            #[cfg(feature = "redis")]
            StoreAdapter::Redis(store) => Ok(Self::new(KeyPlace::Redis(Arc::clone(store)))),
        }
    }

    /// Returns a new key in memory.
    pub(crate) fn in_memory() -> Result<Self> {
        Ok(Self::new(KeyPlace::Memory(Mutex::new(random_bytes()?))))
    }

    /// Returns the key in the file next to this database.
    #[cfg(feature = "sqlite")]
    fn in_file(database: &Path) -> Self {
        Self::new(KeyPlace::File(path_beside(database, ".login-key"), Arc::default()))
    }

    fn new(place: KeyPlace) -> Self {
        let last_known = Mutex::default();
        Self {
            stored: Arc::new(StoredKey { place, last_known }),
            reads: Arc::new(Semaphore::new(MAX_READS)),
        }
    }

    /// Returns the key. If the store does not respond within 300 ms, returns the last one that this process read. The
    /// read goes on in the background, so that later calls know the key. Call it within a tokio runtime.
    ///
    /// # Errors
    /// The store does not respond, and no key is known.
    pub async fn read(&self) -> Result<[u8; 32]> {
        let late = |error| Error::unavailable("the key of login sessions was not read in time").with_source(error);
        let read = timeout(READ_TIMEOUT, self.read_in_background()).await;
        read.unwrap_or_else(|error| Err(late(error))).or_else(|error| {
            let known = self.stored.last_known.lock().key;
            let cause = error_chain(&error);
            let is_known = known.is_some();
            tracing::debug!(%error, cause, is_known, "the key of login sessions cannot be read from the store");
            known.ok_or(error)
        })
    }

    /// Reads the key in a task that goes on if the caller is dropped.
    async fn read_in_background(&self) -> Result<[u8; 32]> {
        let failed = "the key of login sessions cannot be read";
        let permit = Arc::clone(&self.reads).acquire_owned().await;
        let permit = permit.map_err(|error| Error::unavailable(failed).with_source(error))?;
        let stored = Arc::clone(&self.stored);
        let read = tokio::spawn(async move {
            let key = stored.read_and_remember().await;
            drop(permit);
            key
        });
        read.await
            .map_err(|error| Error::unavailable(failed).with_source(error))?
    }

    /// Replaces the key with a new one.
    ///
    /// # Errors
    /// Those of a write to the store. The key may have been replaced; it is safe to repeat.
    pub async fn replace(&self) -> Result<()> {
        let new = random_bytes()?;
        self.stored.replace(new).await?;
        let mut known = self.stored.last_known.lock();
        let number = known.next();
        known.set(new, number);
        Ok(())
    }
}

impl LastKnown {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Sets the key, unless a later read or replacement has set it: an earlier read may return a replaced key.
    fn set(&mut self, key: [u8; 32], number: u64) {
        if number > self.known_by {
            self.key = Some(key);
            self.known_by = number;
        }
    }
}

impl StoredKey {
    async fn read_and_remember(&self) -> Result<[u8; 32]> {
        let number = self.last_known.lock().next();
        let key = self.read().await?;
        self.last_known.lock().set(key, number);
        Ok(key)
    }

    async fn read(&self) -> Result<[u8; 32]> {
        match &self.place {
            KeyPlace::Memory(key) => Ok(*key.lock()),
            #[cfg(feature = "sqlite")]
            KeyPlace::File(path, _) => {
                let path = path.clone();
                in_background(move || read_or_create(&path)).await
            }
            #[cfg(feature = "postgres")]
            KeyPlace::Postgres(store) => store.login_key(random_bytes()?).await,
            #[cfg(feature = "redis")]
            KeyPlace::Redis(store) => store.login_key(random_bytes()?).await,
        }
    }

    async fn replace(&self, new: [u8; 32]) -> Result<()> {
        match &self.place {
            KeyPlace::Memory(key) => {
                *key.lock() = new;
                Ok(())
            }
            #[cfg(feature = "sqlite")]
            KeyPlace::File(path, writing) => {
                let (path, writing) = (path.clone(), Arc::clone(writing));
                in_background(move || {
                    let _writing = writing.lock();
                    let draft = write_draft(&path, &new)?;
                    fs::rename(draft, &path)
                })
                .await
            }
            #[cfg(feature = "postgres")]
            KeyPlace::Postgres(store) => store.replace_login_key(new).await,
            #[cfg(feature = "redis")]
            KeyPlace::Redis(store) => store.replace_login_key(new).await,
        }
    }
}

/// Runs a function that blocks on the file system.
#[cfg(feature = "sqlite")]
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let failed = "the file of the login sessions' key cannot be used";
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::unavailable(failed).with_source(error))?
        .map_err(|error| Error::unavailable(failed).with_source(error))
}

impl fmt::Debug for LoginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginKey").finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_replaced_key_is_gone_for_all_processes_with_this_store_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let [one, other] = [LoginKey::in_file(&database), LoginKey::in_file(&database)];
        let before = one.read().await.unwrap();
        assert_eq!(other.read().await.unwrap(), before);
        other.replace().await.unwrap();
        let after = one.read().await.unwrap();
        assert_ne!(after, before);
        assert_eq!(LoginKey::in_file(&database).read().await.unwrap(), after);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[tokio::test]
    async fn the_last_known_key_is_used_while_the_store_does_not_respond() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let key = LoginKey::in_file(&database);
        let known = key.read().await.unwrap();
        fs::write(folder.path().join("horizon.db.login-key"), "damaged").unwrap();
        assert_eq!(key.read().await.unwrap(), known);
        LoginKey::in_file(&database).read().await.unwrap_err();
        key.replace().await.unwrap();
        assert_ne!(key.read().await.unwrap(), known);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn other_users_cannot_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let key = LoginKey::in_file(&folder.path().join("horizon.db"));
        for _ in 0..2 {
            key.read().await.unwrap();
            let file = fs::metadata(folder.path().join("horizon.db.login-key")).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
            key.replace().await.unwrap();
        }
    }
}
