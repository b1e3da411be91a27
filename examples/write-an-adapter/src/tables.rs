//! The tables: what the rules must remember, and the totals.
//!
//! redb sorts a table by its key, field by field, so a key that starts with a page keeps the rows of a page together.
//! Ids are stored as 128 bits, times as milliseconds, topics as text. redb refuses to open a table with other types, so
//! a changed definition cannot misread old rows.

use redb::{TableDefinition as Table, WriteTransaction};

use crate::error::RedbError;

/// The times of the counted events, by id.
pub(crate) const COUNTED: Table<'_, u128, i64> = Table::new("counted");

/// When each visitor was last seen on a topic.
pub(crate) const VISITORS: Table<'_, (&str, u128), i64> = Table::new("visitors");

/// Whether each reader likes a topic, and the stamp of their last like or unlike.
pub(crate) const LIKES: Table<'_, (&str, u128), (bool, i64, u128)> = Table::new("words");

/// The stamp of the last verdict on each comment.
pub(crate) const VERDICTS: Table<'_, u128, (i64, u128)> = Table::new("verdicts");

/// Visits, likes, comments, the revision of the comments, and the revision of the totals.
pub(crate) type TotalsRow = (u64, u64, u64, u64, u64);

/// The totals of each topic.
pub(crate) const TOTALS: Table<'_, &str, TotalsRow> = Table::new("totals");

/// How often each custom event happened on a topic.
pub(crate) const CUSTOM_EVENTS: Table<'_, (&str, &str), u64> = Table::new("custom_events");

/// Id, slug, parent, reader, author, badge, body, time, visibility.
pub(crate) type CommentRow = (
    u128,
    &'static str,
    Option<u128>,
    u128,
    &'static str,
    Option<&'static str>,
    &'static str,
    i64,
    u8,
);

/// The comments by sequence number, in the order of arrival from 0. Numbers are never reused.
pub(crate) const COMMENTS: Table<'_, u64, CommentRow> = Table::new("comments");

/// The sequence number of each comment, by id.
pub(crate) const COMMENT_SEQS: Table<'_, u128, u64> = Table::new("places");

/// The sequence numbers of each page's comments, including replies.
pub(crate) const PAGE_COMMENTS: Table<'_, (&str, u64), ()> = Table::new("pages");

/// The sequence numbers of each comment's replies.
pub(crate) const REPLIES: Table<'_, (u128, u64), ()> = Table::new("replies");

/// The salt of each day.
pub(crate) const SALTS: Table<'_, i64, [u8; 32]> = Table::new("salts");

/// Creates missing tables, because a read transaction cannot open a table that does not exist.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), RedbError> {
    transaction.open_table(COUNTED)?;
    transaction.open_table(VISITORS)?;
    transaction.open_table(LIKES)?;
    transaction.open_table(VERDICTS)?;
    transaction.open_table(TOTALS)?;
    transaction.open_table(CUSTOM_EVENTS)?;
    transaction.open_table(COMMENTS)?;
    transaction.open_table(COMMENT_SEQS)?;
    transaction.open_table(PAGE_COMMENTS)?;
    transaction.open_table(REPLIES)?;
    transaction.open_table(SALTS)?;
    Ok(())
}
