//! Conversions between the types of EventHorizon and those of columns.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use horizon_core::{
    Badge, Comment, EventId, ReaderId, Slug, Stamp, Stats, Timestamp, Topic, Update, Visibility, VisitorKey,
};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::error::DbError;

/// A parameter of a statement, with its type, so that the statement needs no round trip to be prepared.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// Returns an id as its column stores it.
pub(crate) fn bytes(id: u128) -> Vec<u8> {
    id.to_be_bytes().to_vec()
}

/// Returns the bits of the id in a column.
pub(crate) fn id(row: &Row, column: &str) -> Result<u128, DbError> {
    let bytes: &[u8] = row.try_get(column)?;
    let bytes = bytes.try_into();
    let bytes = bytes.map_err(|_| DbError::InvalidRow(format!("`{column}` has not 16 bytes")))?;
    Ok(u128::from_be_bytes(bytes))
}

pub(crate) fn event_id(row: &Row, column: &str) -> Result<EventId, DbError> {
    id(row, column).map(EventId::from_u128)
}

pub(crate) fn visitor(row: &Row) -> Result<VisitorKey, DbError> {
    id(row, "visitor").map(VisitorKey::from_u128)
}

pub(crate) fn reader(row: &Row) -> Result<ReaderId, DbError> {
    id(row, "reader").map(ReaderId::from_u128)
}

pub(crate) fn topic(row: &Row) -> Result<Topic, DbError> {
    let topic: &str = row.try_get("topic")?;
    topic
        .parse()
        .map_err(|error| DbError::InvalidRow(format!("the topic `{topic}`: {error}")))
}

/// Returns the stamp in the columns `at` and `event`.
pub(crate) fn stamp(row: &Row) -> Result<Stamp, DbError> {
    Ok(Stamp {
        at: Timestamp::from_millis(row.try_get("at")?),
        id: event_id(row, "event")?,
    })
}

/// Returns the totals of rows of the tables `totals` and `custom_events`.
pub(crate) fn totals(totals: &[Row], custom_events: &[Row]) -> Result<Vec<Update>, DbError> {
    let mut names: HashMap<Topic, Vec<(String, u64)>> = HashMap::new();
    for row in custom_events {
        let count = (row.try_get("name")?, read_count(row, "count")?);
        names.entry(topic(row)?).or_default().push(count);
    }
    let total = |row: &Row| {
        let (topic, count) = (topic(row)?, |column| read_count(row, column));
        let mut stats = Stats::new(count("visits")?, count("likes")?, count("comments")?);
        stats.comments_revision = count("comments_revision")?;
        stats.events = names.remove(&topic).unwrap_or_default().into_iter().collect();
        Ok(Update::new(topic, stats, count("revision")?))
    };
    totals.iter().map(total).collect()
}

fn read_count(row: &Row, column: &str) -> Result<u64, DbError> {
    let count: i64 = row.try_get(column)?;
    u64::try_from(count).map_err(|_| DbError::InvalidRow(format!("`{column}` is {count}")))
}

/// Returns a count as its column stores it.
pub(crate) fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns a limit as a query takes it.
pub(crate) fn row_limit(limit: NonZeroUsize) -> i64 {
    i64::try_from(limit.get()).unwrap_or(i64::MAX)
}

/// Returns the limit and one more row, which shows whether there are more.
pub(crate) fn one_more(limit: NonZeroUsize) -> i64 {
    row_limit(limit).saturating_add(1)
}

/// Returns a visibility as its column stores it.
pub(crate) fn visibility_code(visibility: Visibility) -> i16 {
    match visibility {
        Visibility::Shown => 1,
        Visibility::Removed => 2,
        _ => 0,
    }
}

/// Returns the comment of a row of the table `comments`.
pub(crate) fn comment(row: &Row) -> Result<Comment, DbError> {
    let slug: &str = row.try_get("slug")?;
    let slug = Slug::new(slug).map_err(|error| DbError::InvalidRow(format!("the slug `{slug}`: {error}")))?;
    let at = Timestamp::from_millis(row.try_get("at")?);
    let mut comment = Comment::new(event_id(row, "id")?, slug, reader(row)?, at);
    let parent: Option<&[u8]> = row.try_get("parent")?;
    comment.parent = parent.map(|_| event_id(row, "parent")).transpose()?;
    comment.author = row.try_get("author")?;
    let badge: Option<&str> = row.try_get("badge")?;
    let badge = badge.map(Badge::new).transpose();
    comment.badge = badge.map_err(|error| DbError::InvalidRow(format!("the badge: {error}")))?;
    comment.body = row.try_get("body")?;
    comment.visibility = match row.try_get("visibility")? {
        0_i16 => Visibility::Pending,
        1 => Visibility::Shown,
        2 => Visibility::Removed,
        other => return Err(DbError::InvalidRow(format!("{other} is not a visibility"))),
    };
    Ok(comment)
}
