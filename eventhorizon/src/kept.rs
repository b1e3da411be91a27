//! The secret that is kept with the store, and made there if there is none.

#[cfg(feature = "sqlite")]
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use horizon_backend::StoreUrl;
#[cfg(feature = "sqlite")]
use horizon_backend::real_path;
use horizon_core::{Error, Result};
#[cfg(feature = "redis")]
use horizon_redis::{RedisConfig, RedisStats};

use crate::Secret;

/// The first wait for a Redis that is away; each is twice the one before.
#[cfg(feature = "redis")]
const FIRST_WAIT: std::time::Duration = std::time::Duration::from_millis(100);

/// The longest wait.
#[cfg(feature = "redis")]
const LAST_WAIT: std::time::Duration = std::time::Duration::from_secs(2);

/// The secret that is kept with this store.
///
/// A store in memory keeps nothing, and so the secret lives as long as the process. One in Redis keeps the secret of
/// all who share it, and is waited for: without the secret a server would not know its readers.
pub(crate) async fn with(store: &StoreUrl) -> Result<Secret> {
    match store {
        StoreUrl::Memory => Secret::random(),
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => {
            let path = place(path);
            kept(&path).map(Secret::from_bytes).map_err(|error| {
                Error::permanent(format!("the secret in {} cannot be used", path.display())).with_source(error)
            })
        }
        #[cfg(feature = "redis")]
        StoreUrl::Redis(redis) => shared(redis).await.map(Secret::from_bytes),
        _ => Err(Error::permanent("this store keeps no secret: give one")),
    }
}

/// Whether the store has a database, and no secret beside it.
pub(crate) fn is_lost(store: &StoreUrl) -> bool {
    match store {
        #[cfg(feature = "sqlite")]
        StoreUrl::Sqlite(path) => fs::metadata(path).is_ok_and(|file| file.len() > 0) && !place(path).exists(),
        _ => false,
    }
}

#[cfg(feature = "redis")]
async fn shared(redis: &RedisConfig) -> Result<[u8; 32]> {
    let (store, fresh) = (RedisStats::connect(redis)?, crate::dice::random()?);
    let mut wait = FIRST_WAIT;
    loop {
        match store.secret(fresh).await {
            Err(error) if error.is_retryable() => {
                let cause = horizon_backend::error_chain(&error);
                tracing::warn!(?redis, %error, cause, ?wait, "the secret that signs cookies cannot be read, trying again");
            }
            answer => return answer,
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LAST_WAIT);
    }
}

/// Returns the file of the secret: beside the real database, so that every path of it leads to the same secret. A
/// secret that lies beside a symbolic link, where earlier versions made it, is used on.
#[cfg(feature = "sqlite")]
fn place(store: &Path) -> PathBuf {
    let given = beside(store);
    match real_path(store) {
        Ok(real) if !given.exists() => beside(&real),
        _ => given,
    }
}

#[cfg(feature = "sqlite")]
fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".secret");
    name.into()
}

#[cfg(feature = "sqlite")]
fn kept(path: &Path) -> io::Result<[u8; 32]> {
    if !path.try_exists()? {
        make(path)?;
    }
    let mut secret = Vec::new();
    File::open(path)?.take(33).read_to_end(&mut secret)?;
    let wrong = |_| io::Error::other("it must hold 32 bytes; remove it to have a new one made");
    secret.try_into().map_err(wrong)
}

/// Writes a fresh secret under another name first, so that the file is whole or not there, and two
/// servers that start at once end up with the same.
#[cfg(feature = "sqlite")]
fn make(path: &Path) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let fresh: [u8; 32] = crate::dice::random().map_err(io::Error::other)?;
    file.write_all(&fresh)?;
    file.sync_all()?;
    let named = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    async fn load(store: &StoreUrl) -> [u8; 8] {
        with(store).await.map(|secret| secret.key("test")).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_secret_that_was_made_is_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let secret = load(&store).await;
        assert_ne!(secret, [0; 8]);
        assert_eq!(load(&store).await, secret);
        assert_ne!(load(&StoreUrl::Memory).await, secret);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_symbolic_link_to_the_store_has_the_secret_of_the_store_unless_it_has_one_already() {
        let folder = tempfile::tempdir().unwrap();
        let store = |name| StoreUrl::Sqlite(folder.path().join(name));
        std::os::unix::fs::symlink("horizon.db", folder.path().join("link.db")).unwrap();
        let secret = load(&store("link.db")).await;
        assert_eq!(load(&store("horizon.db")).await, secret);
        make(&folder.path().join("link.db.secret")).unwrap();
        assert_ne!(
            load(&store("link.db")).await,
            secret,
            "cookies signed with it must stay good"
        );
        assert_eq!(load(&store("horizon.db")).await, secret);
    }

    #[tokio::test]
    async fn servers_that_start_at_once_have_one_secret_and_leave_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        make(&folder.path().join("horizon.db.secret")).unwrap();
        let first = load(&store).await;
        make(&folder.path().join("horizon.db.secret")).unwrap();
        assert_eq!(load(&store).await, first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_secret_is_lost_where_only_the_database_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("horizon.db");
        let store = StoreUrl::Sqlite(database.clone());
        assert!(!is_lost(&store), "a first start");
        fs::write(&database, "numbers").unwrap();
        assert!(is_lost(&store));
        load(&store).await;
        assert!(!is_lost(&store) && !is_lost(&StoreUrl::Memory));
    }

    #[tokio::test]
    async fn a_secret_of_the_wrong_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        fs::write(folder.path().join("horizon.db.secret"), "short").unwrap();
        assert!(
            std::error::Error::source(&with(&store).await.unwrap_err())
                .unwrap()
                .to_string()
                .contains("32 bytes")
        );
    }
}
