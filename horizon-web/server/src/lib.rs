//! The blog's server: configuration, routes and wiring. `main.rs` only calls [`run`] or [`check`].

mod admin;
mod assets;
mod attempts;
mod cluster;
pub mod config;
mod feeds;
mod headers;
mod health;
mod log;
mod pages;
mod routes;
mod session;
mod show;
mod state;
mod wiring;

pub use wiring::{check, run};
