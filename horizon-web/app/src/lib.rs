//! EventHorizon's blog: components and islands.
//!
//! With feature `ssr` the server makes a [`Template`] of a [`Page`] and fills in [`Values`]. With feature
//! `hydrate` only the islands are compiled, for the browser.

#[cfg(feature = "ssr")]
mod blanks;
pub mod browser;
#[cfg(feature = "ssr")]
mod document;
#[cfg(feature = "ssr")]
mod facts;
#[cfg(feature = "ssr")]
mod head;
#[cfg(feature = "ssr")]
pub mod islands;
#[cfg(feature = "ssr")]
mod model;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod render;
mod text;

#[cfg(feature = "ssr")]
pub use blanks::{Blank, Count, Piece, Values};
#[cfg(feature = "ssr")]
pub use model::*;
#[cfg(feature = "ssr")]
pub use pages::cluster::table as cluster_table;
#[cfg(feature = "ssr")]
pub use render::Template;
