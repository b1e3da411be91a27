//! Live readers, views, likes and comments for any Rust web application.
//!
//! [`Horizon`] is what an application holds. [`Horizon::from_urls`] says where events go and numbers are kept; the
//! application's own rules say which [`Pages`] there are, who asks ([`Identify`]) and what is wanted ([`EventPolicy`]). Then
//! a handler of any framework opens a [live stream](Horizon::live) and writes its bytes, [likes](Horizon::like),
//! [comments](Horizon::comment), and reads [numbers](Horizon::numbers) for its own pages. With axum, `horizon-axum` has
//! the handlers ready.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use eventhorizon::{Horizon, Slug};
//!
//! let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
//! let bread = horizon.page("bread")?;
//! let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
//!
//! let _live = horizon.live(Some(&bread), &caller, false).await?; // a stream of bytes, ready to be written
//! horizon.like(&bread, true, None, &caller).await?;
//! let numbers = horizon.stats(&[bread.into()]).await?[0];
//! assert_eq!((numbers.viewers, numbers.likes), (1, 1));
//! horizon.close().await?;
//! # Ok(()) }
//! ```

mod attendance;
mod breaker;
mod builder;
mod caller;
mod client;
mod comments;
mod config;
mod desk;
mod dice;
mod horizon;
mod house;
pub mod http;
mod known;
mod late;
mod likes;
mod live;
mod metrics;
mod numbers;
mod origin;
mod page_reads;
mod problem;
mod rates;
mod reader;
mod render;
mod rules;
mod same_origin;
mod secret;
mod visitors;
mod visits;

pub use builder::Builder;
pub use bytes;
pub use caller::{Caller, client_addr};
pub use client::{client_js, client_types};
pub use comments::{CommentOutcome, NewComment};
pub use config::{Config, Moderation, Rate, Rates, Signals};
pub use horizon::{Connection, Horizon};
pub use horizon_backend::{BusUrl, Health, ReadinessError, StoreUrl, shutdown_signal};
#[cfg(feature = "log")]
pub use horizon_backend::{LogGuard, start_log};
pub use horizon_core::{
    self, Comment, Error, EventId, EventKind, Ports, Slug, Timestamp, Topic, Visibility, wire::PageStats,
};
pub use http::{Content, MAX_BODY};
pub use ipnet::IpNet;
pub use likes::LikeOutcome;
pub use live::Live;
pub use numbers::{LastKnownStats, LastKnownThreads};
pub use origin::{Origin, ParseOriginError};
pub use page_reads::PageReads;
pub use problem::{Problem, ProblemKind};
pub use rules::{Decision, EventPolicy, Identify, Identity, Pages, ProposedEvent};
pub use same_origin::same_origin;
pub use secret::{Secret, SecretError};
pub use visitors::has_privacy_signal;

/// Holds the README's examples to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
