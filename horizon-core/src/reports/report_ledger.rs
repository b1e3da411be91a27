use super::{Dimension, ReportChanges, ReportSite, VisitorState};
use crate::{Day, EventId, Ledger, ReaderId, Stamp, Topic, VisitorKey};

/// The data that [`apply_events_with_reports`](super::apply_events_with_reports) reads and writes besides that of a
/// [`Ledger`], in the same transaction. It does not call [`Ledger::touch_visitor`].
pub trait ReportLedger: Ledger {
    /// Returns the state of the site. The time zone is the stored one, otherwise that of
    /// [`Reports::set_time_zone`](super::Reports::set_time_zone).
    fn site_state(&mut self) -> Result<ReportSite, Self::Error>;

    /// Returns the stored state of the visitor on the topic, or a default one.
    fn visitor_state(&mut self, topic: &Topic, visitor: VisitorKey) -> Result<VisitorState, Self::Error>;

    /// Returns the reader's latest like or unlike of the topic. Called before [`Ledger::set_like`].
    fn stored_like(&mut self, topic: &Topic, reader: ReaderId) -> Result<Option<StoredLike>, Self::Error>;

    /// Returns whether the comment was added by a store with reports.
    fn is_dated_comment(&mut self, id: EventId) -> Result<bool, Self::Error>;

    /// Returns whether the value is one of the first [`MAX_VALUES`](super::MAX_VALUES) of the dimension on the day.
    /// Adds the value if there is room. Called at most once for each value in a batch, and never for
    /// [`OTHER_VALUE`](super::OTHER_VALUE).
    fn claim_value(&mut self, day: Day, dimension: Dimension, value: &str) -> Result<bool, Self::Error>;

    /// Returns the next number of the day, from 0, for a session or a visitor.
    fn next_number(&mut self, day: Day, kind: NumberKind) -> Result<u32, Self::Error>;

    /// Writes the changes of the batch.
    fn write_reports(&mut self, changes: ReportChanges) -> Result<(), Self::Error>;
}

/// A reader's latest like or unlike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredLike {
    /// Whether it is a like.
    pub is_liked: bool,
    /// When the reader decided so.
    pub stamp: Stamp,
    /// Whether it came to a store with reports, so that it counts in an hour.
    pub is_dated: bool,
}

/// What a number of a day identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NumberKind {
    /// A session.
    Session,
    /// A visitor.
    Visitor,
}
