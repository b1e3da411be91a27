//! The names of the keys. All keys of a page carry its topic as a hash tag, so that they share a slot of a cluster.

use std::fmt::Display;

use horizon_core::{Day, EventId, Slug, Topic, Visibility};

/// Every topic that was ever named (set).
pub(crate) const TOPICS: &str = "horizon:topics";

/// Every topic that may have comments (set).
pub(crate) const COMMENTED: &str = "horizon:commented";

/// The salts, by the number of their day (hash).
pub(crate) const SALTS: &str = "horizon:salts";

/// The secret that all who share the store sign with (string).
pub(crate) const SECRET: &str = "horizon:secret";

/// What tells this store from others (string).
pub(crate) const STORE_ID: &str = "horizon:store-id";

/// What is written to see whether writing works (string).
pub(crate) const WRITABLE: &str = "horizon:writable";

/// The totals of a page, and the place that its last comment got (hash).
pub(crate) const TOTAL: &str = "total";

/// The numbers of the days that have ids (set).
pub(crate) const DAYS: &str = "days";

/// The ids that have no time, each with its event's time (hash).
pub(crate) const OTHER_IDS: &str = "ids:other";

/// When each visitor was last seen, in milliseconds (sorted set).
pub(crate) const VISITORS: &str = "visitors";

/// The last word of each reader: `1` or `0` and its stamp (hash).
pub(crate) const LIKES: &str = "likes";

/// The comments by their ids, see `record.rs` (hash).
pub(crate) const COMMENTS: &str = "comments";

/// The heads of the threads that readers see, by their places (sorted set).
pub(crate) const THREADS: &str = "threads";

/// Parent, place and id of each reply, in this order (sorted set).
pub(crate) const REPLIES: &str = "replies";

/// The same of those that readers see.
pub(crate) const SHOWN_REPLIES: &str = "replies:shown";

/// The comments in one state, by their places (sorted set).
pub(crate) const fn list(state: Visibility) -> &'static str {
    state.as_str()
}

/// A key of a page.
pub(crate) fn page(topic: impl Display, part: &str) -> String {
    format!("horizon:{{{topic}}}:{part}")
}

/// A key of a page that has comments.
pub(crate) fn of_blog(slug: &Slug, part: &str) -> String {
    page(Topic::Page(slug.clone()), part)
}

/// The ids whose own time is of this day, each with the lower half of its event's time (hash).
pub(crate) fn ids(topic: impl Display, day: Day) -> String {
    page(topic, &format!("ids:{}", day.number()))
}

/// The page that a comment stands on (string).
pub(crate) fn comment(id: EventId) -> String {
    format!("horizon:comment:{id}")
}

/// What `count.lua` wants before the days, in its order.
pub(crate) fn of_page(topic: &Topic) -> [String; 12] {
    [
        TOTAL,
        DAYS,
        VISITORS,
        LIKES,
        COMMENTS,
        list(Visibility::Pending),
        list(Visibility::Shown),
        list(Visibility::Removed),
        THREADS,
        REPLIES,
        SHOWN_REPLIES,
        OTHER_IDS,
    ]
    .map(|part| page(topic, part))
}
