//! The blog's server: configuration, routes and wiring. `main.rs` only calls [`run`] or [`check`].

mod admin;
mod assets;
mod attempts;
mod brotli;
mod cluster;
pub mod config;
mod content;
mod counts;
mod etag;
mod feeds;
mod headers;
mod health;
mod kept;
mod log;
mod pages;
mod posts;
mod routes;
mod session;
mod sheet;
mod show;
mod state;
#[cfg(test)]
mod waits;
mod wiring;

pub use content::check;
pub use wiring::run;
