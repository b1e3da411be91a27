//! Counts a batch: reads what is stored under its keys, applies it in memory, and writes what changed.

use horizon_core::{BatchKeys, Event, Result, Update, reports::CountedEvents};
use tokio::{task::yield_now, try_join};

use super::{PostgresStore, changes, facts::StoredFacts};
use crate::{columns::invalid, connection::Transaction, error::DatabaseError};

/// The number of events from which on a batch sends its ids first, so that the server writes them while this process
/// counts.
const LARGE_BATCH: usize = 100;

impl PostgresStore {
    /// Applies the events in one transaction with two round trips: the first takes the lock and reads, the second
    /// writes and commits. In rare cases a third one reads missing facts.
    pub(super) async fn apply_batch(&self, events: &[Event]) -> Result<Vec<Update>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let keys = BatchKeys::of(events);
        let read = async |transaction: &Transaction| StoredFacts::read(transaction, &self.zone, &keys, events).await;
        let apply = async |transaction: &Transaction, mut stored: StoredFacts| {
            let ids = changes::event_ids(&stored, events);
            // The ids are sent first: if they fail, the rest fails because of them.
            let ids = transaction.execute_all(std::slice::from_ref(&ids));
            let ((), updates) = try_join!(biased; ids, count(transaction, &mut stored, events))?;
            Ok(updates)
        };
        let applied: Result<_, DatabaseError> = self.database.write_alone_after(read, apply).await;
        applied.map_err(|error| error.into_port_error("the events cannot be counted"))
    }
}

/// Counts the events, writes what changes, except their ids, and commits.
async fn count(
    transaction: &Transaction,
    stored: &mut StoredFacts,
    events: &[Event],
) -> Result<Vec<Update>, DatabaseError> {
    if events.len() >= LARGE_BATCH {
        // Lets the connection send the ids. In a small batch they are sent with the rest.
        yield_now().await;
    }
    let counted = match stored.apply(events) {
        Ok(counted) => counted,
        Err(missing) => {
            stored.read_missing(transaction, &missing).await?;
            stored.apply(events).map_err(|missing| invalid("day", missing))?
        }
    };
    write(transaction, stored, &counted).await?;
    Ok(counted.updates)
}

async fn write(
    transaction: &Transaction,
    stored: &mut StoredFacts,
    counted: &CountedEvents,
) -> Result<(), DatabaseError> {
    let writes = changes::writes(stored, counted)?;
    // Both send everything when they are first polled, in this order. COMMIT is not sent if a statement cannot be.
    try_join!(biased; transaction.execute_all(&writes), transaction.commit()).map(drop)
}
