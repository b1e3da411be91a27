//! Who may read the files of a database: it contains the salts of the visitor keys.

use std::io;
use std::path::Path;

use super::with_suffix;

/// Creates the file of a new database so that only its owner can read it, before SQLite opens it. SQLite gives the log
/// and its index the same mode.
///
/// A failure is ignored: opening the database reports it. An existing file is not opened, because closing a second
/// handle of a database releases the locks of this process.
pub(crate) fn create_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = std::fs::OpenOptions::new();
        let _ = options.write(true).create_new(true).mode(0o600).open(link_target(path));
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Removes the access of other users to the database, its log and the log's index; see [`restrict_access`].
pub(crate) fn restrict_all(path: &Path) {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    for suffix in ["", "-wal", "-shm"] {
        restrict_access(&with_suffix(&real, suffix));
    }
}

/// Removes the access of other users to a file, and logs it.
///
/// The group keeps its access only if it may write: then programs of several users may share the file. A file that
/// other users cannot access is not changed, because somebody chose its mode. A missing file is ignored.
///
/// ```
/// # #[cfg(unix)] {
/// use std::os::unix::fs::PermissionsExt;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("horizon.db");
/// std::fs::write(&path, "")?;
/// std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644))?;
/// horizon_sqlite::restrict_access(&path);
/// assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
/// # }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn restrict_access(path: &Path) {
    match try_restrict(path) {
        Ok(Some(mode)) => tracing::info!(
            path = %path.display(),
            "removed the access of other users to a file with private data; its mode is now {mode:o}"
        ),
        Ok(None) => {}
        Err(error) => tracing::warn!(
            path = %path.display(),
            %error,
            "other users can access a file with private data, and its mode cannot be changed: run `chmod o= FILE` as \
             its owner"
        ),
    }
}

/// Returns the new mode, if other users had access.
#[cfg(unix)]
fn try_restrict(path: &Path) -> io::Result<Option<u32>> {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    const OTHERS: u32 = 0o007;
    const GROUP_WRITES: u32 = 0o020;
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if mode & OTHERS == 0 {
        return Ok(None);
    }
    let mode = if mode & GROUP_WRITES == 0 { 0o600 } else { 0o660 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok(Some(mode))
}

#[cfg(not(unix))]
fn try_restrict(_: &Path) -> io::Result<Option<u32>> {
    Ok(None)
}

/// Returns the path that a chain of symbolic links ends at, even if there is no file yet.
#[cfg(unix)]
fn link_target(path: &Path) -> std::path::PathBuf {
    /// The maximum number of symbolic links, as on Linux.
    const MAX_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or_else(|| Path::new("")).join(target),
            Err(_) => break,
        }
    }
    path
}
