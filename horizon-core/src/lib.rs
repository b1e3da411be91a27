//! Live presence and exact, private analytics: the words, the ports and the pure rules.
//!
//! A page has *viewers* (who is reading it now), *visits*, *likes* and *comments*. Whoever embeds
//! EventHorizon talks to three ports: [`Presence`] knows who is here, [`Analytics`] takes
//! [`Event`]s and hands out [`Stats`], [`StatsStore`] counts each event exactly once. The
//! accumulator stands between the last two: [`process_batch`] takes a batch from a [`EventConsumer`], records it,
//! publishes the new totals and acknowledges. [`presence`] is how many nodes agree on who is here.
//!
//! Nothing in this crate does I/O, reads a clock or throws dice: time and randomness come in as
//! arguments ([`Stamp`]), so that every rule can be tested as a plain function. Adapters do the
//! rest; feature `testing` holds the suites that prove one.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp};
//! use horizon_memory::MemoryStats;
//!
//! let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
//! let reader = ReaderId::from_u128(1);
//! let like = Event::new(stamp, Slug::new("hello")?.into(), EventKind::Like { reader });
//!
//! let store = MemoryStats::new();
//! store.apply(&[like.clone()]).await?;
//! store.apply(&[like.clone()]).await?; // a retry, known by its id
//! assert_eq!(store.total(&like.topic).await?.stats.likes, 1);
//! # Ok(())
//! # }
//! ```

mod accumulator;
mod backoff;
mod comment;
mod comment_store;
mod error;
mod event;
mod id;
mod ledger;
mod paging;
mod ports;
mod ports_ext;
pub mod presence;
mod site_ports;
mod slug;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod topic;
pub mod wire;

pub use accumulator::{BatchOutcome, process_batch};
pub use backoff::Backoff;
pub use comment::{
    Comment, Draft, DraftError, MAX_AUTHOR_CHARS, MAX_BODY_CHARS, MAX_REPLIES, Thread, ThreadPage, Visibility,
};
pub use comment_store::CommentStore;
pub use error::{Error, Result, panic_message};
pub use event::{Event, EventKind, RejectReason};
pub use id::{EventId, ParseIdError, ReaderId, Stamp, VisitorKey};
pub use ledger::{Ledger, apply_events};
pub use paging::{COMMENT_OVERHEAD_BYTES, MAX_PAGE_BYTES, PageBudget, REPLIES_PER_THREAD};
pub use ports::{AckToken, Analytics, Batch, EventConsumer, Presence, PresenceGuard, SaltStore, StatsStore};
pub use ports_ext::{AnalyticsExt, PresenceExt, StatsStoreExt};
pub use site_ports::Ports;
pub use slug::{Slug, SlugError};
pub use stats::{Delta, Stats, Update};
pub use time::{Day, Timestamp};
pub use topic::{ParseTopicError, Topic};

/// How long an event's id is remembered, and so how old an event may be: 30 days.
///
/// Within it a repeated event is recognised; one that is older is refused by [`process_batch`], because
/// nobody could tell any more whether it had been counted.
///
/// ```
/// use std::time::Duration;
/// use horizon_core::{DEDUPE_WINDOW, Timestamp};
///
/// let now = Timestamp::from_millis(1_800_000_000_000);
/// let last_week = now.minus(Duration::from_secs(7 * 24 * 3600));
/// assert!(now.since(last_week) < DEDUPE_WINDOW); // a retry of it is still recognised
/// ```
pub const DEDUPE_WINDOW: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// How far an event's clock may run ahead of the accumulator's: one hour.
///
/// ```
/// use horizon_core::{CLOCK_SKEW, Event, EventKind, Stamp, Timestamp, Topic};
///
/// let now = Timestamp::from_millis(1_800_000_000_000);
/// let ahead = Stamp::new(now.plus(CLOCK_SKEW), [1; 10]);
/// let visit = Event::new(ahead, Topic::Site, EventKind::Visit { visitor: None });
/// assert!(visit.check_time(now).is_ok());
/// ```
pub const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(3600);

/// How long a visitor must be away from a page before coming back is another visit: 30 minutes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic, VISIT_GAP, VisitorKey};
/// # use horizon_memory::MemoryStats;
///
/// let store = MemoryStats::new();
/// let visitor = Some(VisitorKey::from_u128(1));
/// let came = Timestamp::from_millis(1_800_000_000_000);
/// for (at, visits) in [(came, 1), (came.plus(VISIT_GAP), 1), (came.plus(3 * VISIT_GAP), 2)] {
///     let visit = Event::new(Stamp::new(at, [1; 10]), Topic::Site, EventKind::Visit { visitor });
///     assert_eq!(store.apply(&[visit]).await?[0].stats.visits, visits);
/// }
/// # Ok(())
/// # }
/// ```
pub const VISIT_GAP: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// How long a store remembers when it last saw a visitor: 24 hours, as long as a visitor key lives.
///
/// [`StatsStore::expire`] erases who is older, and no visit is counted twice for it.
///
/// ```
/// use horizon_core::{VISIT_GAP, VISITOR_MEMORY};
/// assert!(VISIT_GAP < VISITOR_MEMORY); // whoever is forgotten starts a new visit anyway
/// ```
pub const VISITOR_MEMORY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Holds the README's example to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
