//! Live presence and exact, private analytics: the words, the ports and the pure rules.
//!
//! A page has *viewers* (who is reading it now), *visits*, *likes* and *comments*. Whoever embeds
//! EventHorizon talks to three ports: [`Presence`] knows who is here, [`Analytics`] takes
//! [`Event`]s and hands out [`Stats`], [`StatsStore`] counts each event exactly once. The
//! accumulator stands between the last two: [`step`] takes a batch from a [`Feed`], records it,
//! publishes the new totals and acknowledges. [`presence`] is how many nodes agree on who is here.
//!
//! Nothing in this crate does I/O, reads a clock or throws dice: time and randomness come in as
//! arguments ([`Stamp`]), so that every rule can be tested as a plain function. Adapters do the
//! rest; feature `testing` holds the suites that prove one.

mod accumulator;
mod comment;
mod error;
mod event;
mod id;
mod ledger;
pub mod live;
mod picked;
mod ports;
mod ports_ext;
pub mod presence;
mod slug;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod topic;

pub use accumulator::{Progress, step};
pub use comment::{
    Comment, Draft, Invalid, MAX_AUTHOR_CHARS, MAX_BODY_CHARS, MAX_REPLIES, Thread, ThreadPage, Visibility,
};
pub use error::{Error, Result};
pub use event::{Event, EventKind, Refusal};
pub use id::{EventId, ParseIdError, ReaderId, Stamp, VisitorKey};
pub use ledger::{Ledger, record};
pub use picked::Ports;
pub use ports::{Analytics, Batch, Comments, Feed, Presence, PresenceGuard, Receipt, Salts, StatsStore};
pub use ports_ext::{AnalyticsExt, PresenceExt, StatsStoreExt};
pub use slug::{Slug, SlugError};
pub use stats::{Delta, Stats, Update};
pub use time::{Day, Timestamp};
pub use topic::{ParseTopicError, Topic};

/// How long an event's id is remembered, and so how old an event may be: 30 days.
///
/// Within it a repeated event is recognised; one that is older is refused by [`step`], because
/// nobody could tell any more whether it had been counted.
pub const DEDUPE_WINDOW: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// How far an event's clock may run ahead of the accumulator's: one hour.
pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(3600);

/// How long a visitor must be away from a page before coming back is another visit: 30 minutes.
pub const VISIT_GAP: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// How long a store remembers when it last saw a visitor: 24 hours, as long as a visitor key lives.
pub const VISITOR_MEMORY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
