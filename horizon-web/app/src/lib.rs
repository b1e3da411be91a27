//! The components and islands of the blog.
//!
//! With feature `ssr` the server renders a [`View`] as a [`Template`] and fills in [`SlotValues`]. With feature
//! `hydrate` only the islands are compiled, for the browser.

pub mod browser;
#[cfg(feature = "ssr")]
mod document;
#[cfg(feature = "ssr")]
mod head;
#[cfg(feature = "ssr")]
pub mod islands;
#[cfg(feature = "ssr")]
mod language;
#[cfg(feature = "ssr")]
mod list_metadata;
#[cfg(feature = "ssr")]
mod list_view;
#[cfg(feature = "ssr")]
mod metadata;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
mod slots;
mod text;
#[cfg(feature = "ssr")]
mod view;

#[cfg(feature = "ssr")]
pub use horizon_texts::{TextUnit, Texts};
#[cfg(feature = "ssr")]
pub use list_view::*;
#[cfg(feature = "ssr")]
pub use pages::{cluster::table as cluster_table, tag_url};
#[cfg(feature = "ssr")]
pub use render::Template;
#[cfg(feature = "ssr")]
pub use slots::{Count, Slot, SlotValues, TemplatePart};
#[cfg(feature = "ssr")]
pub use view::*;
