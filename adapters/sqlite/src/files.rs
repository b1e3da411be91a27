use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use horizon_core::{Error, Result};

/// The files of an open database as they were when it was opened: the database, its write-ahead log and that log's
/// index.
///
/// SQLite holds open files and not their names. When a file is deleted or replaced, SQLite goes on in the old file,
/// which nobody can open again. So the names are looked up again and compared with what was opened. Nothing is opened
/// for that: on Unix, closing a second handle of a database would release the locks that SQLite holds on it.
pub(crate) struct Files {
    database: Watched,
    log: Watched,
    index: Watched,
}

struct Watched {
    path: PathBuf,
    id: FileId,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Same,
    Missing,
    Replaced,
}

/// That a file of the database is not at its path any more.
#[derive(Debug)]
pub(crate) struct Moved {
    /// The file and what happened to it, as the middle of a sentence.
    pub(crate) what: String,
    /// Whether the log can still be moved into the database without harm to another file.
    pub(crate) can_checkpoint: bool,
}

impl Files {
    /// Looks at the files of a database that was just opened and written to.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let look = || -> io::Result<Self> {
            // SQLite resolves symbolic links, so the log lies beside the real file. The database itself is looked up by
            // the given name: a link that leads elsewhere later is noticed.
            let real = fs::canonicalize(path)?;
            Ok(Self {
                database: Watched::new(std::path::absolute(path)?)?,
                log: Watched::new(beside(&real, "-wal"))?,
                index: Watched::new(beside(&real, "-shm"))?,
            })
        };
        look().map_err(|e| {
            // Somebody may be replacing it at this moment.
            Error::unavailable(format!("cannot find the files of the database {}", path.display())).with_source(e)
        })
    }

    /// Whether this is still the file that [`FileId::at`] found.
    pub(crate) fn is_database(&self, id: FileId) -> bool {
        self.database.id == id
    }

    /// The name that the application gave, absolute.
    pub(crate) fn database(&self) -> &Path {
        &self.database.path
    }

    /// Looks the names up again, in about three microseconds.
    ///
    /// # Errors
    /// The operating system cannot say.
    pub(crate) fn check(&self) -> io::Result<Result<(), Moved>> {
        let (database, log, index) = (self.database.fate()?, self.log.fate()?, self.index.fate()?);
        let files = [(&self.database, database), (&self.log, log), (&self.index, index)];
        let Some((file, fate)) = files.into_iter().find(|(_, fate)| *fate != Fate::Same) else {
            return Ok(Ok(()));
        };
        let how = if fate == Fate::Missing {
            "deleted or moved away"
        } else {
            "replaced by another file"
        };
        Ok(Err(Moved {
            what: format!("{} was {how}", file.path.display()),
            can_checkpoint: database == Fate::Same && log != Fate::Replaced && index != Fate::Replaced,
        }))
    }
}

impl Watched {
    fn new(path: PathBuf) -> io::Result<Self> {
        let id = FileId::of(&fs::metadata(&path)?);
        Ok(Self { path, id })
    }

    fn fate(&self) -> io::Result<Fate> {
        match fs::metadata(&self.path) {
            Ok(metadata) if FileId::of(&metadata) == self.id => Ok(Fate::Same),
            Ok(_) => Ok(Fate::Replaced),
            Err(error) if is_missing(&error) => Ok(Fate::Missing),
            Err(error) => Err(error),
        }
    }
}

/// Tells a file from every other that exists at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
    /// Windows refuses to delete or rename a file that SQLite holds open, so that this suffices.
    #[cfg(not(unix))]
    created: Option<std::time::SystemTime>,
}

impl FileId {
    /// Returns the id of the file at this path, if there is one.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device_and_inode: (metadata.dev(), metadata.ino()),
        }
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        Self {
            created: metadata.created().ok(),
        }
    }
}

/// The name of a file that SQLite keeps beside a database.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
