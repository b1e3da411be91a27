//! The reports: hours, days, sessions and the states of visitors.

mod packing;
mod port;
mod reader;
pub(super) mod site;

pub(super) use site::{SiteZone, StoredSite};
