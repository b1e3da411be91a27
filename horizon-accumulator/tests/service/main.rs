//! The accumulator as a service, in front of a real Redis.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

mod accumulator;
mod away;
mod counts;
mod log;
mod loses;
mod peers;
mod refuses;
mod slow;
mod stops;
