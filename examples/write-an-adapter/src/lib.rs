//! How to write an adapter: a store for EventHorizon over the key-value database [redb].
//!
//! A store keeps the numbers and the comments. It is asked through three ports:
//! [`StatsStore`](horizon_core::StatsStore) counts, [`CommentStore`](horizon_core::Comments) reads what
//! was counted as a comment, [`SaltStore`](horizon_core::Salts) keeps the secret of the day. Read the
//! files in this order; each one is a step, and the steps are the same over any database.
//!
//! 1. `tables.rs`: **what is kept.** The facts behind the numbers, not only the numbers: which ids
//!    were counted, when a visitor was last seen, what a reader said last.
//! 2. `ledger.rs`: **how a fact is written.** A [`Ledger`](horizon_core::Ledger) is seven small
//!    questions about these facts. The rules, for instance when a visit is a new one, stay in
//!    [`apply_events`](horizon_core::record), which asks them. No adapter writes the rules again. `rows.rs`
//!    is its part about comments.
//! 3. `store.rs`: **all or nothing.** [`RedbStats`] runs `apply_events` inside one write transaction of
//!    the database, off the threads of the async runtime.
//! 4. `stats.rs` and `comments.rs`: **the ports**, now a few lines a method.
//! 5. `error.rs`: **the edge.** The driver's errors become the port's, which say whether to try again.
//! 6. `tests/suites.rs`: **the proof.** One macro line, and each promise is a test.
//!
//! Begin with the last step: write the ports with nothing behind them, start the suites, and let them
//! say what is missing. Three things they cannot see are for you to prove: that an error of the driver in
//! the middle of a batch takes all of it back (`store.rs` has that test), that Ok means on the disk, and
//! that what was erased is gone from there.
//!
//! What this store leaves out, and `horizon-sqlite` shows: callers who share one commit, a bound on how
//! many wait, indexes over time (for `expire`) and over a comment's state (for the desk), `expire` in
//! small portions, and writing over what was erased, which here stays in the file until redb needs the
//! room.
//!
//! [redb]: https://docs.rs/redb

mod comments;
mod error;
mod ledger;
mod rows;
mod stats;
mod store;
mod tables;

pub use store::RedbStats;
