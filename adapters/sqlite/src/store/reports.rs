//! The reports: hours, days, sessions and the states of visitors.

mod encoding;
mod ledger;
mod packing;
mod port;
mod reader;
mod retention;
mod site;
mod tables;

pub(super) use site::SqlSiteZone;
pub(super) use tables::SqlReportTables;

#[cfg(test)]
mod tests;
