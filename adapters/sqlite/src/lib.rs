//! EventHorizon on SQLite: a durable store with group commit.
//!
//! One thread owns the only connection that writes. It commits queued writes in one transaction and replies to their
//! callers after the commit, so many callers share one sync. Reads use a few connections of their own and never wait
//! for the writer (WAL).

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
