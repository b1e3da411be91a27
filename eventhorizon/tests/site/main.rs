//! A site as an application uses it.

#[cfg(test)]
mod async_rules;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod cached_reads;
#[cfg(test)]
mod cors;
#[cfg(test)]
mod custom_events;
#[cfg(test)]
#[cfg(feature = "dashboard")]
mod dashboard_requests;
#[cfg(test)]
mod deadlines;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod now;
#[cfg(test)]
mod own_store;
#[cfg(test)]
mod page_loads;
#[cfg(test)]
#[cfg(feature = "dashboard")]
mod report_access;
#[cfg(test)]
mod report_api;
#[cfg(test)]
mod reports;
mod rules;
#[cfg(test)]
mod salts;
#[cfg(test)]
#[path = "../support/snapshots.rs"]
mod snapshots;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod visit_events;
