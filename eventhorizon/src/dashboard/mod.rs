//! The dashboard: what happens now, and the history in charts and lists, as HTML from the server.
//!
//! The state of a URL and the lists exist without the feature `dashboard`, too: CSV files have the same parameters.

#[cfg(feature = "dashboard")]
mod link;
mod list_kind;
#[cfg(feature = "dashboard")]
mod model;
mod parse;
mod period;
mod state;
