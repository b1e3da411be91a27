//! The reference model of [`Reports`](crate::reports::Reports), and random events and queries to compare a store with.

mod model;
mod random_queries;
mod random_visits;
#[cfg(test)]
mod tests;

pub use model::{ReportAnswer, ReportModel};
pub use random_queries::RandomQueries;
pub use random_visits::RandomVisits;
