//! The blog in real browsers. Every test also fails on an error in a console and on a request to another host.
#![expect(clippy::indexing_slicing, reason = "a key that is not there shall fail the test")]

mod cluster;
mod comments;
mod healing;
mod likes;
mod looks;
mod moderation;
mod presence;
mod replies;
mod without_script;

/// The post that ships with the tests.
const POST: &str = "/blog/hello";
