//! Sites of several nodes that share a Redis.

#[cfg(test)]
mod now;
#[cfg(test)]
#[path = "../support/snapshots.rs"]
mod snapshots;
