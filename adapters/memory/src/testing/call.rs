/// A method of a port, to make it fail, delay it or count its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Call {
    /// [`Presence::track`](horizon_core::Presence::track).
    TrackPresence,
    /// [`EventBus::track`](horizon_core::EventBus::track).
    Track,
    /// [`StatsStore::apply`](horizon_core::StatsStore::apply). [`Track`](Self::Track) does not count as a call of it.
    Apply,
    /// [`StatsStore::totals`](horizon_core::StatsStore::totals).
    Get,
    /// [`StatsStore::is_liked_by`](horizon_core::StatsStore::is_liked_by).
    IsLikedBy,
    /// [`StatsStore::expire`](horizon_core::StatsStore::expire).
    Expire,
    /// [`CommentStore::threads`](horizon_core::CommentStore::threads).
    Threads,
    /// [`CommentStore::thread`](horizon_core::CommentStore::thread).
    Thread,
    /// [`CommentStore::newest_comments`](horizon_core::CommentStore::newest_comments).
    NewestComments,
    /// [`CommentStore::recent_comments`](horizon_core::CommentStore::recent_comments).
    RecentComments,
    /// [`CommentStore::comment`](horizon_core::CommentStore::comment).
    Comment,
    /// [`CommentStore::reply_count`](horizon_core::CommentStore::reply_count).
    ReplyCount,
    /// [`SaltStore::salt`](horizon_core::SaltStore::salt).
    Salt,
    /// [`Reports::set_time_zone`](horizon_core::reports::Reports::set_time_zone).
    SetTimeZone,
    /// [`Reports::query`](horizon_core::reports::Reports::query).
    Query,
    /// [`Reports::status`](horizon_core::reports::Reports::status).
    ReportStatus,
    /// [`Reports::verify`](horizon_core::reports::Reports::verify).
    Verify,
    /// [`Reports::expire_sessions`](horizon_core::reports::Reports::expire_sessions).
    ExpireSessions,
}
