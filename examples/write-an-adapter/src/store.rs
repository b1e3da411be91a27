//! All or nothing: the database, its transactions, and the bridge from async callers to them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use horizon_core::{Error, Result};
use redb::{Database, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::task::spawn_blocking;

use crate::error::Failed;
use crate::tables;

/// The facts and the totals in one redb file.
///
/// What was answered with Ok is on the disk. One process may have the file open.
pub struct RedbStats(Arc<Database>);

impl RedbStats {
    /// Opens the file, and creates it if it is not there. This blocks while the disk works.
    ///
    /// # Errors
    /// Retryable while another store has the file open; permanent when the path cannot be opened, or
    /// is no redb file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let opened = Database::create(path).map_err(Failed::from).and_then(|db| {
            write(&db, tables::create)?;
            Ok(db)
        });
        match opened {
            Ok(db) => Ok(Self(Arc::new(db))),
            Err(failed) => Err(failed.during(&format!("cannot open the database {}", path.display()))),
        }
    }

    /// Runs `work` on one state of the database: what is written meanwhile does not show.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T> {
        let read = |db: &Database| work(&db.begin_read()?);
        self.beside("the database cannot be read", read).await
    }

    /// Runs `work` in a transaction of its own. On Ok all of it is on the disk, else nothing of it.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T> {
        let write = |db: &Database| write(db, work);
        self.beside("the database cannot be written", write).await
    }

    /// Runs what blocks beside the async runtime, on one of tokio's threads for that.
    ///
    /// redb waits for the disk, and a writer for the writer before it. On a thread of the runtime that
    /// would hold up every other task. There is a second gain: a caller that goes away drops only the
    /// handle, and the work goes on to its end. So a batch can be given up but not cut in two.
    async fn beside<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Database) -> Result<T, Failed> + Send + 'static,
    ) -> Result<T> {
        let db = Arc::clone(&self.0);
        match spawn_blocking(move || work(&db)).await {
            Ok(answer) => answer.map_err(|failed| failed.during(what)),
            // The runtime shuts down. Nobody knows whether it was done; the same events may come again.
            Err(cut_off) => Err(Error::unavailable(what).with_source(cut_off)),
        }
    }
}

fn write<T>(db: &Database, work: impl FnOnce(&WriteTransaction) -> Result<T, Failed>) -> Result<T, Failed> {
    let transaction = db.begin_write()?;
    // On an error the transaction is dropped here, and with it all that `work` wrote.
    let answer = work(&transaction)?;
    transaction.commit()?;
    Ok(answer)
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
    use crate::tables::{COMMENTS, PLACES};

    const NO_VISIBILITY: u8 = 9;

    fn event(number: u8, topic: &Topic, kind: EventKind) -> Event {
        let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [number; 10]);
        Event::new(stamp, topic.clone(), kind)
    }

    #[tokio::test]
    async fn an_error_in_the_middle_of_a_batch_takes_all_of_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = RedbStats::open(folder.path().join("numbers.redb")).unwrap();
        let spoil = |transaction: &WriteTransaction| {
            let row = (7, "post", None, 1, "Ada", "text", 0, NO_VISIBILITY);
            transaction.open_table(COMMENTS)?.insert(0, row)?;
            transaction.open_table(PLACES)?.insert(7, 0)?;
            Ok(())
        };
        store.write(spoil).await.unwrap();

        let (site, page) = (Topic::Site, Slug::new("post").unwrap().into());
        let good = event(1, &site, EventKind::Visit { visitor: None });
        let (comment, verdict) = (EventId::from_u128(7), Visibility::Shown);
        let bad = event(2, &page, EventKind::Moderate { comment, verdict });
        let error = store.apply(&[good.clone(), bad]).await.unwrap_err();
        assert!(!error.is_retryable());
        assert!(
            error.source().unwrap().to_string().contains("no visibility"),
            "{error:?}"
        );

        assert_eq!(store.total(&site).await.unwrap().stats.visits, 0);
        store.apply(&[good]).await.unwrap();
        assert_eq!(store.total(&site).await.unwrap().stats.visits, 1);
    }
}
