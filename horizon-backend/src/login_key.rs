//! The key of login sessions, which is kept with the store of a site.

use std::{fmt, time::Duration};
#[cfg(feature = "sqlite")]
use std::{fs, io, path::PathBuf, sync::Arc};

use horizon_core::{Error, Result, error_chain};
#[cfg(feature = "postgres")]
use horizon_postgres::PostgresStore;
#[cfg(feature = "redis")]
use horizon_redis::RedisStore;
use parking_lot::Mutex;
use tokio::time::timeout;

#[cfg(feature = "sqlite")]
use crate::stored_secret::{path_beside, read_or_create, write_draft};
use crate::{StoreUrl, random_bytes};

/// How long a read may take before the last known key is used: 300 ms. A page has 900 ms for all of its reads.
const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// A key for the cookies of login sessions. Replacing it ends all sessions, on every node with this store.
///
/// It is kept like [`stored_secret`](crate::stored_secret): in memory, in a file
/// `<database>.login-key`, in PostgreSQL, or in Redis.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_backend::{LoginKey, StoreUrl};
///
/// let key = LoginKey::open(&StoreUrl::Memory)?;
/// let before = key.read().await?;
/// assert_eq!(key.read().await?, before);
/// key.replace().await?;
/// assert_ne!(key.read().await?, before);
/// # Ok(()) }
/// ```
pub struct LoginKey {
    place: KeyPlace,
    last_known: Mutex<LastKnown>,
}

#[derive(Default)]
struct LastKnown {
    key: Option<[u8; 32]>,
    /// The number of replacements by this process.
    replacements: u64,
}

enum KeyPlace {
    Memory(Mutex<[u8; 32]>),
    /// The file, and a lock for those who write it.
    #[cfg(feature = "sqlite")]
    File(PathBuf, Arc<Mutex<()>>),
    #[cfg(feature = "postgres")]
    Postgres(Box<PostgresStore>),
    #[cfg(feature = "redis")]
    Redis(Box<RedisStore>),
}

impl LoginKey {
    /// Returns the key that is kept with this store. It is created with the first read. PostgreSQL and Redis need a
    /// tokio runtime and may be unavailable.
    ///
    /// # Errors
    /// The operating system has no randomness, or the configuration of the client is invalid.
    pub fn open(store: &StoreUrl) -> Result<Self> {
        let place = match store {
            StoreUrl::Memory => KeyPlace::Memory(Mutex::new(random_bytes()?)),
            #[cfg(feature = "sqlite")]
            StoreUrl::Sqlite(database) => KeyPlace::File(path_beside(database, ".login-key"), Arc::default()),
            #[cfg(feature = "postgres")]
            StoreUrl::Postgres(config) => KeyPlace::Postgres(Box::new(PostgresStore::new(config)?)),
            #[cfg(feature = "redis")]
            StoreUrl::Redis(redis) => KeyPlace::Redis(Box::new(RedisStore::connect(redis)?)),
        };
        Ok(Self {
            place,
            last_known: Mutex::default(),
        })
    }

    /// Returns the key. If the store does not respond within 300 ms, it is the last one that this process read.
    ///
    /// # Errors
    /// The store does not respond, and no key is known.
    pub async fn read(&self) -> Result<[u8; 32]> {
        let replacements = self.last_known.lock().replacements;
        let read = timeout(READ_TIMEOUT, self.read_stored()).await;
        let late = || Error::unavailable("the key of login sessions was not read in time");
        match read.unwrap_or_else(|_| Err(late())) {
            Ok(key) => {
                let mut known = self.last_known.lock();
                // A read that began before a replacement may return the previous key.
                if known.replacements == replacements {
                    known.key = Some(key);
                }
                Ok(key)
            }
            Err(error) => {
                let known = self.last_known.lock().key;
                let cause = error_chain(&error);
                let is_known = known.is_some();
                tracing::debug!(%error, cause, is_known, "the key of login sessions cannot be read from the store");
                known.ok_or(error)
            }
        }
    }

    /// Replaces the key with a new one.
    ///
    /// # Errors
    /// Those of a write to the store. The key may have been replaced; it is safe to repeat.
    pub async fn replace(&self) -> Result<()> {
        let new = random_bytes()?;
        match &self.place {
            KeyPlace::Memory(key) => *key.lock() = new,
            #[cfg(feature = "sqlite")]
            KeyPlace::File(path, writing) => {
                let (path, writing) = (path.clone(), Arc::clone(writing));
                in_background(move || {
                    let _writing = writing.lock();
                    let draft = write_draft(&path, &new)?;
                    fs::rename(draft, &path)
                })
                .await?;
            }
            #[cfg(feature = "postgres")]
            KeyPlace::Postgres(store) => store.replace_login_key(new).await?,
            #[cfg(feature = "redis")]
            KeyPlace::Redis(store) => store.replace_login_key(new).await?,
        }
        let mut known = self.last_known.lock();
        known.key = Some(new);
        known.replacements += 1;
        Ok(())
    }

    async fn read_stored(&self) -> Result<[u8; 32]> {
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
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let [one, other] = [LoginKey::open(&store).unwrap(), LoginKey::open(&store).unwrap()];
        let before = one.read().await.unwrap();
        assert_eq!(other.read().await.unwrap(), before);
        other.replace().await.unwrap();
        let after = one.read().await.unwrap();
        assert_ne!(after, before);
        assert_eq!(LoginKey::open(&store).unwrap().read().await.unwrap(), after);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[tokio::test]
    async fn the_last_known_key_is_used_while_the_store_does_not_respond() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let key = LoginKey::open(&store).unwrap();
        let known = key.read().await.unwrap();
        fs::write(folder.path().join("horizon.db.login-key"), "damaged").unwrap();
        assert_eq!(key.read().await.unwrap(), known);
        LoginKey::open(&store).unwrap().read().await.unwrap_err();
        key.replace().await.unwrap();
        assert_ne!(key.read().await.unwrap(), known);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn other_users_cannot_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let key = LoginKey::open(&StoreUrl::Sqlite(folder.path().join("horizon.db"))).unwrap();
        for _ in 0..2 {
            key.read().await.unwrap();
            let file = fs::metadata(folder.path().join("horizon.db.login-key")).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600);
            key.replace().await.unwrap();
        }
    }
}
