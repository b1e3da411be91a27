//! EventHorizon over HTTP: live stream, likes, comments and stats as an axum router.

mod client;
mod config;
mod dice;
mod horizon;
mod metrics;
mod ports;
mod problem;
mod reader;
mod render;
mod same_site;
mod serve;

pub use client::{ClientAddr, client_addr};
pub use config::{Config, Moderation, Rate, Rates, Secret, SecretError, Signals};
pub use horizon::Horizon;
pub use ipnet::IpNet;
pub use ports::{Pages, Ports};
pub use problem::Problem;
pub use same_site::same_site;
pub use serve::{Limits, serve};
