pub(crate) mod access;
pub(crate) mod ownership;
mod wal;

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use horizon_core::{Error, Result};

/// The files of an open database: the database, its write-ahead log and the log's index.
///
/// When a file is deleted or replaced, SQLite keeps using the old file through its handle, although its path no longer
/// leads to it. [`check`](Self::check) therefore looks up the paths again. It opens no file: on Unix, closing a second
/// handle of a database would release SQLite's locks.
pub(crate) struct DatabaseFiles {
    database: OpenFile,
    log: OpenFile,
    index: OpenFile,
}

struct OpenFile {
    path: PathBuf,
    id: FileId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileState {
    Unchanged,
    Missing,
    Replaced,
}

/// A file of the database is no longer at its path.
#[derive(Debug)]
pub(crate) struct LostFile {
    /// The file and what happened to it, as a clause.
    pub(crate) what: String,
    /// Whether the log can still be moved into the database without damage to another file.
    pub(crate) can_checkpoint: bool,
}

impl DatabaseFiles {
    /// Looks up the files of a database that was just opened and written to.
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let look_up = || -> io::Result<Self> {
            // SQLite resolves symbolic links, so the log is next to the real file. The database is looked up by the
            // given path, to notice a link whose target changes.
            let real = fs::canonicalize(path)?;
            Ok(Self {
                database: OpenFile::new(std::path::absolute(path)?)?,
                log: OpenFile::new(with_suffix(&real, "-wal"))?,
                index: OpenFile::new(with_suffix(&real, "-shm"))?,
            })
        };
        // Retryable: another process may be replacing the database at this moment.
        look_up().map_err(|e| {
            Error::unavailable(format!("cannot find the files of the database {}", path.display())).with_source(e)
        })
    }

    /// Returns whether the database is the file with this id.
    pub(crate) fn is_database(&self, id: FileId) -> bool {
        self.database.id == id
    }

    /// Returns the absolute form of the path that the application gave.
    pub(crate) fn database(&self) -> &Path {
        &self.database.path
    }

    /// Looks up the paths again, which takes about three microseconds.
    ///
    /// # Errors
    /// The operating system cannot look them up.
    pub(crate) fn check(&self) -> io::Result<Result<(), LostFile>> {
        let (database, log, index) = (self.database.state()?, self.log.state()?, self.index.state()?);
        let files = [(&self.database, database), (&self.log, log), (&self.index, index)];
        let Some((file, state)) = files.into_iter().find(|(_, state)| *state != FileState::Unchanged) else {
            return Ok(Ok(()));
        };
        let how = if state == FileState::Missing {
            "deleted or moved away"
        } else {
            "replaced by another file"
        };
        Ok(Err(LostFile {
            what: format!("{} was {how}", file.path.display()),
            can_checkpoint: database == FileState::Unchanged
                && log != FileState::Replaced
                && index != FileState::Replaced,
        }))
    }
}

impl OpenFile {
    fn new(path: PathBuf) -> io::Result<Self> {
        let id = FileId::new(&fs::metadata(&path)?);
        Ok(Self { path, id })
    }

    fn state(&self) -> io::Result<FileState> {
        use io::ErrorKind::{NotADirectory, NotFound};
        match fs::metadata(&self.path) {
            Ok(metadata) if FileId::new(&metadata) == self.id => Ok(FileState::Unchanged),
            Ok(_) => Ok(FileState::Replaced),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(FileState::Missing),
            Err(error) => Err(error),
        }
    }
}

/// Identifies a file among all that exist at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    /// Sufficient, because Windows refuses to delete or rename a file that SQLite has open.
    #[cfg(not(unix))]
    created: Option<std::time::SystemTime>,
}

impl FileId {
    /// Returns the id of the file at this path, if there is one.
    pub(crate) fn find(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::new(&metadata))
    }

    #[cfg(unix)]
    fn new(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device_and_inode: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    fn new(metadata: &Metadata) -> Self {
        Self {
            created: metadata.created().ok(),
        }
    }
}

/// Returns the path of a file that SQLite names after the database.
fn with_suffix(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
