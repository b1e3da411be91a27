//! Reads totals.

use std::collections::HashMap;

use horizon_core::{Stats, Topic, Update};
use tokio::try_join;

use crate::{
    columns::{self, unsigned},
    connection::{Params, Transaction},
    error::DatabaseError,
    sql::stats as sql,
};

/// The totals of a topic.
pub(super) struct StoredTotal {
    /// The topic's number.
    pub(super) topic: i32,
    pub(super) update: Update,
}

/// Returns the totals of the topics that have some, in any order and in one round trip.
pub(super) async fn read(transaction: &Transaction, topics: &[Topic]) -> Result<Vec<StoredTotal>, DatabaseError> {
    let names: Vec<String> = topics.iter().map(Topic::to_string).collect();
    let params: Params<'_> = &[&names];
    // If the first query fails, the second one fails because of it, so the first error is the cause.
    let (totals, custom_events) = try_join!(
        biased;
        transaction.query(sql::TOTALS, params),
        transaction.query(sql::CUSTOM_EVENTS, params),
    )?;
    let mut events: HashMap<i32, Vec<(String, u64)>> = HashMap::new();
    for row in &custom_events {
        let count = (row.try_get("name")?, unsigned(row, "count")?);
        events.entry(row.try_get("topic")?).or_default().push(count);
    }
    let total = |row| {
        let number = |column| unsigned(row, column);
        let topic = row.try_get("topic")?;
        let mut stats = Stats::new(number("visits")?, number("likes")?, number("comments")?);
        stats.comments_revision = number("comments_revision")?;
        stats.events = events.remove(&topic).unwrap_or_default().into_iter().collect();
        let update = Update::new(columns::topic(row, "name")?, stats, number("revision")?);
        Ok(StoredTotal { topic, update })
    };
    totals.iter().map(total).collect()
}
