//! Refuses files that are not databases of ours.

use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use horizon_core::{Error, Result};
use rusqlite::{Connection, OpenFlags};

use super::{wal, with_suffix};
use crate::connection::{self, APPLICATION_ID};
use crate::schema;

const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// The header of a database file.
struct DatabaseHeader {
    application: i32,
    version: i64,
    /// The number of tables, indexes, views and triggers.
    objects: i64,
}

/// Refuses a file that is not a database of ours, before anything is written to it or created next to it.
///
/// A missing or empty file becomes a new database.
pub(crate) fn check(path: &Path) -> Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(()); // Opening it reports the error, if there is one.
    };
    check_hard_links(path, &metadata)?;
    check_mount_point(path)?;
    if metadata.len() == 0 {
        return Ok(());
    }
    let failed = |driver| connection::failed("read", path, driver);
    if has_log(path) && !has_index(path) {
        check_log_owner(path)?;
    }
    let db = open(path)?;
    // A transaction, so that all queries see one state of the file.
    let transaction = db.unchecked_transaction().map_err(failed)?;
    let header = DatabaseHeader::read(&transaction).map_err(failed)?;
    match (header.application, usize::try_from(header.version)) {
        (APPLICATION_ID, Ok(version)) if version > schema::VERSION => {
            Err(connection::unknown_version(path, header.version))
        }
        (APPLICATION_ID | 0, Ok(0)) if header.objects == 0 => Ok(()),
        // Versions before the first release did not set the application id.
        (APPLICATION_ID | 0, Ok(version @ 1..)) if version <= schema::VERSION => {
            match schema::find_missing(&transaction, version).map_err(failed)? {
                None => Ok(()),
                Some(missing) if header.application == APPLICATION_ID => Err(incomplete(path, &missing)),
                Some(_) => Err(foreign(path, header.application, header.version)),
            }
        }
        _ => Err(foreign(path, header.application, header.version)),
    }
}

impl DatabaseHeader {
    fn read(db: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            application: db.pragma_query_value(None, "application_id", |row| row.get(0))?,
            version: connection::version(db)?,
            objects: db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        })
    }
}

/// SQLite names the log after the path that it opens, so two names of one file have two logs, which breaks the
/// database.
#[cfg(unix)]
fn check_hard_links(path: &Path, metadata: &Metadata) -> Result<()> {
    let names = std::os::unix::fs::MetadataExt::nlink(metadata);
    if metadata.is_file() && names > 1 {
        return Err(Error::permanent(format!(
            "the database {} has {names} names (hard links), and SQLite breaks a file that is opened by two names: \
             remove the other names, and copy the file where another one is needed",
            path.display()
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_hard_links(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

/// A file that is a mount point itself (`docker run -v ./horizon.db:/data/horizon.db`) has its log on another file
/// system. What is only in the log is lost with the container.
fn check_mount_point(path: &Path) -> Result<()> {
    if !is_mount_point(path) {
        return Ok(());
    }
    Err(Error::permanent(format!(
        "the database {} is mounted as a single file: its log (-wal) is on another file system and can be lost; mount \
         the folder of the database instead",
        path.display()
    )))
}

/// Returns whether the system lists this path among its mount points.
#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;

    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut escaped = Vec::new();
    for &byte in real_path(path).as_os_str().as_bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => escaped.extend(format!("\\{byte:03o}").into_bytes()),
            _ => escaped.push(byte),
        }
    }
    let mut lines = mounts.split(|&byte| byte == b'\n');
    lines.any(|line| line.split(|&byte| byte == b' ').nth(4) == Some(&escaped))
}

#[cfg(not(target_os = "linux"))]
fn is_mount_point(_: &Path) -> bool {
    false
}

/// Refuses a file that has a log without the log's index, unless its application id is ours: to read such a log, SQLite
/// would create an index next to the file.
fn check_log_owner(path: &Path) -> Result<()> {
    let log = with_suffix(&real_path(path), "-wal");
    let from_log = wal::read_application(&log)
        .map_err(|e| Error::unavailable(format!("cannot read the log {}", log.display())).with_source(e))?;
    let header =
        DatabaseHeader::read(&open_without_log(path)?).map_err(|driver| connection::failed("read", path, driver))?;
    // The log is newer than the file.
    match from_log.unwrap_or((header.application, header.version)) {
        (APPLICATION_ID, _) => Ok(()),
        (0, _) => Err(Error::permanent(format!(
            "the database {} has no application id of EventHorizon, and a log ({}) without an index (-shm), which \
             cannot be read without creating one: if the file is another program's, choose another path; otherwise \
             open it once with `sqlite3`, which moves the log into it",
            path.display(),
            log.display()
        ))),
        (application, version) => Err(foreign(path, application, version)),
    }
}

/// Opens the file without changing it, and without creating a file next to another program's.
fn open(path: &Path) -> Result<Connection> {
    if has_log(path) || has_index(path) {
        // The log's content matters too. Its index exists, or the file is ours.
        return connection::open(path, READ_ONLY);
    }
    open_without_log(path)
}

/// Opens the file so that SQLite neither reads nor creates a log.
fn open_without_log(path: &Path) -> Result<Connection> {
    connection::open(&immutable_uri(path)?, READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

fn has_log(path: &Path) -> bool {
    fs::metadata(with_suffix(&real_path(path), "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Returns whether the log has an index. A copied database or a crash of the machine may leave a log without one.
fn has_index(path: &Path) -> bool {
    fs::metadata(with_suffix(&real_path(path), "-shm")).is_ok()
}

fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.into())
}

/// Returns the URI that makes SQLite read a file without locks and logs.
fn immutable_uri(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path)
        .map_err(|e| Error::permanent(format!("cannot find the database {}", path.display())).with_source(e))?;
    let mut uri = String::from("file://");
    if !path.has_root() || cfg!(windows) {
        uri.push('/');
    }
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'-' | b'.' | b'_' | b'~' | b':' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => write!(uri, "%{byte:02X}")
                .map_err(|e| Error::permanent("cannot format the database's URI").with_source(e))?,
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri.into())
}

fn foreign(path: &Path, application: i32, version: i64) -> Error {
    Error::permanent(format!(
        "the database {} belongs to another program (application id {application:#x}, version {version}) and was not \
         changed: choose another path, or move that file away",
        path.display()
    ))
}

fn incomplete(path: &Path, missing: &str) -> Error {
    Error::permanent(format!(
        "the database {} lacks {missing}, which its version has: it was damaged or changed by hand; restore it from a \
         backup",
        path.display()
    ))
}
