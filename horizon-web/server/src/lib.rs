//! The server of the blog. `main.rs` calls [`run`] or [`check`].

mod assets;
mod auth;
mod brotli_gaps;
mod cards;
mod check;
mod cluster;
pub mod config;
mod content;
mod etag;
mod feeds;
mod headers;
mod health;
mod lists;
mod log;
mod login_limiter;
mod media;
mod moderation;
mod old_addresses;
mod page_cache;
mod pages;
mod pictures;
mod posts;
mod preview;
#[cfg(test)]
mod privacy_texts;
mod reader_version;
mod rendered_page;
mod reports;
mod respond;
mod routes;
mod run;
mod search;
mod served_file;
mod session;
#[cfg(test)]
mod slow_backends;
mod state;
mod stats_cache;

pub use check::check;
pub use run::run;
