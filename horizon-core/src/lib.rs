//! The domain of EventHorizon, live presence and exact, private analytics: types, ports and pure rules.
//!
//! Applications use [`eventhorizon`](https://docs.rs/eventhorizon) or
//! [`horizon-axum`](https://docs.rs/horizon-axum), which re-export this crate. Depend on it directly to write an
//! adapter for another store, event bus or presence.
//!
//! A page has *viewers* (who has it open now), *visits*, *likes* and *comments*. The port [`Presence`] tracks viewers,
//! [`EventBus`] takes [`Event`]s and streams [`Stats`], and [`StatsStore`] counts each event exactly once. The
//! accumulator connects the last two: [`process_batch`] takes a batch from an [`EventConsumer`], applies it to the
//! store, publishes the new totals and acknowledges the batch.
//!
//! The crate does no I/O and reads no clock and no randomness: time and entropy are arguments ([`Stamp`]), so every
//! rule is a plain function that can be tested.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp};
//! use horizon_memory::MemoryStore;
//!
//! let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]); // the time and ten random bytes
//! let reader = ReaderId::from_u128(1);
//! let like = Event::new(stamp, Slug::new("hello")?.into(), EventKind::Like { reader });
//!
//! let store = MemoryStore::new();
//! store.apply(&[like.clone()]).await?;
//! store.apply(&[like.clone()]).await?; // a retry: the event has the same id and counts once
//! assert_eq!(store.total(&like.topic).await?.stats.likes, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Items by topic
//!
//! | topic | items |
//! |---|---|
//! | ports | [`Ports`], [`Presence`], [`PresenceGuard`], [`EventBus`] |
//! | ports of a store | [`StatsStore`], [`CommentStore`], [`SaltStore`] |
//! | shortcuts for ports | [`PresenceExt`], [`EventBusExt`], [`StatsStoreExt`] |
//! | events | [`Event`], [`EventKind`], [`EventId`], [`Stamp`] |
//! | visits | [`Visit`], [`VisitCause`], [`VisitContext`], [`ContextValue`] |
//! | custom events | [`EventName`], [`EventNameError`], [`Properties`], [`PropertiesError`] |
//! | their numbers | [`EventCounts`], [`MAX_EVENT_NAMES`], [`OTHER_EVENTS`] |
//! | what events belong to | [`Topic`], [`ParseTopicError`], [`Slug`], [`SlugError`] |
//! | people | [`VisitorKey`], [`ReaderId`], [`ParseIdError`] |
//! | networks | [`network_of`], [`network_prefix_of`], [`PREFIX_FACTOR`] |
//! | time | [`Timestamp`], [`Day`], [`VISIT_GAP`], [`VISITOR_RETENTION`], [`DEDUPE_WINDOW`], [`MAX_CLOCK_SKEW`] |
//! | numbers | [`Stats`], [`Update`], [`Delta`] |
//! | comments | [`Comment`], [`Visibility`], [`Thread`], [`ThreadPage`] |
//! | new comments | [`Draft`], [`DraftError`], [`DraftErrorReason`], [`Badge`], [`BadgeError`] |
//! | limits of comments | [`MAX_AUTHOR_CHARS`], [`MAX_COMMENT_CHARS`], [`MAX_REPLIES`], [`REPLIES_PER_THREAD`] |
//! | pages of comments | [`PageBudget`], [`MAX_PAGE_BYTES`], [`COMMENT_OVERHEAD_BYTES`] |
//! | the accumulator | [`process_batch`], [`BatchOutcome`], [`RejectReason`] |
//! | its source of events | [`EventConsumer`], [`Batch`], [`AckToken`] |
//! | for stores with a synchronous driver | [`Ledger`], [`apply_events`] |
//! | for stores with an async driver | [`BatchKeys`], [`Facts`], [`Changes`] |
//! | what such a store writes | [`VisitorChange`], [`LikeChange`], [`VisibilityChange`] |
//! | the same with reports | [`ReportFacts`](reports::ReportFacts), [`CountedEvents`](reports::CountedEvents) |
//! | for event buses | [`UnacknowledgedEvents`], [`Backoff`] |
//! | text | [`clean_text`], [`has_visible_text`] |
//! | errors | [`Error`], [`Result`], [`error_chain`], [`panic_message`] |
//! | module [`wire`] | the messages to browsers |
//! | module [`reports`] | what happened in each hour, day and session |
//! | module [`presence`] | the protocol by which several nodes agree on the viewers |
//! | module `totals` (feature `driver`) | the hub of totals, which event buses on tokio share |
//! | module `testing` (feature `testing`) | the conformance suites for adapters |
//!
//! # Features
//!
//! | feature | default | what it gives |
//! |---|---|---|
//! | `driver` | no | what adapters on tokio share: the presence driver and the hub of totals |
//! | `testing` | no | the conformance suites: `horizon_core::store_suite!(make);` generates the tests of a store |
//!
//! # Related crates
//!
//! [`horizon-memory`](https://docs.rs/horizon-memory), [`horizon-sqlite`](https://docs.rs/horizon-sqlite),
//! [`horizon-postgres`](https://docs.rs/horizon-postgres) and
//! [`horizon-redis`](https://docs.rs/horizon-redis) are adapters. `docs/contract.md` in the repository describes what
//! processes send each other over Redis, `examples/write-an-adapter` is a store on redb, and
//! `examples/write-an-async-adapter` a smaller one on PostgreSQL.

