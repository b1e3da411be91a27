/// A method of a port, as something that can fail, take its time and be counted.
///
/// ```
/// # use horizon_core::Timestamp;
/// # use horizon_memory::testing::{Call, Clock, Fake};
/// # let fake = Fake::new(Clock::at(Timestamp::from_millis(0)));
/// assert_eq!(fake.attempts(Call::Salt), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Call {
    /// [`Presence::track`](horizon_core::Presence::track).
    Present,
    /// [`Analytics::track`](horizon_core::Analytics::track).
    Track,
    /// [`StatsStore::apply`](horizon_core::StatsStore::apply). What [`Track`](Self::Track) counts is no call of it.
    Apply,
    /// [`StatsStore::get`](horizon_core::StatsStore::get).
    Get,
    /// [`StatsStore::is_liked_by`](horizon_core::StatsStore::likes).
    Likes,
    /// [`StatsStore::expire`](horizon_core::StatsStore::forget).
    Forget,
    /// [`CommentStore::threads`](horizon_core::Comments::threads).
    Threads,
    /// [`CommentStore::thread`](horizon_core::Comments::thread).
    Thread,
    /// [`CommentStore::newest`](horizon_core::Comments::newest).
    Newest,
    /// [`CommentStore::desk`](horizon_core::Comments::desk).
    Desk,
    /// [`CommentStore::comment`](horizon_core::Comments::comment).
    Comment,
    /// [`CommentStore::replies`](horizon_core::Comments::replies).
    Replies,
    /// [`SaltStore::salt`](horizon_core::Salts::salt).
    Salt,
}
