//! How comments are stored.

use horizon_core::{Badge, Comment, EventId, ReaderId, Slug, Timestamp, Visibility};
use tokio_postgres::Row;

use crate::{
    columns::{UuidColumn, invalid},
    error::DatabaseError,
};

/// Returns a visibility as its column stores it.
pub(super) const fn visibility_code(visibility: Visibility) -> i16 {
    match visibility {
        Visibility::Shown => 1,
        Visibility::Removed => 2,
        _ => 0,
    }
}

fn visibility_of(code: i16) -> Result<Visibility, DatabaseError> {
    match code {
        0 => Ok(Visibility::Pending),
        1 => Ok(Visibility::Shown),
        2 => Ok(Visibility::Removed),
        _ => Err(invalid("visibility", format!("{code} is not a visibility"))),
    }
}

/// Returns the comment of a row with the columns `id, slug, parent, reader, author, badge, body, at, visibility`.
pub(super) fn comment(row: &Row) -> Result<Comment, DatabaseError> {
    let slug = Slug::new(row.try_get("slug")?).map_err(|error| invalid("slug", error))?;
    let (UuidColumn(id), UuidColumn(reader)) = (row.try_get("id")?, row.try_get("reader")?);
    let at = Timestamp::from_millis(row.try_get("at")?);
    let mut comment = Comment::new(EventId::from_u128(id), slug, ReaderId::from_u128(reader), at);
    let parent: Option<UuidColumn> = row.try_get("parent")?;
    comment.parent = parent.map(|UuidColumn(id)| EventId::from_u128(id));
    comment.author = row.try_get("author")?;
    let badge: Option<&str> = row.try_get("badge")?;
    let badge = badge.map(Badge::new).transpose();
    comment.badge = badge.map_err(|error| invalid("badge", error))?;
    comment.body = row.try_get("body")?;
    comment.visibility = visibility_of(row.try_get("visibility")?)?;
    Ok(comment)
}
