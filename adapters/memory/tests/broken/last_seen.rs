use async_trait::async_trait;
use horizon_core::{Event, Result, Timestamp, Topic, Update};
use horizon_memory::MemoryStore;

use crate::facts::FactsStore;
use crate::stats::{CustomVisitRule, is_after_gap};
use crate::store::{StoreDefect, harness};
use crate::{caught, names};

/// Counts every event that is older than the last one.
fn is_late_or_after_gap(last: Timestamp, at: Timestamp) -> bool {
    at < last || is_after_gap(last, at)
}

/// A store that keeps when visitors were last seen, and never expires them.
#[derive(Default)]
struct NeverExpiresFacts(FactsStore);

#[async_trait]
impl StoreDefect for NeverExpiresFacts {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        self.0.apply(good, events).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        self.0.totals(good, topics).await
    }
    async fn expire(&self, _: &MemoryStore, _: Timestamp) -> Result<()> {
        Ok(())
    }
}

/// A store that keeps when visitors were last seen, and counts only the first events of a batch.
#[derive(Default)]
struct TruncatesLargeBatches(FactsStore);

#[async_trait]
impl StoreDefect for TruncatesLargeBatches {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        self.0.apply(good, events.get(..7).unwrap_or(events)).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        self.0.totals(good, topics).await
    }
}

caught! { last_seen, last_seen_suite:
    a_late_event_is_not_a_new_visit: harness(CustomVisitRule::new(is_late_or_after_gap))
        => "one from before, within the gap\n   got 2\nwanted 1";
    expire_erases_visitors_after_a_day: harness(NeverExpiresFacts::default())
        => "forgotten after 86400.001s\n   got 1\nwanted 2";
    random_events_match_a_reference_model: harness(TruncatesLargeBatches::default()) => "seed 3, blog:b3, after";
}
