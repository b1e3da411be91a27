//! The database and its transactions, for async callers.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use horizon_core::{Error, Result};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::task::spawn_blocking;

use crate::error::RedbError;
use crate::tables;

/// A store in one redb file.
///
/// Confirmed writes are on disk. Only one process may open the file.
pub struct RedbStats(Arc<Database>);

impl RedbStats {
    /// Opens the file, and creates it if it is missing. Blocks on the file system.
    ///
    /// # Errors
    /// Retryable while another store has the file open. Permanent if the path cannot be opened or is not a redb file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let opened = Database::create(path).map_err(RedbError::from).and_then(|db| {
            write(&db, tables::create)?;
            Ok(db)
        });
        match opened {
            Ok(db) => Ok(Self(Arc::new(db))),
            Err(error) => Err(error.into_port_error(&format!("cannot open the database {}", path.display()))),
        }
    }

    /// Runs `work` in a read transaction, which sees no later writes.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, RedbError> + Send + 'static,
    ) -> Result<T> {
        let read = |db: &Database| work(&db.begin_read()?);
        self.run_blocking("the database cannot be read", read).await
    }

    /// Runs `work` in a write transaction and commits it. An error rolls it back.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, RedbError> + Send + 'static,
    ) -> Result<T> {
        let write = |db: &Database| write(db, work);
        self.run_blocking("the database cannot be written", write).await
    }

    /// Runs blocking work on one of tokio's blocking threads.
    ///
    /// redb blocks on the disk, and a writer on the writer before it, which would block other tasks of an async thread.
    /// Also, the work runs to its end if its caller is dropped, so a batch is never applied in part.
    async fn run_blocking<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Database) -> Result<T, RedbError> + Send + 'static,
    ) -> Result<T> {
        let db = Arc::clone(&self.0);
        match spawn_blocking(move || work(&db)).await {
            Ok(result) => result.map_err(|error| error.into_port_error(what)),
            // The runtime shuts down, and the work may have run. A retry is safe: events count once.
            Err(cancelled) => Err(Error::unavailable(what).with_source(cancelled)),
        }
    }
}

fn write<T>(db: &Database, work: impl FnOnce(&WriteTransaction) -> Result<T, RedbError>) -> Result<T, RedbError> {
    let transaction = db.begin_write()?;
    // An error drops the transaction, which rolls it back.
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

impl fmt::Debug for RedbStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStats").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use horizon_core::{
        Event, EventId, EventKind, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp, Topic, Visibility,
    };

    use super::*;
    use crate::tables::{COMMENT_SEQS, COMMENTS};

    const INVALID_VISIBILITY: u8 = 9;

    fn event(number: u8, topic: &Topic, kind: EventKind) -> Event {
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
        Event::new(stamp, topic.clone(), kind)
    }

    #[tokio::test]
    async fn an_error_in_the_middle_of_a_batch_rolls_back_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStats::open(folder.path().join("store.redb")).unwrap();
        let add_invalid_row = |transaction: &WriteTransaction| {
            let row = (7, "post", None, 1, "Ada", None, "text", 0, INVALID_VISIBILITY);
            transaction.open_table(COMMENTS)?.insert(0, row)?;
            transaction.open_table(COMMENT_SEQS)?.insert(7, 0)?;
            Ok(())
        };
        store.write(add_invalid_row).await.unwrap();

        let (site, page) = (Topic::Site, Slug::new("post").unwrap().into());
        let good = event(1, &site, EventKind::visit(None));
        let (comment, verdict) = (EventId::from_u128(7), Visibility::Shown);
        let bad = event(2, &page, EventKind::Moderate { comment, verdict });
        let error = store.apply(&[good.clone(), bad]).await.unwrap_err();
        assert!(!error.is_retryable());
        assert!(
            error.source().unwrap().to_string().contains("not a visibility"),
            "{error:?}"
        );

        assert_eq!(store.total(&site).await.unwrap().stats.visits, 0);
        store.apply(&[good]).await.unwrap();
        assert_eq!(store.total(&site).await.unwrap().stats.visits, 1);
    }
}
