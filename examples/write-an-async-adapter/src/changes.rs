//! Writes what a batch changes.

use horizon_core::{Badge, Changes, Comment, EventId, Update};
use tokio::try_join;
use tokio_postgres::{Transaction, types::Type};

use crate::error::DbError;
use crate::rows::{Param, bytes, count, visibility_code};

const EVENT_IDS: &str = "INSERT INTO event_ids (id, at) SELECT * FROM unnest($1::bytea[], $2::bigint[])";
const VISITORS: &str = "INSERT INTO visitors (topic, visitor, last_seen)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])
    ON CONFLICT (topic, visitor) DO UPDATE SET last_seen = excluded.last_seen";
const LIKES: &str = "INSERT INTO likes (topic, reader, is_liked, at, event)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::boolean[], $4::bigint[], $5::bytea[])
    ON CONFLICT (topic, reader)
    DO UPDATE SET is_liked = excluded.is_liked, at = excluded.at, event = excluded.event";
/// In the order of the list, which is the order of arrival.
const COMMENTS: &str = "INSERT INTO comments (id, slug, parent, reader, author, badge, body, at, visibility)
    SELECT id, slug, parent, reader, author, badge, body, at, visibility
    FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::bigint[],
            $9::smallint[])
        WITH ORDINALITY AS new (id, slug, parent, reader, author, badge, body, at, visibility, number)
    ORDER BY number";
const VISIBILITIES: &str = "UPDATE comments SET visibility = verdict.visibility
    FROM unnest($1::bytea[], $2::smallint[]) AS verdict (comment, visibility) WHERE id = verdict.comment";
const VERDICTS: &str = "INSERT INTO verdicts (comment, at, event)
    SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[])
    ON CONFLICT (comment) DO UPDATE SET at = excluded.at, event = excluded.event";
const TOTALS: &str = "INSERT INTO totals (topic, visits, likes, comments, comments_revision, revision)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    ON CONFLICT (topic) DO UPDATE SET visits = excluded.visits, likes = excluded.likes, comments = excluded.comments,
        comments_revision = excluded.comments_revision, revision = excluded.revision";
const CUSTOM_EVENTS: &str = "INSERT INTO custom_events (topic, name, count)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
    ON CONFLICT (topic, name) DO UPDATE SET count = excluded.count";

/// Writes all changes, in one round trip.
pub(crate) async fn write(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), DbError> {
    try_join!(
        write_event_ids(transaction, changes),
        write_visitors(transaction, changes),
        write_likes(transaction, changes),
        write_comments(transaction, &changes.comments),
        write_verdicts(transaction, changes),
        write_totals(transaction, &changes.totals),
        write_custom_events(transaction, &changes.totals),
    )?;
    Ok(())
}

async fn write_event_ids(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), DbError> {
    let ids = column(&changes.event_ids, |(id, _)| bytes(id.as_u128()));
    let times = column(&changes.event_ids, |(_, at)| at.as_millis());
    let columns: Columns<'_> = &[(&ids, Type::BYTEA_ARRAY), (&times, Type::INT8_ARRAY)];
    execute(transaction, EVENT_IDS, ids.len(), columns).await
}

async fn write_visitors(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), DbError> {
    let topics = column(&changes.visitors, |change| change.topic.to_string());
    let visitors = column(&changes.visitors, |change| bytes(change.visitor.as_u128()));
    let times = column(&changes.visitors, |change| change.last_seen.as_millis());
    let columns: Columns<'_> = &[
        (&topics, Type::TEXT_ARRAY),
        (&visitors, Type::BYTEA_ARRAY),
        (&times, Type::INT8_ARRAY),
    ];
    execute(transaction, VISITORS, topics.len(), columns).await
}

async fn write_likes(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), DbError> {
    let topics = column(&changes.likes, |change| change.topic.to_string());
    let readers = column(&changes.likes, |change| bytes(change.reader.as_u128()));
    let likes = column(&changes.likes, |change| change.is_liked);
    let times = column(&changes.likes, |change| change.stamp.at.as_millis());
    let events = column(&changes.likes, |change| bytes(change.stamp.id.as_u128()));
    let columns: Columns<'_> = &[
        (&topics, Type::TEXT_ARRAY),
        (&readers, Type::BYTEA_ARRAY),
        (&likes, Type::BOOL_ARRAY),
        (&times, Type::INT8_ARRAY),
        (&events, Type::BYTEA_ARRAY),
    ];
    execute(transaction, LIKES, topics.len(), columns).await
}

