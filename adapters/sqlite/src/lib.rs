//! EventHorizon on SQLite: a durable store with group commit.
//!
//! One thread owns the only connection that writes. It commits queued writes in one transaction and replies to their
//! callers after the commit, so many callers share one sync. Reads use a few connections of their own and never wait
//! for the writer (WAL).
//!
//! Applications get it from [`eventhorizon`](https://docs.rs/eventhorizon) by the URL `sqlite:PATH` (feature `sqlite`).
//! The README describes which files it opens, access to them, erased data, migrations and readiness.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use horizon_core::{Event, EventKind, ReaderId, Slug, Stamp, StatsStore, StatsStoreExt, Timestamp};
//! use horizon_sqlite::SqliteStore;
//!
//! let folder = tempfile::tempdir()?; // your folder
//! let store = SqliteStore::open(folder.path().join("numbers.db"))?;
//! let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
//! let reader = ReaderId::from_u128(1);
//! let like = Event::new(stamp, Slug::new("hello")?.into(), EventKind::Like { reader });
//! store.apply(&[like.clone()]).await?; // on disk
//! assert_eq!(store.total(&like.topic).await?.stats.likes, 1);
//! store.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | item | what it is |
//! |---|---|
//! | [`SqliteStore`] | the store: totals, comments and salts in one file |
//! | [`restrict_access`] | removes the access of other users to a file |
//!
//! The crate has no features. [`horizon_core`] describes the ports.

mod connection;
mod error;
mod files;
mod health;
mod schema;
mod sql;
mod store;
mod writer;

pub use files::access::restrict_access;
pub use store::SqliteStore;

/// Compiles and runs the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
