mod migrations;

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior};

use crate::connection;
use migrations::STEPS;

/// The version that this program writes.
pub(crate) const VERSION: usize = STEPS.len();

/// How long the migration of a million comments from version 2 to 3, or of a million visitors from version 4 to 5,
/// takes in seconds. Measured on two busy cores: 17, with a debug build and a file of 379 MiB, and 11, with one of 65
/// MiB.
const SECONDS_PER_MILLION: u32 = 20;

/// Migrates the schema to [`VERSION`], in one transaction. The inner error is an unknown version.
pub(crate) fn migrate(db: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    // Immediate: a second process waits for the first and finds nothing to do.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = connection::version(&transaction)?;
    let Some(steps) = usize::try_from(version).ok().and_then(|done| STEPS.get(done..)) else {
        return Ok(Err(version));
    };
    if steps.is_empty() {
        return Ok(Ok(()));
    }
    // Creating a new database is fast and not worth a log line.
    let log = (version > 0).then(|| MigrationLog::start(&transaction, version));
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    transaction.commit()?;
    log.into_iter().for_each(MigrationLog::end);
    Ok(Ok(()))
}

/// Creates the schema of an earlier version.
#[cfg(test)]
pub(crate) fn create(db: &Connection, version: usize) -> rusqlite::Result<()> {
    for step in STEPS.iter().take(version) {
        db.execute_batch(step)?;
    }
    db.pragma_update(None, "user_version", i64::try_from(version).unwrap_or(i64::MAX))
}

/// Returns whether a database of this version needs a migration.
pub(crate) fn is_outdated(version: i64) -> bool {
    usize::try_from(version).is_ok_and(|version| (1..VERSION).contains(&version))
}

/// Logs the start and the end of a migration, which may take long.
struct MigrationLog {
    database: String,
    start: Instant,
}

impl MigrationLog {
    fn start(db: &Connection, version: i64) -> Self {
        let database = db.path().unwrap_or_default().to_owned();
        tracing::warn!(
            database,
            "bringing the database from version {version} to {VERSION}: this may take {SECONDS_PER_MILLION} s per \
             million comments or visitors, or longer on a slow disk. Other processes cannot write meanwhile. Do not \
             stop this process: it would have to start again, although nothing would be lost"
        );
        Self {
            database,
            start: Instant::now(),
        }
    }

    fn end(self) {
        let (database, seconds) = (self.database, self.start.elapsed().as_secs_f64());
        tracing::info!(database, "the database has version {VERSION} now, after {seconds:.1} s");
    }
}

/// The descriptions of the tables, columns, indexes and triggers of a database, in this order.
const PARTS: &str = "
    SELECT 'the table `' || name || '`' FROM sqlite_schema WHERE type = 'table'
    UNION ALL
    SELECT 'the column `' || part.name || '.' || info.name || '`'
        FROM sqlite_schema AS part JOIN pragma_table_info(part.name) AS info WHERE part.type = 'table'
    UNION ALL
    -- Statements name the indexes that they use, and triggers maintain columns.
    SELECT 'the ' || type || ' `' || name || '`' FROM sqlite_schema WHERE type IN ('index', 'trigger')";

/// The parts of [`VERSION`], which are found out once: creating the schema takes as long as opening a file.
static CURRENT_PARTS: OnceLock<Vec<String>> = OnceLock::new();

/// Returns the first table, column, index or trigger of this version that the database lacks.
pub(crate) fn find_missing(db: &Connection, version: usize) -> rusqlite::Result<Option<String>> {
    let found: HashSet<String> = parts(db)?.into_iter().collect();
    let missing = |complete: &[String]| complete.iter().find(|part| !found.contains(*part)).cloned();
    if version != VERSION {
        return Ok(missing(&complete_parts(version)?));
    }
    let complete = match CURRENT_PARTS.get() {
        Some(known) => known,
        None => {
            let parts = complete_parts(VERSION)?;
            CURRENT_PARTS.get_or_init(|| parts)
        }
    };
    Ok(missing(complete))
}

