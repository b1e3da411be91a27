//! The blog's server: configuration, routes and wiring. `main.rs` only calls [`run`] or [`check`].

mod admin;
mod assets;
mod attempts;
mod clock;
pub mod config;
mod feeds;
mod headers;
mod health;
pub mod log;
mod pages;
mod routes;
mod secret;
mod session;
mod show;
pub mod signals;
mod state;
mod store;
mod wiring;

pub use wiring::{check, run};
