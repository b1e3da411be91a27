//! What is kept: the facts, and the totals that follow from them.
//!
//! redb sorts a table by its key, field by field, so a key that begins with a page holds what belongs
//! to that page together. Ids stand as their 128 bits, times as milliseconds, topics as they are
//! written. redb refuses a table that was made with other types, so a change here is never misread.

use redb::{TableDefinition as Table, WriteTransaction};

use crate::error::Failed;

/// Which events were counted, and when they happened.
pub(crate) const COUNTED: Table<'_, u128, i64> = Table::new("counted");

/// When a visitor was last seen on a topic.
pub(crate) const VISITORS: Table<'_, (&str, u128), i64> = Table::new("visitors");

/// The last word of each reader about a topic: whether they like it, and the stamp of that word.
pub(crate) const WORDS: Table<'_, (&str, u128), (bool, i64, u128)> = Table::new("words");

/// The stamp of the last verdict on a comment.
pub(crate) const VERDICTS: Table<'_, u128, (i64, u128)> = Table::new("verdicts");

/// Visits, likes, comments, the comments' revision, and the revision of the whole.
pub(crate) type Totals = (u64, u64, u64, u64, u64);

/// What each topic adds up to.
pub(crate) const TOTALS: Table<'_, &str, Totals> = Table::new("totals");

/// Id, slug, parent, reader, author, body, time, visibility.
pub(crate) type CommentRow = (
    u128,
    &'static str,
    Option<u128>,
    u128,
    &'static str,
    &'static str,
    i64,
    u8,
);

/// The comments by their place: the first that arrived has place 0. No place is ever given again.
pub(crate) const COMMENTS: Table<'_, u64, CommentRow> = Table::new("comments");

/// The place of each comment, by its id.
pub(crate) const PLACES: Table<'_, u128, u64> = Table::new("places");

/// The places of a page's comments, replies included.
pub(crate) const PAGES: Table<'_, (&str, u64), ()> = Table::new("pages");

/// The places of a comment's replies.
pub(crate) const REPLIES: Table<'_, (u128, u64), ()> = Table::new("replies");

/// The salt of each day.
pub(crate) const SALTS: Table<'_, i64, [u8; 32]> = Table::new("salts");

/// Makes the tables that are not there yet: a reader cannot open what nobody wrote.
pub(crate) fn create(transaction: &WriteTransaction) -> Result<(), Failed> {
    transaction.open_table(COUNTED)?;
    transaction.open_table(VISITORS)?;
    transaction.open_table(WORDS)?;
    transaction.open_table(VERDICTS)?;
    transaction.open_table(TOTALS)?;
    transaction.open_table(COMMENTS)?;
    transaction.open_table(PLACES)?;
    transaction.open_table(PAGES)?;
    transaction.open_table(REPLIES)?;
    transaction.open_table(SALTS)?;
    Ok(())
}