mod accumulator;
mod backoff;
mod badge;
mod batch_keys;
mod changes;
mod comment;
mod comment_store;
mod custom_event;
mod error;
mod event;
mod event_counts;
mod facts;
mod id;
mod ledger;
mod paging;
mod pending;
mod ports;
mod ports_ext;
pub mod presence;
pub mod reports;
mod shared_store;
mod site_ports;
mod slug;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod time;
mod topic;
#[cfg(feature = "driver")]
pub mod totals;
mod visit;
pub mod wire;

pub use accumulator::{BatchOutcome, process_batch};
pub use backoff::Backoff;
pub use badge::{Badge, BadgeError};
pub use batch_keys::BatchKeys;
pub use changes::{Changes, LikeChange, VisibilityChange, VisitorChange};
pub use comment::{
    Comment, Draft, DraftError, DraftErrorReason, MAX_AUTHOR_CHARS, MAX_COMMENT_CHARS, MAX_REPLIES, Thread, ThreadPage,
    Visibility,
};
pub use comment_store::CommentStore;
pub use custom_event::{EventName, EventNameError, Properties, PropertiesError};
pub use error::{Error, Result, error_chain, panic_message};
pub use event::{Event, EventKind, RejectReason};
pub use event_counts::{EventCounts, MAX_EVENT_NAMES, OTHER_EVENTS};
pub use facts::Facts;
pub use id::{EventId, PREFIX_FACTOR, ParseIdError, ReaderId, Stamp, VisitorKey, network_of, network_prefix_of};
pub use ledger::{Ledger, apply_events};
pub use paging::{COMMENT_OVERHEAD_BYTES, MAX_PAGE_BYTES, PageBudget, REPLIES_PER_THREAD};
pub use pending::UnacknowledgedEvents;
pub use ports::{AckToken, Batch, EventBus, EventConsumer, Presence, PresenceGuard, SaltStore, StatsStore};
pub use ports_ext::{EventBusExt, PresenceExt, StatsStoreExt};
pub use site_ports::Ports;
pub use slug::{Slug, SlugError};
pub use stats::{Delta, Stats, Update};
pub use text::{clean_text, has_visible_text};
pub use time::{Day, Timestamp};
pub use topic::{ParseTopicError, Topic};
pub use visit::{ContextValue, Visit, VisitCause, VisitContext};

/// How long an event's id is kept, and so the greatest age of an event: 30 days.
///
/// Within this time a repeated event is recognised. [`process_batch`] rejects older events, because a repeat could
/// not be distinguished from a new event.
pub const DEDUPE_WINDOW: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// How far an event's clock may be ahead of the accumulator's: one hour.
pub const MAX_CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(3600);

/// How long a visitor must be away from a page before the next view is a new visit: 30 minutes.
pub const VISIT_GAP: std::time::Duration = std::time::Duration::from_secs(30 * 60);

/// How long a store keeps the time at which it last saw a visitor: 24 hours, the lifetime of a visitor key.
pub const VISITOR_RETENTION: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
