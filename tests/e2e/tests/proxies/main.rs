//! The blog behind the reverse proxies of `docs/proxies`, each with the file that the guide shows.
#![expect(clippy::indexing_slicing, reason = "a missing key fails the test")]

mod apache;
mod caddy;
mod guide;
mod haproxy;
mod nginx;
mod paths;
mod site;
mod untrusted;
