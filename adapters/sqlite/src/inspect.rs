use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::path::Path;

use horizon_core::{Error, Result};
use rusqlite::{Connection, OpenFlags};

use crate::connection::{self, APPLICATION};
use crate::{files, log, migrations};

/// What a file says about itself.
struct Head {
    application: i32,
    version: i64,
    /// How many tables, indexes, views and triggers it has.
    objects: i64,
}

/// Refuses a file that is no database of ours, before anything is written to it or beside it.
///
/// A path without a file and an empty file become a new database.
pub(crate) fn check(path: &Path) -> Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(()); // Opening it says what is wrong, if something is.
    };
    check_names(path, &metadata)?;
    check_mounts(path)?;
    if metadata.len() == 0 {
        return Ok(());
    }
    let failed = |driver| connection::failed("read", path, driver);
    if has_only_log(path) {
        check_mark(path)?;
    }
    let db = open(path)?;
    // One state of the file for all that is asked.
    let transaction = db.unchecked_transaction().map_err(failed)?;
    let head = Head::of(&transaction).map_err(failed)?;
    match (head.application, usize::try_from(head.version)) {
        (APPLICATION, Ok(version)) if version > migrations::VERSION => Err(connection::unknown(path, head.version)),
        (APPLICATION | 0, Ok(0)) if head.objects == 0 => Ok(()),
        // The first versions, before the first release, did not mark their files.
        (APPLICATION | 0, Ok(version @ 1..)) if version <= migrations::VERSION => {
            match migrations::missing(&transaction, version).map_err(failed)? {
                None => Ok(()),
                Some(missing) if head.application == APPLICATION => Err(incomplete(path, &missing)),
                Some(_) => Err(foreign(path, &head)),
            }
        }
        _ => Err(foreign(path, &head)),
    }
}

impl Head {
    fn of(db: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            application: db.pragma_query_value(None, "application_id", |row| row.get(0))?,
            version: connection::version(db)?,
            objects: db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        })
    }
}

/// SQLite names its log after the name that it is given, so two names of one file are two logs and a broken database.
#[cfg(unix)]
fn check_names(path: &Path, metadata: &Metadata) -> Result<()> {
    let names = std::os::unix::fs::MetadataExt::nlink(metadata);
    if metadata.is_file() && names > 1 {
        return Err(Error::permanent(format!(
            "the database {} has {names} names (hard links), and SQLite breaks a file that is opened by two of them: \
             keep one name, and make a copy where another file is needed",
            path.display()
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_names(_: &Path, _: &Metadata) -> Result<()> {
    Ok(())
}

/// A file that is mounted by itself, as by `docker run -v ./horizon.db:/data/horizon.db`, has its log beside the mount
/// point, on another file system: what is only in the log is lost with the container.
fn check_mounts(path: &Path) -> Result<()> {
    if !is_mount_point(path) {
        return Ok(());
    }
    Err(Error::permanent(format!(
        "the database {} is mounted as a single file, so that its log (-wal) lies on another file system and is lost \
         without it: mount the folder of the database instead",
        path.display()
    )))
}

/// Whether the system lists this path among its mount points.
#[cfg(target_os = "linux")]
fn is_mount_point(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;

    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let real = real(path);
    let mut escaped = Vec::new();
    for &byte in real.as_os_str().as_bytes() {
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

/// Refuses a file with a log and without that log's index, unless its mark says that it is ours: to read such a log,
/// SQLite makes the index beside the file.
fn check_mark(path: &Path) -> Result<()> {
    let failed = |driver| connection::failed("read", path, driver);
    let log = files::beside(&real(path), "-wal");
    let marked = log::mark(&log)
        .map_err(|e| Error::unavailable(format!("cannot read the log {}", log.display())).with_source(e))?;
    let head = Head::of(&open_without_log(path)?).map_err(failed)?;
    // The log is newer, where it has the page.
    let (application, version) = marked.unwrap_or((head.application, head.version));
    match application {
        APPLICATION => Ok(()),
        0 => Err(Error::permanent(format!(
            "the database {} is not marked as one of EventHorizon, and has a log ({}) without the log's index (-shm), \
             so that it cannot be read without a change: if it is another program's, choose another path; otherwise \
             open it once with `sqlite3`, which moves the log into it",
            path.display(),
            log.display()
        ))),
        application => Err(foreign(
            path,
            &Head {
                application,
                version,
                ..head
            },
        )),
    }
}

/// Opens the file so that nothing is written: not to it, and nothing new beside another program's.
fn open(path: &Path) -> Result<Connection> {
    if has_log(path) || beside(path, "-shm").is_some() {
        // What is in the log counts too. The index that SQLite needs to read it is there already, or the file is ours.
        return connection::open(path, READ);
    }
    // Without a log the file is all there is, and SQLite need not make the files of a log to read it.
    open_without_log(path)
}

/// Opens the file so that SQLite neither reads a log nor makes files for one.
fn open_without_log(path: &Path) -> Result<Connection> {
    connection::open(&unchanging(path)?, READ | OpenFlags::SQLITE_OPEN_URI)
}

const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Whether there is a log without its index, as a copy or a crash of the whole machine may leave it.
fn has_only_log(path: &Path) -> bool {
    has_log(path) && beside(path, "-shm").is_none()
}

fn has_log(path: &Path) -> bool {
    beside(path, "-wal").is_some_and(|log| log.len() > 0)
}

fn beside(path: &Path, suffix: &str) -> Option<Metadata> {
    fs::metadata(files::beside(&real(path), suffix)).ok()
}

fn real(path: &Path) -> std::path::PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.into())
}

/// Returns the URI by which SQLite reads a file without locks and logs.
fn unchanging(path: &Path) -> Result<std::path::PathBuf> {
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
            byte => write!(uri, "%{byte:02X}").map_err(|e| Error::permanent("no URI").with_source(e))?,
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri.into())
}

fn foreign(path: &Path, head: &Head) -> Error {
    Error::permanent(format!(
        "the database {} belongs to another program (application id {:#x}, version {}) and was left as it is: choose \
         another path, or move that file away",
        path.display(),
        head.application,
        head.version
    ))
}

fn incomplete(path: &Path, missing: &str) -> Error {
    Error::permanent(format!(
        "the database {} lacks {missing}, which its version has: it was damaged or changed by hand; restore it from a \
         backup",
        path.display()
    ))
}
