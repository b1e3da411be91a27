//! Live viewers, views, likes and comments for any Rust web application.
//!
//! An application holds one [`Horizon`]. It decides which [`Pages`] exist, who the caller is ([`Identify`]) and which
//! events to accept ([`EventPolicy`]). Its handlers, in any web framework, then open [live streams](Horizon::live),
//! [like](Horizon::like), [comment](Horizon::comment) and read [stats](Horizon::stats). [`Horizon::handle`] serves the
//! whole HTTP contract; [`horizon-axum`](https://docs.rs/horizon-axum) wraps it in an axum router.
//! `docs/frameworks.md` in the repository says what other frameworks need.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use eventhorizon::{Horizon, LiveOptions, Slug};
//!
//! let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
//! let bread = horizon.page("bread").await?;
//! let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
//!
//! let _live = horizon.live(&caller, LiveOptions::page(&bread)).await?; // a stream of bytes for the response body
//! horizon.like(&bread, &caller).await?;
//! let stats = &horizon.stats(&[bread.into()]).await?[0];
//! assert_eq!((stats.viewers, stats.likes), (1, 1));
//! horizon.close().await?;
//! # Ok(()) }
//! ```
//!
//! # Items by topic
//!
//! | topic | items |
//! |---|---|
//! | set-up | [`Horizon`], [`Builder`], [`Secret`], [`SecretError`] |
//! | configuration | [`Config`], `DashboardLink`, [`PrivacySignals`], [`IpNet`] |
//! | limits | [`Rates`], [`Rate`], [`ParseRateError`], [`NetworkLimits`] |
//! | application rules | [`Pages`], [`Identify`], [`EventPolicy`], [`RuleError`], [`async_trait`](macro@async_trait) |
//! | who the caller is | [`Identity`], [`Author`], [`Badge`] |
//! | decisions on events | [`ProposedEvent`], [`Decision`] |
//! | requests | [`Caller`], [`ExistingPage`], [`PageLoad`], [`client_addr`] |
//! | origins | [`Origin`], [`ParseOriginError`], [`same_origin`] |
//! | cookies and privacy | [`cookie_values`], [`HOST_COOKIE_PREFIX`], [`has_privacy_signal`] |
//! | live streams | [`Live`], [`LiveOptions`] |
//! | likes | [`LikeRequest`], [`LikeOutcome`] |
//! | custom events | [`CustomEvent`], [`CustomEventView`] |
//! | comments | [`NewComment`], [`CommentOutcome`], [`Paging`], [`Comment`], [`Visibility`], [`Moderation`] |
//! | rendering pages | [`PageReads`], [`PageStats`], [`StatsSnapshot`], [`ThreadsSnapshot`] |
//! | reports | [`Query`], [`DayRange`], [`Day`], [`Metric`], [`Dimension`], [`Filter`], [`FilterOperator`] |
//! | answers of reports | [`Table`], [`TopPage`], [`Value`], [`OrderBy`], [`Direction`], [`ReportError`] |
//! | reading reports | [`ReportPolicy`], [`ReportAccess`], [`PageDescription`] |
//! | what happens now | [`NowSnapshot`], [`ActivePage`], [`ActiveSource`] |
//! | settings of reports | [`SiteTimeZone`], [`TimeZoneError`], [`SessionRetention`] |
//! | scripts for pages | [`client_js`], [`client_modules`], [`client_types`] |
//! | HTTP | [`http`], [`bytes`], [`OriginalUri`], [`StreamBody`], [`ResponseBody`], [`MAX_REQUEST_BYTES`] |
//! | errors of requests | [`Problem`], [`ProblemKind`], [`prefers_html`] |
//! | domain ([`horizon_core`]) | [`Slug`], [`Topic`], [`EventKind`], [`EventId`], [`Timestamp`], [`Ports`], [`Error`] |
//! | backends | [`BusUrl`], [`StoreUrl`] |
//! | connections of a server | [`ConnectionLimiter`], [`ConnectionLimits`], [`ConnectionPermit`] |
//! | operation | [`Health`], [`ReadinessError`], [`shutdown_signal`], `start_log`, `LogGuard` |
//!
//! # Features
//!
//! | feature | default | what it gives | crates, at most |
//! |---|---|---|---|
//! | `bots` | yes | known crawlers do not count; without it, only headless browsers and prefetches do not | 6 |
//! | `comments` | yes | comments: their routes, rendering as safe HTML, and moderation | 55 |
//! | `context` | yes | source, browser, system, device, country and language of visits, for reports | 13 |
//! | `dashboard` | yes | `/dashboard`: the reports as pages; without it, only the API and CSV files | 5 |
//! | `metrics` | yes | `Horizon::metrics`: metrics in the OpenMetrics text format | 4 |
//! | `sqlite` | yes | stores `sqlite:PATH`: stats, comments and the secret in local files | 9 |
//! | `postgres` | no | stores `postgres://…`: stats, comments and the secret in a schema of your PostgreSQL | 52 |
//! | `redis` | no | event buses and stores `redis://HOST`: many processes serve one site | 55 |
//! | `log` | no | `start_log`: a bounded log on standard error that never blocks | 12 |
//! | `testing` | no | `testing`: a site on fakes with a clock, failures on demand and a reader of live streams | 1 |
//!
//! # Related crates and documents
//!
//! [`horizon-axum`](https://docs.rs/horizon-axum) has the router, extractors and a server for axum. A store or event bus
//! of your own implements the ports of [`horizon_core`]; [`horizon-memory`](https://docs.rs/horizon-memory) has fakes
//! for your tests. The README has examples of the rules. `docs/contract.md` in the repository describes the messages
//! over Redis, and the route `/openapi.json` the HTTP API.

