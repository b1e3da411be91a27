//! Comments as rows, in all tables that contain them.

use horizon_core::{Badge, Comment, EventId, ReaderId, Slug, Timestamp, Visibility};
use redb::{ReadableTable, Value, WriteTransaction};

use crate::error::RedbError;
use crate::tables::{COMMENT_SEQS, COMMENTS, CommentRow, PAGE_COMMENTS, REPLIES};

/// Returns a comment as the open write transaction sees it.
pub(crate) fn find_in(transaction: &WriteTransaction, id: EventId) -> Result<Option<Comment>, RedbError> {
    let (seqs, comments) = (transaction.open_table(COMMENT_SEQS)?, transaction.open_table(COMMENTS)?);
    find(&seqs, &comments, id)
}

/// Appends a comment and adds it to the index tables.
pub(crate) fn add(transaction: &WriteTransaction, comment: &Comment) -> Result<(), RedbError> {
    let mut comments = transaction.open_table(COMMENTS)?;
    let seq = comments.last()?.map_or(0, |(last, _)| last.value() + 1);
    comments.insert(seq, to_row(comment))?;
    transaction
        .open_table(COMMENT_SEQS)?
        .insert(comment.id.as_u128(), seq)?;
    transaction
        .open_table(PAGE_COMMENTS)?
        .insert((comment.slug.as_str(), seq), ())?;
    if let Some(parent) = comment.parent {
        transaction.open_table(REPLIES)?.insert((parent.as_u128(), seq), ())?;
    }
    Ok(())
}

/// Changes the visibility of a comment, if it exists.
pub(crate) fn set_visibility(
    transaction: &WriteTransaction,
    id: EventId,
    visibility: Visibility,
) -> Result<(), RedbError> {
    let (seqs, mut comments) = (transaction.open_table(COMMENT_SEQS)?, transaction.open_table(COMMENTS)?);
    let Some(seq) = seqs.get(id.as_u128())?.map(|seq| seq.value()) else {
        return Ok(());
    };
    let mut comment = get(&comments, seq)?;
    comment.visibility = visibility;
    comments.insert(seq, to_row(&comment))?;
    Ok(())
}

/// Returns the comment with this id, in a write or a read transaction.
pub(crate) fn find(
    seqs: &impl ReadableTable<u128, u64>,
    comments: &impl ReadableTable<u64, CommentRow>,
    id: EventId,
) -> Result<Option<Comment>, RedbError> {
    let seq = seqs.get(id.as_u128())?;
    seq.map(|seq| get(comments, seq.value())).transpose()
}

/// Returns the comment with a sequence number from an index table.
pub(crate) fn get(comments: &impl ReadableTable<u64, CommentRow>, seq: u64) -> Result<Comment, RedbError> {
    match comments.get(seq)? {
        Some(row) => from_row(row.value()),
        None => Err(RedbError::corrupt(format!("comment {seq} is missing"))),
    }
}

fn to_row(comment: &Comment) -> <CommentRow as Value>::SelfType<'_> {
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
        comment.badge.as_ref().map(Badge::as_str),
        &comment.body,
        comment.at.as_millis(),
        visibility,
    )
}

/// Parses a row. A file can contain anything, so an invalid row is an error and not a panic.
pub(crate) fn from_row(
    (id, slug, parent, reader, author, badge, body, at, visibility): <CommentRow as Value>::SelfType<'_>,
) -> Result<Comment, RedbError> {
    let slug = Slug::new(slug).map_err(|e| RedbError::corrupt(e.to_string()))?;
    let (id, reader) = (EventId::from_u128(id), ReaderId::from_u128(reader));
    let mut comment = Comment::new(id, slug, reader, Timestamp::from_millis(at));
    comment.parent = parent.map(EventId::from_u128);
    comment.author = author.into();
    let badge = badge.map(Badge::new).transpose();
    comment.badge = badge.map_err(|e| RedbError::corrupt(e.to_string()))?;
    comment.body = body.into();
    comment.visibility = match visibility {
        0 => Visibility::Pending,
        1 => Visibility::Shown,
        2 => Visibility::Removed,
        other => return Err(RedbError::corrupt(format!("{other} is not a visibility"))),
    };
    Ok(comment)
}
