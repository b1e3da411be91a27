//! All statements of the store in one list.
//!
//! The rest of the crate uses a [`Db`], which prepares only these statements. A test checks the query plan of each:
//! none reads more rows than it returns.

use rusqlite::{CachedStatement, Connection, Result};

/// A statement of the list.
#[derive(Clone, Copy)]
pub(crate) struct Sql(&'static str);

/// A connection that runs only statements of the list.
#[derive(Clone, Copy)]
pub(crate) struct Db<'a>(&'a Connection);

impl<'a> Db<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// Compiles the statement, or returns it from the connection's cache.
    pub(crate) fn prepare(self, sql: Sql) -> Result<CachedStatement<'a>> {
        self.0.prepare_cached(sql.0)
    }

    /// Runs a statement without parameters and rows.
    pub(crate) fn run(self, sql: Sql) -> Result<()> {
        self.prepare(sql)?.execute([]).map(drop)
    }

    pub(crate) fn set_pragma(self, name: &str, value: i32) -> Result<()> {
        self.0.pragma_update(None, name, value)
    }

    /// Returns the number that a statement outside the list returns.
    #[cfg(test)]
    pub(crate) fn query_number(self, statement: &'static str) -> Result<i64> {
        self.prepare(Sql(statement))?.query_row([], |row| row.get(0))
    }

    /// Returns whether no transaction is open.
    pub(crate) fn is_autocommit(self) -> bool {
        self.0.is_autocommit()
    }
}

macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(pub(crate) const $name: Sql = Sql($sql);)*

        /// Each statement with its name.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, Sql)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) mod reports;

/// A query for whole comments.
macro_rules! comments {
    ($rest:literal) => {
        concat!(
            "SELECT id, slug, parent, reader, author, badge, body, at, visibility FROM comments ",
            $rest
        )
    };
}

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    SAVEPOINT = "SAVEPOINT part";
    ROLLBACK_TO = "ROLLBACK TO part";
    RELEASE = "RELEASE part";
    // Gathers statistics of the tables that this connection has used.
    OPTIMIZE = "PRAGMA optimize";

    COMMENT = comments!("WHERE id = ?1");
    COMMENT_SEQ = "SELECT seq FROM comments WHERE id = ?1";
    COMMENT_SEQ_ON_PAGE = "SELECT seq FROM comments WHERE id = ?1 AND slug = ?2";
    // Each list names its index. With some statistics SQLite would choose another one and read a whole page, or all
    // comments, to find a few. Only heads have `shows`.
    THREADS = comments!(
        "INDEXED BY comments_threads WHERE slug = ?1 AND shows = 1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
    );
    THREAD = comments!("WHERE id = ?1 AND slug = ?2 AND shows = 1");
    REPLIES = comments!(
        "INDEXED BY comments_replies WHERE parent = ?1 AND visibility = 1 AND seq > ?2 ORDER BY seq LIMIT ?3"
    );
    NEWEST = comments!("INDEXED BY comments_newest WHERE slug = ?1 AND visibility = 1 ORDER BY seq DESC LIMIT ?2");
    RECENT = comments!("NOT INDEXED WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
    RECENT_BY_VISIBILITY = comments!(
        "INDEXED BY comments_desk WHERE visibility = ?3 AND seq < ?1 ORDER BY seq DESC LIMIT ?2"
    );
    COUNT_REPLIES = "SELECT count(*) FROM comments WHERE parent = ?1";
    ADD_COMMENT = "INSERT INTO comments (id, slug, parent, reader, author, body, at, visibility, badge, is_dated)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)";
    SET_VISIBILITY = "UPDATE comments SET visibility = ?2 WHERE id = ?1";
    VERDICT = "SELECT at, event FROM verdicts WHERE comment = ?1";
    SET_VERDICT = "INSERT INTO verdicts (comment, at, event) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET at = excluded.at, event = excluded.event";

    INSERT_EVENT_ID = "INSERT INTO counted_events (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    LAST_LIKE = "SELECT at, event, likes, is_dated FROM likes WHERE topic = ?1 AND reader = ?2";
    SET_LIKE = "INSERT INTO likes (topic, reader, likes, at, event, is_dated) VALUES (?1, ?2, ?3, ?4, ?5, 1)
        ON CONFLICT DO UPDATE SET likes = excluded.likes, at = excluded.at, event = excluded.event,
        is_dated = excluded.is_dated";
    // A subquery: because of the partial index on likes, SQLite would recompile a join for every value.
    IS_LIKED_BY = "SELECT 1 FROM likes
        WHERE topic = (SELECT topic FROM topics WHERE name = ?1) AND reader = ?2 AND likes";
    TOPIC = "SELECT topic FROM topics WHERE name = ?1";
    ADD_TOPIC = "INSERT INTO topics (name) VALUES (?1)";
    TOTALS = "SELECT visits, likes, comments, comments_revision, revision, event_names FROM topics WHERE name = ?1";
    SET_TOTALS = "UPDATE topics SET visits = :visits, likes = :likes, comments = :comments,
        comments_revision = :comments_revision, revision = :revision, event_names = :event_names
        WHERE topic = :topic";
    CUSTOM_EVENTS = "SELECT name, count FROM custom_events
        WHERE topic = (SELECT topic FROM topics WHERE name = ?1)";
    SET_CUSTOM_EVENT = "INSERT INTO custom_events (topic, name, count) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET count = excluded.count";

    EXPIRE_COUNTED = "DELETE FROM counted_events WHERE id IN (SELECT id FROM counted_events WHERE at < ?1 LIMIT ?2)";
    EXPIRE_UNLIKES = "DELETE FROM likes WHERE (topic, reader) IN
        (SELECT topic, reader FROM likes WHERE likes = 0 AND at < ?1 LIMIT ?2)";
    SALT = "SELECT salt FROM salts WHERE day = ?1";
    ADD_SALT = "INSERT INTO salts (day, salt) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    EXPIRE_SALTS = "DELETE FROM salts WHERE day < ?1";
}

#[cfg(test)]
mod tests;
