//! The secret that signs cookies: given, or made once and kept beside the store.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use horizon_accumulator::process::{SecretText, StoreUrl};
use horizon_redis::{RedisConfig, RedisStats};
use tokio::time::sleep;

/// The first wait for a Redis that is away; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// The secret that was given, or else the one kept beside the store, which is made if there is none.
///
/// A store in memory keeps nothing, and so the secret lives as long as the process. One in Redis keeps the secret of
/// all who share it, and is waited for: without the secret a server would not know its readers.
///
/// # Errors
/// The secret cannot be read or written, or the machine has no randomness.
pub(crate) async fn load(given: Option<&SecretText>, store: &StoreUrl) -> anyhow::Result<[u8; 32]> {
    match (given, store) {
        (Some(text), _) => Ok(blake3::derive_key("EventHorizon 2026 cookie secret", text.0.as_bytes())),
        (None, StoreUrl::Memory) => fresh(),
        (None, StoreUrl::Sqlite(path)) => {
            let path = beside(path);
            kept(&path).with_context(|| format!("the secret in {} cannot be used", path.display()))
        }
        (None, StoreUrl::Redis(redis)) => shared(redis).await.context("HORIZON_STORE cannot be used"),
    }
}

fn fresh() -> anyhow::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("the machine has no randomness: {error}"))?;
    Ok(secret)
}

async fn shared(redis: &RedisConfig) -> anyhow::Result<[u8; 32]> {
    let (store, fresh) = (RedisStats::connect(redis)?, fresh()?);
    let mut wait = FIRST_WAIT;
    loop {
        match store.secret(fresh).await {
            Ok(secret) => return Ok(secret),
            Err(error) if !error.is_retryable() => return Err(error.into()),
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::warn!(
                    error,
                    ?wait,
                    "the secret that signs cookies cannot be read, trying again"
                );
            }
        }
        sleep(wait).await;
        wait = (wait * 2).min(LAST_WAIT);
    }
}

fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".secret");
    name.into()
}

fn kept(path: &Path) -> anyhow::Result<[u8; 32]> {
    if !path.try_exists()? {
        make(path)?;
    }
    let mut secret = Vec::new();
    File::open(path)?.take(33).read_to_end(&mut secret)?;
    let wrong = |_| anyhow::anyhow!("it must hold 32 bytes; remove it to have a new one made");
    secret.try_into().map_err(wrong)
}

/// Writes a fresh secret under another name first, so that the file is whole or not there, and two
/// servers that start at once end up with the same.
fn make(path: &Path) -> anyhow::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&fresh()?)?;
    file.sync_all()?;
    let named = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match named {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_secret_that_was_made_is_the_same_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        let secret = load(None, &store).await.unwrap();
        assert_eq!(load(None, &store).await.unwrap(), secret);
        assert_ne!(load(None, &StoreUrl::Memory).await.unwrap(), secret);
    }

    #[tokio::test]
    async fn servers_that_start_at_once_have_one_secret_and_leave_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        make(&folder.path().join("horizon.db.secret")).unwrap();
        let first = load(None, &store).await.unwrap();
        make(&folder.path().join("horizon.db.secret")).unwrap();
        assert_eq!(load(None, &store).await.unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_secret_of_the_wrong_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = StoreUrl::Sqlite(folder.path().join("horizon.db"));
        fs::write(folder.path().join("horizon.db.secret"), "short").unwrap();
        assert!(format!("{:#}", load(None, &store).await.unwrap_err()).contains("32 bytes"));
    }
}
