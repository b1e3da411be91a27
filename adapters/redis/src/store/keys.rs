//! The keys of the store. Those of a topic have it as a hash tag, so that they share a slot of a Redis Cluster.

use std::fmt::Display;

use horizon_core::reports::Dimension;
use horizon_core::{Day, EventId, Slug, Topic, Visibility};

use crate::wire::HashTag;

/// The topics with events (set).
pub(super) const TOPICS: &str = "horizon:topics";

/// The slugs of pages that may have comments (set).
pub(super) const COMMENTED: &str = "horizon:commented";

/// The salts by the numbers of their days (hash).
pub(super) const SALTS: &str = "horizon:salts";

/// Set while erased salts or visitors are still in the append-only file: a number (string).
pub(super) const REWRITE_DUE: &str = "horizon:aof-rewrite-due";

/// The secret that all processes sign with (string).
pub(super) const SECRET: &str = "horizon:secret";

/// The key of login sessions (string).
pub(super) const LOGIN_KEY: &str = "horizon:login-key";

/// The identity of this store (string).
pub(super) const STORE_ID: &str = "horizon:store-id";

/// The key of a write check (string).
pub(super) const WRITABLE: &str = "horizon:writable";

/// The totals of a topic, the position of its last comment, and the count of each custom event (hash).
pub(super) const TOTAL: &str = "total";

/// The numbers of the days with ids (set).
pub(super) const ID_DAYS: &str = "id-days";

/// The ids without a time, with the times of their events (hash).
pub(super) const OTHER_IDS: &str = "other-ids";

/// [`ID_DAYS`] in the last version. Since then a text, at which an accumulator of that version fails.
const OLD_ID_DAYS: &str = "days";

/// [`OTHER_IDS`] in the last version. Since then a text.
pub(super) const OLD_OTHER_IDS: &str = "ids:other";

/// When each visitor was last seen, in milliseconds, as stored by the last version (sorted set).
pub(super) const OLD_VISITORS: &str = "visitors";

/// The states of visitors whose days are open, see `state_record.rs` (hash).
pub(super) const STATES: &str = "visitor-states";

/// The days that have buckets, each as 4 bytes (string).
pub(super) const BUCKET_DAYS: &str = "bucket-days";

/// What the reports keep of the site: `time_zone`, `cutoff` in milliseconds, `late_events` (hash).
pub(super) const REPORTS: &str = "reports";

/// The field of the totals with the position of the last comment from before the topic had reports. A topic without it
/// has no reports yet.
pub(super) const DATED_AFTER: &str = "dated_after";

/// The last like or unlike of each reader, see `like_record.rs` (hash).
pub(super) const LIKES: &str = "likes";

/// The comments by their ids, see `comment_record.rs` (hash).
pub(super) const COMMENTS: &str = "comments";

/// The heads of visible threads by their positions (sorted set).
pub(super) const THREADS: &str = "threads";

/// Parent, position and id of each reply, concatenated (sorted set).
pub(super) const REPLIES: &str = "replies";

/// The same of the shown replies.
pub(super) const SHOWN_REPLIES: &str = "replies:shown";

/// The comments in one state by their positions (sorted set).
pub(super) const fn in_state(state: Visibility) -> &'static str {
    state.as_str()
}

/// Returns a key of a topic.
pub(super) fn of_topic(topic: impl Display, part: &str) -> String {
    format!("horizon:{{{}}}:{part}", HashTag(topic))
}

/// Returns a key of a page.
pub(super) fn of_page(slug: &Slug, part: &str) -> String {
    of_topic(Topic::Page(slug.clone()), part)
}

/// Returns the key of the ids of a day, each with the lower half of its event's time (hash).
pub(super) fn ids(topic: impl Display, day: Day) -> String {
    of_topic(topic, &format!("ids:{}", day.number()))
}

/// Returns the key of the slug of a comment's page (string).
pub(super) fn comment(id: EventId) -> String {
    format!("horizon:comment:{id}")
}

/// Returns the key of the buckets of a topic on a day, see `bucket_record.rs` (hash).
pub(super) fn buckets(topic: impl Display, day: Day) -> String {
    of_topic(topic, &format!("buckets:{}", day.number()))
}

/// Returns the key of the values of a dimension on a day, see `bucket_record.rs` (hash).
pub(super) fn values(dimension: Dimension, day: Day) -> String {
    of_topic(Topic::Site, &format!("values:{}:{dimension}", day.number()))
}

/// Returns the keys with which `undated.lua` makes what a topic has undated.
pub(super) fn of_marking(topic: impl Display) -> [String; 5] {
    [TOTAL, ID_DAYS, OTHER_IDS, OLD_ID_DAYS, OLD_OTHER_IDS].map(|part| of_topic(&topic, part))
}

/// Returns the keys with which `apply.lua` writes a comment.
pub(super) fn of_comments(topic: &Topic) -> [String; 8] {
    [
        TOTAL,
        COMMENTS,
        in_state(Visibility::Pending),
        in_state(Visibility::Shown),
        in_state(Visibility::Removed),
        THREADS,
        REPLIES,
        SHOWN_REPLIES,
    ]
    .map(|part| of_topic(topic, part))
}
