//! How to write an adapter over an async driver: a store for EventHorizon on PostgreSQL, with [tokio-postgres].
//!
//! `examples/write-an-adapter` implements a [`Ledger`](horizon_core::Ledger), which the rules call for each event. A
//! method of a ledger cannot wait for an async driver, and a query for each event would be slow. This store counts a
//! batch *facts first*, with a few queries whatever its size:
//!
//! 1. [`BatchKeys`](horizon_core::BatchKeys) lists what the rules look up for the events of the batch.
//! 2. The store reads it into [`Facts`](horizon_core::Facts): a query for each kind of fact.
//! 3. `Facts::apply` runs the same rules in memory, and returns [`Changes`](horizon_core::Changes).
//! 4. The store writes them: a statement for each kind of change.
//!
//! All of it is one transaction under an advisory lock, so that nothing changes between the reads and the writes, also
//! with several processes. Read the files in this order:
//!
//! 1. `schema.rs`: **the tables**, and the lock.
//! 2. `facts.rs`: **the reads**, with `= ANY($1)` and joins with `unnest`.
//! 3. `changes.rs`: **the writes**, each an `INSERT … SELECT … FROM unnest`.
//! 4. `store.rs`: **the connections**, and the ports `StatsStore` and `SaltStore`.
//! 5. `comments.rs`: **the comments**, with one query for the replies of all threads of a page.
//! 6. `rows.rs` and `error.rs`: **conversions.** An error reports whether a retry may succeed.
//! 7. `tests/suites.rs`: **the conformance suites**, against a PostgreSQL that the test starts.
//!
//! The queries of a step are sent at once, so a batch costs five round trips: begin, lock, read, write, commit.
//! `cargo run --release -p write-an-async-adapter --example batches` measures it.
//!
//! A store for production also has prepared statements, a pool of connections for reads, TLS, a bound on waiting calls,
//! `expire` in small transactions, and an index of the visible threads.
//!
//! [tokio-postgres]: https://docs.rs/tokio-postgres

mod changes;
mod comments;
mod error;
mod facts;
mod rows;
mod schema;
mod store;

pub use store::AsyncStore;
