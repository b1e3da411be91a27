//! The islands in the browser: live numbers, likes, comments.
//!
//! They change text and attributes of the HTML from the server, which keeps the download small.

pub(crate) mod comments;
mod dom;
pub mod exports;
mod fetch;
mod formats;
mod js;
pub(crate) mod like;
mod live;
pub(crate) mod stats;
mod task;
