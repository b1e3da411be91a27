//! The program is `publish.py`: a visit, a like or a comment told to EventHorizon by what is no Rust.
//!
//! It follows `docs/contract.md` and nothing else. This package is there for its test, which runs the program against
//! a Redis and an accumulator: `cargo test -p publish-from-python`. It needs `redis-server`, `redis-cli` and
//! `python3`.
