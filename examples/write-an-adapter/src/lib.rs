//! How to write an adapter: a store for EventHorizon on the key-value database [redb].
//!
//! A store implements three ports: [`StatsStore`](horizon_core::StatsStore) counts events,
//! [`CommentStore`](horizon_core::CommentStore) reads comments, [`SaltStore`](horizon_core::SaltStore) keeps the salt
//! of the day. `eventhorizon::Horizon::from_store` then runs a site on it. The README says when to write a store like
//! this one, and when like `examples/write-an-async-adapter`. Read the files in this order. The steps are the same for
//! any database with a synchronous driver.
//!
//! 1. `tables.rs`: **the schema.** Not only totals, but what the rules must remember: the ids of counted events, when a
//!    visitor was last seen, what a reader likes.
//! 2. `ledger.rs`: **the ledger.** A [`Ledger`](horizon_core::Ledger) has seven small methods on that data. The rules,
//!    such as when a visit counts, are in [`apply_events`](horizon_core::apply_events), which calls them. `rows.rs` is
//!    the part about comments.
//! 3. `store.rs`: **transactions.** [`RedbStats`] runs `apply_events` in one write transaction, off the async threads.
//! 4. `stats.rs` and `comments.rs`: **the ports**, a few lines per method.
//! 5. `error.rs`: **errors.** They report whether a retry may succeed.
//! 6. `tests/suites.rs`: **the conformance suites.** One macro call makes each promise of a port a test.
//!
//! Start with the last step: implement the ports with empty methods, run the suites, and fix what fails. Test three
//! things yourself, because the suites cannot: an error of the database in the middle of a batch rolls back all of it
//! (see `store.rs`), confirmed writes survive a power cut, and erased data is gone from the disk.
//!
//! `horizon-sqlite` also has what this store leaves out: group commit, a bound on waiting calls, indexes on the time
//! (for `expire`) and on the visibility of comments, `expire` in small transactions, and overwriting erased data, which
//! here stays in the file until redb reuses its space.
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
