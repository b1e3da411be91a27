//! Group commit: many writes in one transaction.

use super::WriteJob;
use crate::{
    error,
    sql::{self, Db},
};

/// Runs the writes in one transaction and commits it.
pub(super) fn commit(db: Db<'_>, group: &mut [Box<dyn WriteJob>]) -> rusqlite::Result<()> {
    if group.is_empty() {
        return Ok(());
    }
    let committed = run(db, group).and_then(|()| db.run(sql::COMMIT));
    if committed.is_err() && !db.is_autocommit() {
        db.run(sql::ROLLBACK)?;
    }
    committed
}

/// Runs the writes in a transaction and leaves it open.
///
/// With a savepoint, SQLite copies every page before its first change: a fifth of the cost of a batch of events. So
/// savepoints are used only after a write has failed, and then all writes run again.
fn run(db: Db<'_>, group: &mut [Box<dyn WriteJob>]) -> rusqlite::Result<()> {
    db.run(sql::BEGIN)?;
    if group.iter_mut().all(|job| job.run(db)) {
        return Ok(());
    }
    if !db.is_autocommit() {
        db.run(sql::ROLLBACK)?;
    }
    db.run(sql::BEGIN)?;
    group.iter_mut().try_for_each(|job| run_isolated(db, job.as_mut()))
}

/// Runs one write so that its failure rolls back this write only.
fn run_isolated(db: Db<'_>, job: &mut dyn WriteJob) -> rusqlite::Result<()> {
    db.run(sql::SAVEPOINT)?;
    if !job.run(db) {
        // Some errors, such as a full disk, roll back the whole transaction with the work of other callers.
        if db.is_autocommit() {
            return Err(error::aborted());
        }
        db.run(sql::ROLLBACK_TO)?;
    }
    db.run(sql::RELEASE)
}