mod background_visits;
#[cfg_attr(not(feature = "bots"), path = "bots_disabled.rs")]
mod bots;
mod breaker;
mod builder;
mod caller;
mod client;
mod clock;
#[cfg(feature = "comments")]
mod comments;
mod config;
mod connections;
mod cookies;
mod custom_events;
mod dashboard;
mod escape;
mod forwarding;
mod horizon;
pub mod http;
mod interaction;
mod likes;
mod limits;
mod live;
mod live_viewer;
mod maintenance;
mod metrics;
mod now;
mod origin;
mod page;
mod page_load;
mod page_questions;
mod page_reads;
mod pending_names;
mod problem;
mod read_cache;
mod reader;
#[cfg(feature = "comments")]
mod render;
mod report_access;
mod report_api;
mod report_files;
mod reports;
mod rules;
mod same_origin;
mod secret;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod visit_context;
mod visit_queue;
mod visit_tracker;
mod visitors;

pub use async_trait::async_trait;
pub use builder::Builder;
pub use bytes;
pub use caller::{Caller, client_addr};
pub use client::{client_js, client_modules, client_types};
#[cfg(feature = "comments")]
pub use comments::{CommentOutcome, Moderation, NewComment, Paging, ThreadsSnapshot};
pub use config::{Config, NetworkLimits, ParseRateError, PrivacySignals, Rate, Rates};
pub use connections::{ConnectionLimiter, ConnectionLimits, ConnectionPermit};
pub use cookies::{HOST_COOKIE_PREFIX, cookie_values};
pub use custom_events::CustomEvent;
#[cfg(feature = "dashboard")]
pub use dashboard::DashboardLink;
pub use horizon::Horizon;
pub use horizon_backend::{BusUrl, Health, ReadinessError, SessionRetention, StoreUrl, shutdown_signal};
#[cfg(feature = "log")]
pub use horizon_backend::{LogGuard, start_log};
pub use horizon_core::reports::{
    DayRange, Dimension, Direction, Filter, FilterOperator, Metric, OrderBy, Query, ReportError, SiteTimeZone, Table,
    TimeZoneError, Value,
};
pub use horizon_core::{
    self, Badge, Day, Error, EventId, EventKind, Ports, Slug, Timestamp, Topic, wire::CustomEventView, wire::PageStats,
};
#[cfg(feature = "comments")]
pub use horizon_core::{Comment, Visibility};
pub use http::{MAX_REQUEST_BYTES, OriginalUri, ResponseBody, StreamBody, prefers_html};
pub use ipnet::IpNet;
pub use likes::{LikeOutcome, LikeRequest};
pub use live::{Live, LiveOptions};
pub use now::{ActivePage, ActiveSource, NowSnapshot};
pub use origin::{Origin, ParseOriginError};
pub use page::ExistingPage;
pub use page_load::PageLoad;
pub use page_reads::PageReads;
pub use problem::{Problem, ProblemKind};
pub use reports::TopPage;
pub use rules::{
    Author, Decision, EventPolicy, Identify, Identity, PageDescription, Pages, ProposedEvent, ReportAccess,
    ReportPolicy, RuleError,
};
pub use same_origin::same_origin;
pub use secret::{Secret, SecretError};
pub use stats::StatsSnapshot;
pub use visitors::has_privacy_signal;

/// The build script uses it; its tests run here.
#[cfg(test)]
#[path = "../build/short_names.rs"]
mod short_names;

/// Compiles and runs the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
