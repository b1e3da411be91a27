//! The dashboard: what happens now, and the history in charts and lists, as HTML from the server.

mod model;
mod state;
