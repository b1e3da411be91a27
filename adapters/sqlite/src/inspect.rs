use std::fmt::Write as _;
use std::fs::{self, Metadata};
use std::path::Path;

use horizon_core::{Error, Result};
use rusqlite::{Connection, OpenFlags};

use crate::connection::{self, APPLICATION};
use crate::{files, migrations};

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
    if metadata.len() == 0 {
        return Ok(());
    }
    let failed = |driver| connection::failed("read", path, driver);
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
            version: db.pragma_query_value(None, "user_version", |row| row.get(0))?,
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

/// Opens the file so that nothing is written: not to it, and nothing new beside it.
fn open(path: &Path) -> Result<Connection> {
    let is_in_use = |suffix| fs::metadata(files::beside(&real(path), suffix));
    let has_log = is_in_use("-wal").is_ok_and(|log| log.len() > 0) || is_in_use("-shm").is_ok();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if has_log {
        // What is in the log counts too. The files that SQLite needs to read it are there already.
        return connection::open(path, flags);
    }
    // Without a log the file is all there is, and SQLite need not make the files of a log to read it.
    connection::open(&unchanging(path)?, flags | OpenFlags::SQLITE_OPEN_URI)
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
