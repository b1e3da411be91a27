//! Runs the accumulator against a feed and a store.
