//! The secret of a site, which is created once and kept with its store.

#[cfg(feature = "sqlite")]
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

#[cfg(feature = "sqlite")]
use horizon_core::Error;
use horizon_core::Result;
#[cfg(any(feature = "postgres", feature = "redis"))]
use {
    crate::batch_retry::{INITIAL_DELAY, MAX_DELAY},
    horizon_core::Backoff,
};

#[cfg(feature = "sqlite")]
use crate::canonical_path::{append_extension, canonical_path, private};
use crate::{StoreHandle, StoreUrl, random_bytes, store::StoreAdapter};

/// Reads the secret that is kept with this store, or creates it; see [`Backend::secret`](crate::Backend::secret).
pub(crate) async fn stored_secret(store: &StoreHandle) -> Result<[u8; 32]> {
    match &store.adapter {
        StoreAdapter::Application | StoreAdapter::Memory => random_bytes(),
        #[cfg(feature = "sqlite")]
        StoreAdapter::Sqlite(_, database) => file_secret(database),
        #[cfg(feature = "postgres")]
        StoreAdapter::Postgres(postgres) => retried(store, |fresh| postgres.secret(fresh)).await,
        #[cfg(feature = "redis")]
        StoreAdapter::Redis(redis) => retried(store, |fresh| redis.secret(fresh)).await,
    }
}

/// Returns whether the store has an SQLite database but no secret, as after a partial restore from a backup.
#[must_use]
pub fn is_secret_missing(store: &StoreUrl) -> bool {
    match store {
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => {
            fs::metadata(path).is_ok_and(|file| file.len() > 0) && !path_beside(path, SECRET).exists()
        }
        _ => false,
    }
}

/// Calls `secret` with fresh random bytes until it succeeds or fails permanently.
#[cfg(any(feature = "postgres", feature = "redis"))]
async fn retried<F>(store: &StoreHandle, secret: impl Fn([u8; 32]) -> F) -> Result<[u8; 32]>
where
    F: Future<Output = Result<[u8; 32]>>,
{
    let (fresh, mut backoff) = (random_bytes()?, Backoff::new(INITIAL_DELAY, MAX_DELAY));
    loop {
        match secret(fresh).await {
            Err(error) if error.is_retryable() => {
                let (cause, delay) = (horizon_core::error_chain(&error), backoff.next_delay());
                tracing::warn!(?store, %error, cause, ?delay, "cannot read the secret that signs cookies, retrying");
                tokio::time::sleep(delay).await;
            }
            outcome => return outcome,
        }
    }
}

/// The extension of the file with the secret.
#[cfg(feature = "sqlite")]
const SECRET: &str = ".secret";

/// Returns the secret in the file next to this database, or creates it.
#[cfg(feature = "sqlite")]
fn file_secret(database: &Path) -> Result<[u8; 32]> {
    let path = path_beside(database, SECRET);
    let failed = || format!("the secret in {} cannot be used", path.display());
    read_or_create(&path).map_err(|error| Error::permanent(failed()).with_source(error))
}

/// Returns the path of a file next to the real database, unless there is one next to a symbolic link, where earlier
/// versions created it.
#[cfg(feature = "sqlite")]
pub(crate) fn path_beside(database: &Path, extension: &str) -> PathBuf {
    let given = append_extension(database, extension);
    match canonical_path(database) {
        Ok(database) if !given.exists() => append_extension(&database, extension),
        _ => given,
    }
}

/// Reads 32 secret bytes from a file, which is created if it is missing.
#[cfg(feature = "sqlite")]
pub(crate) fn read_or_create(path: &Path) -> io::Result<[u8; 32]> {
    if path.try_exists()? {
        horizon_sqlite::restrict_access(path);
    } else {
        create(path)?;
    }
    let mut secret = Vec::new();
    File::open(path)?.take(33).read_to_end(&mut secret)?;
    let wrong_length = |_| io::Error::other("it must have 32 bytes; remove it to create a new one");
    secret.try_into().map_err(wrong_length)
}

/// Writes a new secret to a draft and links it to `path`, so that the file is never incomplete and two processes that
/// start at once get the same secret.
#[cfg(feature = "sqlite")]
fn create(path: &Path) -> io::Result<()> {
    let draft = write_draft(path, &random_bytes().map_err(io::Error::other)?)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file next to `path` that only the owner can access, and returns its path. Its name is random, so that no
/// other call writes to it, also not after it is linked to `path`.
#[cfg(feature = "sqlite")]
pub(crate) fn write_draft(path: &Path, secret: &[u8; 32]) -> io::Result<PathBuf> {
    let number = u64::from_be_bytes(random_bytes().map_err(io::Error::other)?);
    let draft = append_extension(path, &format!(".{number:016x}"));
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&draft)?;
    file.write_all(secret)?;
    file.sync_all()?;
    Ok(draft)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    fn load(database: &Path) -> [u8; 32] {
        file_secret(database).unwrap_or_default()
    }

    #[test]
    fn a_secret_is_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let secret = load(&database);
        assert_ne!(secret, [0; 32]);
        assert_eq!(load(&database), secret);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_to_the_store_has_the_secret_of_the_store_unless_it_has_one_already() {
        let folder = tempfile::tempdir().unwrap();
        let database = |name| folder.path().join(name);
        std::os::unix::fs::symlink("horizon.db", folder.path().join("link.db")).unwrap();
        let secret = load(&database("link.db"));
        assert_eq!(load(&database("horizon.db")), secret);
        create(&folder.path().join("link.db.secret")).unwrap();
        assert_ne!(
            load(&database("link.db")),
            secret,
            "cookies signed with it must stay valid"
        );
        assert_eq!(load(&database("horizon.db")), secret);
    }

    #[test]
    fn servers_that_start_at_once_have_one_secret_and_leave_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        create(&folder.path().join("horizon.db.secret")).unwrap();
        let first = load(&database);
        create(&folder.path().join("horizon.db.secret")).unwrap();
        assert_eq!(load(&database), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_database_without_a_secret_file_is_detected() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let store = StoreUrl::Sqlite(database.clone());
        assert!(!is_secret_missing(&store), "a first start");
        fs::write(&database, "numbers").unwrap();
        assert!(is_secret_missing(&store));
        load(&database);
        assert!(!is_secret_missing(&store) && !is_secret_missing(&StoreUrl::Memory));
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_read_a_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let file = folder.path().join("horizon.db.secret");
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        load(&database);
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        load(&database);
        assert_eq!(mode(), 0o600);
    }

    #[test]
    fn a_secret_of_the_wrong_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        fs::write(folder.path().join("horizon.db.secret"), "short").unwrap();
        let error = file_secret(&database).unwrap_err();
        assert!(horizon_core::error_chain(&error).contains("32 bytes"), "{error:?}");
    }

    #[test]
    fn threads_that_create_a_secret_at_once_read_the_same() {
        for _ in 0..100 {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("horizon.db.secret");
            let secrets: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| read_or_create(&path))).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap().unwrap())
                    .collect()
            });
            assert!(secrets.iter().all(|secret| *secret == secrets[0]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
