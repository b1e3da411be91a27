//! The reports: hours, days, sessions and the states of visitors.

mod packing;
mod port;
mod reader;
mod retention;
pub(super) mod site;

pub(super) use site::{CachedZone, SiteRecord};
