//! EventHorizon on SQLite: a durable store with group commit.
//!
//! One thread owns the only connection that writes. It takes what is queued, commits it in one
//! transaction and answers after the commit, so that a write is on disk when its caller hears of it
//! and a hundred callers share one sync. Readers have a few connections of their own and never
//! wait for the writer (WAL).

mod comments;
mod condition;
mod connection;
mod error;
mod files;
mod inspect;
mod ledger;
mod log;
mod migrations;
mod panics;
mod readers;
mod sql;
mod stats;
mod writer;

pub use stats::SqliteStats;

/// Holds the README's example to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
