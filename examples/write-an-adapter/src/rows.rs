//! How a comment stands in its tables, and how it gets there.

use horizon_core::{Comment, EventId, ReaderId, Slug, Timestamp, Visibility};
use redb::{ReadableTable, Value, WriteTransaction};

use crate::error::Failed;
use crate::tables::{COMMENTS, CommentRow, PAGES, PLACES, REPLIES};

/// One comment as the open write transaction has it.
pub(crate) fn written(transaction: &WriteTransaction, id: EventId) -> Result<Option<Comment>, Failed> {
    let (places, comments) = (transaction.open_table(PLACES)?, transaction.open_table(COMMENTS)?);
    find(&places, &comments, id)
}

/// Adds a comment behind all others, and to the lists in which it is looked for.
pub(crate) fn add(transaction: &WriteTransaction, comment: &Comment) -> Result<(), Failed> {
    let mut comments = transaction.open_table(COMMENTS)?;
    let place = comments.last()?.map_or(0, |(last, _)| last.value() + 1);
    comments.insert(place, row(comment))?;
    transaction.open_table(PLACES)?.insert(comment.id.as_u128(), place)?;
    transaction
        .open_table(PAGES)?
        .insert((comment.slug.as_str(), place), ())?;
    if let Some(parent) = comment.parent {
        transaction.open_table(REPLIES)?.insert((parent.as_u128(), place), ())?;
    }
    Ok(())
}

/// Changes whether readers see a comment. It keeps its place.
pub(crate) fn set_visibility(
    transaction: &WriteTransaction,
    id: EventId,
    visibility: Visibility,
) -> Result<(), Failed> {
    let (places, mut comments) = (transaction.open_table(PLACES)?, transaction.open_table(COMMENTS)?);
    let Some(place) = places.get(id.as_u128())?.map(|place| place.value()) else {
        return Ok(());
    };
    let mut comment = at(&comments, place)?;
    comment.visibility = visibility;
    comments.insert(place, row(&comment))?;
    Ok(())
}

/// The comment with this id, in a transaction that writes or one that reads.
pub(crate) fn find(
    places: &impl ReadableTable<u128, u64>,
    comments: &impl ReadableTable<u64, CommentRow>,
    id: EventId,
) -> Result<Option<Comment>, Failed> {
    let place = places.get(id.as_u128())?;
    place.map(|place| at(comments, place.value())).transpose()
}

/// The comment at a place that one of the lists names.
pub(crate) fn at(comments: &impl ReadableTable<u64, CommentRow>, place: u64) -> Result<Comment, Failed> {
    match comments.get(place)? {
        Some(row) => read(row.value()),
        None => Err(Failed::corrupt(format!("no comment has the place {place}"))),
    }
}

/// How a comment stands in its table.
fn row(comment: &Comment) -> <CommentRow as Value>::SelfType<'_> {
    let visibility = match comment.visibility {
        Visibility::Shown => 1,
        Visibility::Removed => 2,
        _ => 0,
    };
    (
        comment.id.as_u128(),
        comment.slug.as_str(),
        comment.parent.map(EventId::as_u128),
        comment.reader.as_u128(),
        &comment.author,
        &comment.body,
        comment.at.as_millis(),
        visibility,
    )
}

/// The other way round. A file can hold anything, so what is no comment is an error and not a panic.
pub(crate) fn read(
    (id, slug, parent, reader, author, body, at, visibility): <CommentRow as Value>::SelfType<'_>,
) -> Result<Comment, Failed> {
    let slug = Slug::new(slug).map_err(|e| Failed::corrupt(e.to_string()))?;
    let (id, reader) = (EventId::from_u128(id), ReaderId::from_u128(reader));
    let mut comment = Comment::new(id, slug, reader, Timestamp::from_millis(at));
    comment.parent = parent.map(EventId::from_u128);
    comment.author = author.into();
    comment.body = body.into();
    comment.visibility = match visibility {
        0 => Visibility::Pending,
        1 => Visibility::Shown,
        2 => Visibility::Removed,
        other => return Err(Failed::corrupt(format!("{other} is not a visibility"))),
    };
    Ok(comment)
}
