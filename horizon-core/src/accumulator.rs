use std::num::NonZeroUsize;

use crate::{Event, EventConsumer, RejectReason, Result, StatsStore, Timestamp};

/// What one [`process_batch`] did.
///
/// ```
/// use horizon_core::BatchOutcome;
///
/// fn note(progress: &BatchOutcome) -> String {
///     let reasons = progress.rejected.iter().map(|(event, refusal)| format!(", {}: {refusal}", event.id));
///     format!("{} counted{}", progress.applied, reasons.collect::<String>())
/// }
/// assert_eq!(note(&BatchOutcome::default()), "0 counted");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// Events handed to the store; repeats are among them, counted once all the same.
    pub applied: usize,
    /// Events that could not be counted exactly, with the reason.
    pub rejected: Vec<(Event, RejectReason)>,
}

/// Takes the next batch of at most `limit` events through the accumulator: record, publish, acknowledge.
///
/// In that order, so that a crash in any gap only repeats the batch. The store makes the repeat
/// harmless and still answers with the totals, so that no watcher is left behind. `now` is asked once
/// the batch is there, because waiting for it may take hours.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{num::NonZeroUsize, sync::Arc};
/// use horizon_core::{Analytics, Event, EventKind, Stamp, Timestamp, Topic, process_batch};
/// use horizon_memory::{MemoryBus, MemoryStats};
///
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, mut feed) = MemoryBus::new(store.clone());
/// let clock = || Timestamp::from_millis(1_800_000_000_000); // ask yours
/// let visit = Event::new(Stamp::new(clock(), [1; 10]), Topic::Site, EventKind::Visit { visitor: None });
/// let counting = process_batch(&mut feed, &*store, &clock, NonZeroUsize::MIN);
/// let (tracked, progress) = tokio::join!(pipe.track(visit), counting);
/// tracked?;
/// assert_eq!(progress?.applied, 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The feed's and the store's. The batch is then unacknowledged and will come again.
pub async fn process_batch(
    feed: &mut dyn EventConsumer,
    store: &dyn StatsStore,
    now: &(dyn Fn() -> Timestamp + Sync),
    limit: NonZeroUsize,
) -> Result<BatchOutcome> {
    let batch = feed.next_batch(limit).await?;
    let now = now();
    let mut progress = BatchOutcome::default();
    let mut events = Vec::with_capacity(batch.events.len());
    for event in batch.events {
        match event.check_time(now) {
            Ok(()) => events.push(event),
            Err(refusal) => progress.rejected.push((event, refusal)),
        }
    }
    progress.applied = events.len();
    if !events.is_empty() {
        let updates = store.apply(&events).await?;
        feed.publish(&updates).await?;
    }
    feed.acknowledge(batch.ack).await?;
    Ok(progress)
}
