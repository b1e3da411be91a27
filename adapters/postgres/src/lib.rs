//! EventHorizon on PostgreSQL: a store for any number of processes, in a schema of its own.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use horizon_core::{Event, EventKind, Stamp, StatsStore, Timestamp, Topic};
//! use horizon_postgres::{PostgresConfig, PostgresStore};
//!
//! let store = PostgresStore::new(&PostgresConfig::new("postgres://app:secret@localhost/app")?)?;
//! let stamp = Stamp::new(Timestamp::from_millis(1_800_000_000_000), [7; 10]);
//! let visit = Event::new(stamp, Topic::Site, EventKind::visit(None));
//! let totals = store.apply(&[visit.clone(), visit]).await?; // the same event twice
//! assert_eq!(totals[0].stats.visits, 1);
//! # Ok(())
//! # }
//! ```
//!
//! | item | what it is |
//! |---|---|
//! | [`PostgresConfig`] | the address of a database, with options |
//! | [`PostgresStore`] | the store: totals, reports, comments and salts |
//!
//! The crate has no features. [`horizon_core`] describes the ports.

mod columns;
mod config;
mod connection;
mod error;
mod schema;
mod sql;
mod store;

pub use config::PostgresConfig;
pub use store::PostgresStore;

/// Compiles the README's example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
