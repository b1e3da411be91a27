//! The reports: hours, days, sessions and the states of visitors.

mod encoding;
mod ledger;
mod packing;
mod port;
mod reader;
mod retention;
mod site;
mod tables;

pub(super) use site::SiteZone;
pub(super) use tables::ReportTables;

#[cfg(test)]
mod tests;
