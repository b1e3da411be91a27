//! The tables: what the rules must remember, and the totals.
//!
//! Ids are the 16 bytes of their 128 bits, times are milliseconds, topics are text. The tables are created in the first
//! schema of the connection's `search_path`.

use tokio_postgres::{Client, Transaction};

use crate::error::DbError;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS event_ids (
        id bytea PRIMARY KEY,
        at bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS event_ids_at ON event_ids (at);

    CREATE TABLE IF NOT EXISTS visitors (
        topic text COLLATE \"C\",
        visitor bytea,
        last_seen bigint NOT NULL,
        PRIMARY KEY (topic, visitor)
    );
    CREATE INDEX IF NOT EXISTS visitors_last_seen ON visitors (last_seen);

    CREATE TABLE IF NOT EXISTS likes (
        topic text COLLATE \"C\",
        reader bytea,
        is_liked boolean NOT NULL,
        at bigint NOT NULL,
        event bytea NOT NULL,
        PRIMARY KEY (topic, reader)
    );
    CREATE INDEX IF NOT EXISTS likes_unlikes ON likes (at) WHERE NOT is_liked;

    -- In the order of arrival. The lock makes the numbers grow in the order of the transactions.
    CREATE TABLE IF NOT EXISTS comments (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        id bytea UNIQUE NOT NULL,
        slug text COLLATE \"C\" NOT NULL,
        parent bytea,
        reader bytea NOT NULL,
        author text NOT NULL,
        badge text,
        body text NOT NULL,
        at bigint NOT NULL,
        visibility smallint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS comments_heads ON comments (slug, seq) WHERE parent IS NULL;
    CREATE INDEX IF NOT EXISTS comments_shown ON comments (slug, seq) WHERE visibility = 1;
    CREATE INDEX IF NOT EXISTS comments_replies ON comments (parent, seq);
    CREATE INDEX IF NOT EXISTS comments_visibility ON comments (visibility, seq);

    -- The stamp of the latest verdict on each comment.
    CREATE TABLE IF NOT EXISTS verdicts (
        comment bytea PRIMARY KEY,
        at bigint NOT NULL,
        event bytea NOT NULL
    );

    CREATE TABLE IF NOT EXISTS totals (
        topic text COLLATE \"C\" PRIMARY KEY,
        visits bigint NOT NULL,
        likes bigint NOT NULL,
        comments bigint NOT NULL,
        comments_revision bigint NOT NULL,
        revision bigint NOT NULL
    );

    -- How often each custom event happened on a topic.
    CREATE TABLE IF NOT EXISTS custom_events (
        topic text COLLATE \"C\",
        name text COLLATE \"C\",
        count bigint NOT NULL,
        PRIMARY KEY (topic, name)
    );

    CREATE TABLE IF NOT EXISTS salts (
        day bigint PRIMARY KEY,
        salt bytea NOT NULL
    );";

/// Waits until no other transaction of these tables writes. The end of the transaction releases the lock.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('eventhorizon'), hashtext(current_schema()))";

/// Creates missing tables.
pub(crate) async fn create(client: &mut Client) -> Result<(), DbError> {
    let transaction = client.transaction().await?;
    // Two processes that create a table at once would fail.
    lock(&transaction).await?;
    transaction.batch_execute(TABLES).await?;
    Ok(transaction.commit().await?)
}

/// Excludes all other writers until the end of the transaction.
pub(crate) async fn lock(transaction: &Transaction<'_>) -> Result<(), DbError> {
    Ok(transaction.execute_typed(LOCK, &[]).await.map(drop)?)
}
