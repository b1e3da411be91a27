use std::path::Path;
use std::sync::Arc;

use horizon_core::{Error, Result};

use super::SqliteStore;
use crate::{
    connection::{self, READS, REPORTS, ReadPool},
    files::{DatabaseFiles, ownership},
    health::StoreHealth,
    schema,
    writer::{PanicReporter, WriterHandle},
};

impl SqliteStore {
    /// Opens an existing file for reading, also while another process writes to it. Writes fail permanently. Changes
    /// nothing in the file.
    ///
    /// Blocks on the file system.
    ///
    /// # Errors
    /// Permanent if the file is missing, was written by an older or newer version, or is refused by
    /// [`open`](Self::open).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use horizon_core::{StatsStoreExt, Topic};
    /// use horizon_sqlite::SqliteStore;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("horizon.db");
    /// assert!(SqliteStore::open_read_only(&path).is_err() && !path.exists());
    /// let writer = SqliteStore::open(&path)?;
    /// let reader = SqliteStore::open_read_only(&path)?;
    /// assert_eq!(reader.total(&Topic::Site).await?.stats.visits, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display();
        if !path.exists() {
            return Err(Error::permanent(format!("there is no database {name}")));
        }
        ownership::check(path)?;
        // As long as it is open, the log and its index exist.
        let db = connection::open_reader(path)?;
        let version = connection::version(&db).map_err(|e| connection::failed("read", path, e))?;
        if usize::try_from(version) != Ok(schema::VERSION) {
            return Err(Error::permanent(format!(
                "the database {name} has version {version}, and this program reads version {}: start the new version \
                 of the program that writes it, which brings it up to date",
                schema::VERSION
            )));
        }
        let health = Arc::new(StoreHealth::new(DatabaseFiles::new(path)?));
        let read_pool = ReadPool::new(path.into(), Arc::clone(&health), READS);
        read_pool.add(db);
        Ok(Self {
            writer: WriterHandle::read_only(),
            read_pool,
            report_pool: ReadPool::new(path.into(), Arc::clone(&health), REPORTS),
            health,
            panics: Arc::new(PanicReporter::default()),
            path: path.into(),
            zone: Arc::default(),
        })
    }
}
