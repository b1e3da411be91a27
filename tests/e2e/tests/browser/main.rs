//! The blog in real browsers. Every test also fails on an error in a console and on a request to another host.
#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

mod cluster;
mod comments;
mod healing;
mod languages;
mod likes;
mod lists;
mod looks;
mod moderation;
mod pictures;
mod presence;
mod replies;
mod without_script;

/// A post of the tests.
const POST: &str = "/blog/hello";
