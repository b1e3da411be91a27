//! EventHorizon over HTTP: live stream, likes, comments and stats as an axum router.
//!
//! [`Horizon`] takes the [`Ports`](horizon_core::Ports), the [`Pages`] that exist and a [`Config`], and gives a router
//! that nests under any path, and the numbers for the host's own pages. [`serve`] runs the
//! application with the limits that a server with open streams needs.
//!
//! | call | does |
//! |---|---|
//! | `GET /live/{slug}`, `GET /live` | server-sent events with the numbers of a page or of the site |
//! | `GET /stats/{slug}`, `GET /stats` | the same numbers once |
//! | `PUT`, `DELETE`, `POST /likes/{slug}` | like a page, take it back |
//! | `GET /likes/{slug}` | whether the reader likes it |
//! | `GET`, `POST /comments/{slug}` | read the comments of a page, write one |
//! | `GET /client.js`, `GET /client.d.ts` | the script for pages of any kind, and how it is used |
//! | `GET /openapi.json` | the contract in full |

mod attendance;
mod client;
mod config;
mod dice;
mod extract;
mod horizon;
mod live;
mod metrics;
mod pages;
mod problem;
mod rates;
mod reader;
mod render;
mod routes;
mod same_site;
mod serve;
mod visitors;
mod visits;

pub use client::{ClientAddr, client_addr};
pub use config::{Config, Moderation, Rate, Rates, Secret, SecretError, Signals};
pub use horizon::Horizon;
pub use horizon_core::Ports;
pub use ipnet::IpNet;
pub use pages::Pages;
pub use problem::Problem;
pub use same_site::same_site;
pub use serve::{Limits, serve};

/// Holds the README's examples to what compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
