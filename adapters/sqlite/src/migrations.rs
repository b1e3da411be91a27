use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior};

use crate::connection;

/// Each step brings the schema one version further. What was released is never changed. An index that a released
/// statement names stays, because a process of an earlier version may still run it.
const STEPS: &[&str] = &["
    -- Which events were counted.
    CREATE TABLE counted (
        id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX counted_at ON counted (at);

    -- The totals.
    CREATE TABLE topics (
        topic INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        visits INTEGER NOT NULL DEFAULT 0,
        likes INTEGER NOT NULL DEFAULT 0,
        comments INTEGER NOT NULL DEFAULT 0,
        comments_revision INTEGER NOT NULL DEFAULT 0,
        revision INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- When a visitor was last seen.
    CREATE TABLE visitors (
        topic INTEGER NOT NULL REFERENCES topics,
        visitor BLOB NOT NULL CHECK (length(visitor) = 16),
        at INTEGER NOT NULL,
        PRIMARY KEY (topic, visitor)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX visitors_at ON visitors (at);

    -- Who likes what.
    CREATE TABLE likes (
        topic INTEGER NOT NULL REFERENCES topics,
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        PRIMARY KEY (topic, reader)
    ) STRICT, WITHOUT ROWID;

    -- seq is the order of arrival.
    CREATE TABLE comments (
        seq INTEGER PRIMARY KEY,
        id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
        slug TEXT NOT NULL,
        parent BLOB REFERENCES comments (id),
        reader BLOB NOT NULL CHECK (length(reader) = 16),
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        at INTEGER NOT NULL,
        visibility INTEGER NOT NULL CHECK (visibility IN (0, 1, 2))
    ) STRICT;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE parent IS NULL;
    CREATE INDEX comments_replies ON comments (parent, seq) WHERE parent IS NOT NULL;
    CREATE INDEX comments_newest ON comments (slug, visibility, seq);
    CREATE INDEX comments_desk ON comments (visibility, seq);

    CREATE TABLE salts (
        day INTEGER PRIMARY KEY,
        salt BLOB NOT NULL CHECK (length(salt) = 32)
    ) STRICT;
",
    "
    -- The last word of a reader and when it was said, so that an earlier one that comes late changes nothing.
    ALTER TABLE likes ADD COLUMN likes INTEGER NOT NULL DEFAULT 1 CHECK (likes IN (0, 1));
    ALTER TABLE likes ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE likes ADD COLUMN event BLOB NOT NULL DEFAULT x'00000000000000000000000000000000' CHECK (length(event) = 16);
    CREATE INDEX likes_taken_back ON likes (at) WHERE likes = 0;

    -- When the last verdict on a comment was given.
    CREATE TABLE verdicts (
        comment BLOB NOT NULL PRIMARY KEY CHECK (length(comment) = 16),
        at INTEGER NOT NULL,
        event BLOB NOT NULL CHECK (length(event) = 16)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- Whether a thread shows: its head does, or a reply to it. Heads carry it. Triggers keep it, so that a process of
    -- the version before, which may still write to the file, keeps it too.
    ALTER TABLE comments ADD COLUMN shows INTEGER NOT NULL DEFAULT 0 CHECK (shows IN (0, 1));
    UPDATE comments SET shows = 1 WHERE parent IS NULL AND visibility = 1;
    UPDATE comments SET shows = 1 WHERE id IN
        (SELECT parent FROM comments WHERE parent IS NOT NULL AND visibility = 1);
    CREATE TRIGGER comments_add AFTER INSERT ON comments WHEN new.visibility = 1 BEGIN
        UPDATE comments SET shows = 1 WHERE id = coalesce(new.parent, new.id);
    END;
    CREATE TRIGGER comments_moderate AFTER UPDATE OF visibility ON comments BEGIN
        UPDATE comments SET shows = visibility = 1 OR EXISTS
            (SELECT 1 FROM comments AS reply WHERE reply.parent = comments.id AND reply.visibility = 1)
        WHERE id = coalesce(new.parent, new.id);
    END;

    -- Each query of comments has an index of which it reads only what it returns.
    DROP INDEX comments_threads;
    DROP INDEX comments_replies;
    CREATE INDEX comments_threads ON comments (slug, seq) WHERE shows = 1;
    CREATE INDEX comments_replies ON comments (parent, visibility, seq) WHERE parent IS NOT NULL;
"];

/// The version that this program writes.
pub(crate) const VERSION: usize = STEPS.len();

/// How long bringing a million comments from version 2 to 3 takes, in seconds: 17 were measured with a debug build on
/// two busy cores and a file of 379 MiB.
const SECONDS_A_MILLION: u32 = 20;

/// Brings the schema up to date, each step whole or not at all. The inner error is a version that is not known.
pub(crate) fn migrate(db: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    // Immediate, so that of two processes one migrates and the other finds it done.
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = connection::version(&transaction)?;
    let Some(missing) = usize::try_from(version).ok().and_then(|done| STEPS.get(done..)) else {
        return Ok(Err(version));
    };
    if missing.is_empty() {
        return Ok(Ok(()));
    }
    // A new database has nothing that takes long.
    let upgrade = (version > 0).then(|| Upgrade::begin(&transaction, version));
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    transaction.commit()?;
    upgrade.into_iter().for_each(Upgrade::end);
    Ok(Ok(()))
}

/// Whether a database of this version has to be brought up to date.
pub(crate) fn is_old(version: i64) -> bool {
    usize::try_from(version).is_ok_and(|version| (1..VERSION).contains(&version))
}

/// Tells the operator about a migration, which may take long.
struct Upgrade {
    database: String,
    start: Instant,
}

impl Upgrade {
    fn begin(db: &Connection, version: i64) -> Self {
        let database = db.path().unwrap_or_default().to_owned();
        tracing::warn!(
            database,
            "bringing the database from version {version} to {VERSION}: this may take some {SECONDS_A_MILLION} s for \
             each million of comments, or longer on a slow disk. Other processes cannot write to it meanwhile. Do not \
             stop this process: nothing would be lost, but it would begin anew"
        );
        Self {
            database,
            start: Instant::now(),
        }
    }

    fn end(self) {
        let (database, seconds) = (self.database, self.start.elapsed().as_secs_f64());
        tracing::info!(
            database,
            "the database has version {VERSION} now; that took {seconds:.1} s"
        );
    }
}

/// Returns the first table, column, index or trigger of this version that the database lacks.
pub(crate) fn missing(db: &Connection, version: usize) -> rusqlite::Result<Option<String>> {
    let whole = Connection::open_in_memory()?;
    for step in STEPS.iter().take(version) {
        whole.execute_batch(step)?;
    }
    let tables = names(
        &whole,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND ?1 = ''",
        "",
    )?;
    for table in tables {
        let columns = |db| names(db, "SELECT name FROM pragma_table_info(?1)", &table);
        let found = columns(db)?;
        if found.is_empty() {
            return Ok(Some(format!("the table `{table}`")));
        }
        if let Some(column) = columns(&whole)?.into_iter().find(|column| !found.contains(column)) {
            return Ok(Some(format!("the column `{table}.{column}`")));
        }
    }
    // Queries name the indexes that they use, and triggers keep what the queries look at.
    for kind in ["index", "trigger"] {
        let found = |db| names(db, "SELECT name FROM sqlite_schema WHERE type = ?1", kind);
        let there = found(db)?;
        if let Some(name) = found(&whole)?.into_iter().find(|name| !there.contains(name)) {
            return Ok(Some(format!("the {kind} `{name}`")));
        }
    }
    Ok(None)
}

fn names(db: &Connection, sql: &str, argument: &str) -> rusqlite::Result<Vec<String>> {
    db.prepare(sql)?.query_map([argument], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use horizon_core::{CommentStore, Slug};

    use super::*;
    use crate::SqliteStats;

    #[test]
    fn likes_of_the_first_version_are_still_liked_and_can_be_taken_back() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(STEPS[0]).unwrap();
        db.execute_batch(
            "INSERT INTO topics (topic, name, likes) VALUES (1, 'blog:hello', 1);
             INSERT INTO likes (topic, reader) VALUES (1, x'000102030405060708090a0b0c0d0e0f');
             PRAGMA user_version = 1",
        )
        .unwrap();
        migrate(&mut db).unwrap().unwrap();
        let kept = db.query_row("SELECT likes, at FROM likes", [], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?))
        });
        assert_eq!(kept.unwrap(), (true, 0));
    }

    /// Three threads of one page: shown, removed above a shown reply, and waiting above a waiting one.
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
    async fn threads_of_the_second_version_are_read_and_a_process_of_it_may_still_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("horizon.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&[STEPS[0], STEPS[1], VERSION_2].concat()).unwrap();
        let store = SqliteStats::open(&path).unwrap();
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
