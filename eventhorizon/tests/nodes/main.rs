//! Sites of several nodes that share a Redis.

#[cfg(test)]
mod now;
