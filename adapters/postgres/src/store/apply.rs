//! Counts a batch: reads what is stored under its keys, applies it in memory, and writes what changed.

use horizon_core::{BatchKeys, Event, Result, Update, reports::CountedEvents};

use super::{PostgresStore, changes, facts::StoredFacts};
use crate::{columns::invalid, connection::Transaction, error::DatabaseError};

impl PostgresStore {
    /// Applies the events in one transaction, of two round trips: the first takes the lock and reads, the second writes
    /// and commits. In rare cases another one reads more.
    pub(super) async fn apply_batch(&self, events: &[Event]) -> Result<Vec<Update>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let keys = BatchKeys::of(events);
        let apply = async |transaction: &Transaction| {
            let mut stored = StoredFacts::read(transaction, &self.zone, &keys, events).await?;
            let counted = match stored.apply(events) {
                Ok(counted) => counted,
                Err(missing) => {
                    stored.read_missing(transaction, &missing).await?;
                    stored.apply(events).map_err(|missing| invalid("day", missing))?
                }
            };
            write(transaction, &mut stored, &counted).await?;
            Ok(counted.updates)
        };
        let applied: Result<_, DatabaseError> = self.database.write_alone(apply).await;
        applied.map_err(|error| error.into_port_error("the events cannot be counted"))
    }
}

async fn write(
    transaction: &Transaction,
    stored: &mut StoredFacts,
    counted: &CountedEvents,
) -> Result<(), DatabaseError> {
    let writes = changes::writes(stored, counted)?;
    transaction.execute_all_and_commit(&writes).await
}
