use crate::{Comment, EventId, ReaderId, Stamp, Timestamp, Topic, Update, Visibility, VisitorKey};

/// What a store writes after [`Facts::apply`](crate::Facts::apply), in one transaction; a store with reports writes
/// more ([`CountedEvents`](crate::reports::CountedEvents)). Each list has a key at most once, and its rows may be
/// written in any order unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The ids of the newly counted events, with the events' times, in the order of the events. Insert them.
    pub event_ids: Vec<(EventId, Timestamp)>,
    /// When visitors were last seen. Insert or replace the time. Empty with reports.
    pub visitors: Vec<VisitorChange>,
    /// The likes and unlikes. Insert or replace them. An unlike is stored, too, because an earlier like may arrive
    /// later.
    pub likes: Vec<LikeChange>,
    /// The new comments, in the order in which they arrived. Insert them in this order. They have the visibility after
    /// the whole batch.
    pub comments: Vec<Comment>,
    /// The latest verdict on each comment, also on new comments. Set the comment's visibility, and insert or replace
    /// the stamp.
    pub verdicts: Vec<VisibilityChange>,
    /// The new totals of the topics that changed, with the counts of all their custom events. Insert or replace them.
    pub totals: Vec<Update>,
}

/// When a visitor was last seen on a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisitorChange {
    /// The topic.
    pub topic: Topic,
    /// The visitor.
    pub visitor: VisitorKey,
    /// The latest time.
    pub last_seen: Timestamp,
}

/// The latest like or unlike of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LikeChange {
    /// The topic.
    pub topic: Topic,
    /// The reader.
    pub reader: ReaderId,
    /// Whether the reader likes the topic now.
    pub is_liked: bool,
    /// When the reader decided so.
    pub stamp: Stamp,
}

/// The latest verdict on a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisibilityChange {
    /// The comment.
    pub comment: EventId,
    /// Its visibility now.
    pub visibility: Visibility,
    /// When the moderator decided so.
    pub stamp: Stamp,
}