fn complete_parts(version: usize) -> rusqlite::Result<Vec<String>> {
    let complete = Connection::open_in_memory()?;
    for step in STEPS.iter().take(version) {
        complete.execute_batch(step)?;
    }
    parts(&complete)
}

fn parts(db: &Connection) -> rusqlite::Result<Vec<String>> {
    db.prepare(PARTS)?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use horizon_core::{CommentStore, Slug, Stats, StatsStoreExt};

    use super::*;
    use crate::SqliteStore;

    #[test]
    fn likes_of_the_first_version_are_kept() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(STEPS[0]).unwrap();
        db.execute_batch(
            "INSERT INTO topics (topic, name, likes) VALUES (1, 'blog:hello', 1);
             INSERT INTO likes (topic, reader) VALUES (1, x'000102030405060708090a0b0c0d0e0f');
             PRAGMA user_version = 1",
        )
        .unwrap();
        migrate(&mut db).unwrap().unwrap();
        let like = db.query_row("SELECT likes, at FROM likes", [], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?))
        });
        assert_eq!(like.unwrap(), (true, 0));
    }

    #[tokio::test]
    async fn totals_and_comments_of_the_third_version_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&STEPS[..3].concat()).unwrap();
        old.execute_batch(
            "INSERT INTO topics (name, visits, likes, revision) VALUES ('blog:hello', 7, 1, 8);
             INSERT INTO comments (id, slug, reader, author, body, at, visibility) VALUES
                (x'00000000000000000000000000000001', 'hello', zeroblob(16), 'Ada', 'text', 0, 1);
             PRAGMA user_version = 3",
        )
        .unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let hello = Slug::new("hello").unwrap();
        let total = store.total(&hello.clone().into()).await.unwrap();
        assert_eq!((total.stats, total.revision), (Stats::new(7, 1, 0), 8));
        let page = store.threads(&hello, None, NonZeroUsize::MAX).await.unwrap();
        assert_eq!(
            (page.threads[0].head.author.as_str(), &page.threads[0].head.badge),
            ("Ada", &None)
        );
    }

    /// Three threads of one page: a shown one, a removed head with a shown reply, and a pending head with a pending
    /// reply.
    const VERSION_2: &str = "
        INSERT INTO comments (seq, id, slug, parent, reader, author, body, at, visibility) VALUES
            (1, x'00000000000000000000000000000001', 'hello', NULL, zeroblob(16), 'Ada', 'shown', 0, 1),
            (2, x'00000000000000000000000000000002', 'hello', NULL, zeroblob(16), 'Ada', 'removed', 0, 2),
            (3, x'00000000000000000000000000000003', 'hello', NULL, zeroblob(16), 'Ada', 'waits', 0, 0),
            (4, x'00000000000000000000000000000004', 'hello', x'00000000000000000000000000000002', zeroblob(16),
             '', 're', 0, 1),
            (5, x'00000000000000000000000000000005', 'hello', x'00000000000000000000000000000003', zeroblob(16),
             '', 're', 0, 0);
        PRAGMA user_version = 2";

    #[tokio::test]
    async fn threads_of_the_second_version_are_read_and_its_processes_may_still_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&[STEPS[0], STEPS[1], VERSION_2].concat()).unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let threads = async || {
            let page = store
                .threads(&Slug::new("hello").unwrap(), None, NonZeroUsize::MAX)
                .await;
            let shown = page.unwrap().threads.into_iter();
            shown
                .map(|thread| (thread.head.body, thread.replies.len()))
                .collect::<Vec<_>>()
        };
        assert_eq!(threads().await, [("shown".into(), 0), (String::new(), 1)]);
        old.execute_batch(
            "UPDATE comments SET visibility = 1 WHERE seq = 5;
             UPDATE comments SET visibility = 2 WHERE seq = 4;
             INSERT INTO comments (id, slug, reader, author, body, at, visibility) VALUES
                (x'00000000000000000000000000000006', 'hello', zeroblob(16), 'Ada', 'new', 0, 1)",
        )
        .unwrap();
        assert_eq!(
            threads().await,
            [("shown".into(), 0), (String::new(), 1), ("new".into(), 0)]
        );
    }
}
