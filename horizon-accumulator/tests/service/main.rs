//! The accumulator as a service with a real Redis.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod accumulator;
mod counts;
mod log;
mod lost_events;
mod nodes;
mod postgres;
mod reports;
mod settings;
mod shutdown;
mod slow_redis;
mod unavailable_redis;