async fn write_comments(transaction: &Transaction<'_>, comments: &[Comment]) -> Result<(), DbError> {
    let ids = column(comments, |comment| bytes(comment.id.as_u128()));
    let slugs = column(comments, |comment| comment.slug.as_str());
    let parents = column(comments, |comment| comment.parent.map(EventId::as_u128).map(bytes));
    let readers = column(comments, |comment| bytes(comment.reader.as_u128()));
    let authors = column(comments, |comment| comment.author.as_str());
    let badges = column(comments, |comment| comment.badge.as_ref().map(Badge::as_str));
    let bodies = column(comments, |comment| comment.body.as_str());
    let times = column(comments, |comment| comment.at.as_millis());
    let visibilities = column(comments, |comment| visibility_code(comment.visibility));
    let columns: Columns<'_> = &[
        (&ids, Type::BYTEA_ARRAY),
        (&slugs, Type::TEXT_ARRAY),
        (&parents, Type::BYTEA_ARRAY),
        (&readers, Type::BYTEA_ARRAY),
        (&authors, Type::TEXT_ARRAY),
        (&badges, Type::TEXT_ARRAY),
        (&bodies, Type::TEXT_ARRAY),
        (&times, Type::INT8_ARRAY),
        (&visibilities, Type::INT2_ARRAY),
    ];
    execute(transaction, COMMENTS, ids.len(), columns).await
}

async fn write_verdicts(transaction: &Transaction<'_>, changes: &Changes) -> Result<(), DbError> {
    let comments = column(&changes.verdicts, |change| bytes(change.comment.as_u128()));
    let visibilities = column(&changes.verdicts, |change| visibility_code(change.visibility));
    let times = column(&changes.verdicts, |change| change.stamp.at.as_millis());
    let events = column(&changes.verdicts, |change| bytes(change.stamp.id.as_u128()));
    // New comments have the final visibility already, so it does not matter which statement runs first.
    let shown: Columns<'_> = &[(&comments, Type::BYTEA_ARRAY), (&visibilities, Type::INT2_ARRAY)];
    let stamps: Columns<'_> = &[
        (&comments, Type::BYTEA_ARRAY),
        (&times, Type::INT8_ARRAY),
        (&events, Type::BYTEA_ARRAY),
    ];
    try_join!(
        execute(transaction, VISIBILITIES, comments.len(), shown),
        execute(transaction, VERDICTS, comments.len(), stamps),
    )?;
    Ok(())
}

async fn write_totals(transaction: &Transaction<'_>, totals: &[Update]) -> Result<(), DbError> {
    let topics = column(totals, |total| total.topic.to_string());
    let visits = column(totals, |total| count(total.stats.visits));
    let likes = column(totals, |total| count(total.stats.likes));
    let comments = column(totals, |total| count(total.stats.comments));
    let comments_revisions = column(totals, |total| count(total.stats.comments_revision));
    let revisions = column(totals, |total| count(total.revision));
    let columns: Columns<'_> = &[
        (&topics, Type::TEXT_ARRAY),
        (&visits, Type::INT8_ARRAY),
        (&likes, Type::INT8_ARRAY),
        (&comments, Type::INT8_ARRAY),
        (&comments_revisions, Type::INT8_ARRAY),
        (&revisions, Type::INT8_ARRAY),
    ];
    execute(transaction, TOTALS, topics.len(), columns).await
}

async fn write_custom_events(transaction: &Transaction<'_>, totals: &[Update]) -> Result<(), DbError> {
    let events = totals
        .iter()
        .flat_map(|total| total.stats.events.iter().map(|event| (&total.topic, event)));
    let rows: Vec<(String, &str, i64)> = events
        .map(|(topic, (name, times))| (topic.to_string(), name, count(times)))
        .collect();
    let topics = column(&rows, |(topic, ..)| topic.as_str());
    let names = column(&rows, |(_, name, _)| *name);
    let counts = column(&rows, |(.., count)| *count);
    let columns: Columns<'_> = &[
        (&topics, Type::TEXT_ARRAY),
        (&names, Type::TEXT_ARRAY),
        (&counts, Type::INT8_ARRAY),
    ];
    execute(transaction, CUSTOM_EVENTS, rows.len(), columns).await
}

/// The columns of rows, as the parameters of a statement.
type Columns<'a> = &'a [Param<'a>];

fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

/// Runs a statement, unless it has no rows to write.
async fn execute(transaction: &Transaction<'_>, sql: &str, rows: usize, columns: Columns<'_>) -> Result<(), DbError> {
    if rows > 0 {
        transaction.execute_typed(sql, columns).await?;
    }
    Ok(())
}
