mod encoding;
mod ledger;
mod read;
mod retention;
mod sessions;
mod site;
mod tables;
mod verify;

pub(super) use site::SiteZone;
pub(super) use tables::ReportTables;

#[cfg(test)]
mod tests;
