use std::num::NonZeroUsize;

use crate::{Event, EventConsumer, RejectReason, Result, StatsStore, Timestamp};

/// The result of one [`process_batch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// The number of events passed to the store, repeated events included.
    pub applied: usize,
    /// The events that were not counted, with the reason.
    pub rejected: Vec<(Event, RejectReason)>,
}

/// Processes the next batch of at most `limit` events: apply, publish, acknowledge.
///
/// In this order a crash between two steps only repeats the batch: the store deduplicates the events and returns the
/// totals again, so watchers miss nothing. `now` is called after the batch has arrived, which may take hours.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{num::NonZeroUsize, sync::Arc};
/// use horizon_core::{EventBusExt, Stamp, Timestamp, process_batch};
/// use horizon_memory::{MemoryBus, MemoryStore};
///
/// let store = Arc::new(MemoryStore::new());
/// let (bus, mut consumer) = MemoryBus::new(store.clone());
/// let now = || Timestamp::from_millis(1_800_000_000_000); // your clock
/// let processing = process_batch(&mut consumer, &*store, &now, NonZeroUsize::MIN);
/// let (tracked, outcome) = tokio::join!(bus.track_site_visit(Stamp::new(now(), [1; 10]), None), processing);
/// tracked?;
/// assert_eq!(outcome?.applied, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns the errors of the consumer and the store. The batch then stays unacknowledged and is delivered again.
pub async fn process_batch(
    consumer: &mut dyn EventConsumer,
    store: &dyn StatsStore,
    now: &(dyn Fn() -> Timestamp + Sync),
    limit: NonZeroUsize,
) -> Result<BatchOutcome> {
    let batch = consumer.next_batch(limit).await?;
    let now = now();
    let mut outcome = BatchOutcome::default();
    let mut events = Vec::with_capacity(batch.events.len());
    for event in batch.events {
        match event.check_time(now) {
            Ok(()) => events.push(event),
            Err(reason) => outcome.rejected.push((event, reason)),
        }
    }
    outcome.applied = events.len();
    if !events.is_empty() {
        let updates = store.apply(&events).await?;
        consumer.publish(&updates).await?;
    }
    consumer.acknowledge(batch.ack).await?;
    Ok(outcome)
}
