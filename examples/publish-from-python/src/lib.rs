//! The program `publish.py` publishes a visit, a like or a comment without Rust. It follows `docs/contract.md`.
//!
//! This package exists for its test, which needs `redis-server`, `redis-cli` and `python3`:
//! `cargo test -p publish-from-python`.
