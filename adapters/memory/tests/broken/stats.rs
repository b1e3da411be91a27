use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{
    Event, EventId, EventKind, ReaderId, Result, Slug, Stats, StatsStore, Timestamp, Topic, Update, VISIT_GAP,
    VisitorKey,
};
use horizon_memory::MemoryStats;

use crate::store::{Fault, GoesByArrival, NeverForgets, rig};
use crate::{caught, names};

fn fresh() -> EventId {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    EventId::from_u128(SERIAL.fetch_add(1, Ordering::Relaxed).into())
}

/// Changes each event before a good store gets it.
struct Changes(fn(&mut Event));

#[async_trait]
impl Fault for Changes {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.iter_mut().for_each(self.0);
        good.apply(&events).await
    }
}

/// Changes what a good store answers to `get`.
struct Answers(fn(Vec<Update>) -> Vec<Update>);

#[async_trait]
impl Fault for Answers {
    async fn get(&self, good: &MemoryStats, topics: &[Topic]) -> Result<Vec<Update>> {
        good.get(topics).await.map(self.0)
    }
}

/// Does not look for repeats within a batch.
struct TrustsABatch;

#[async_trait]
impl Fault for TrustsABatch {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut seen = HashSet::new();
        let mut events = events.to_vec();
        for event in &mut events {
            if !seen.insert(event.id) {
                event.id = fresh();
            }
        }
        good.apply(&events).await
    }
}

/// Looks for repeats within a batch only.
struct RemembersOneBatch;

#[async_trait]
impl Fault for RemembersOneBatch {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        good.expire(Timestamp::from_millis(i64::MAX)).await?;
        good.apply(events).await
    }
}

/// Looks first and remembers later, so that two callers both find nothing.
#[derive(Default)]
struct LooksThenCounts(Mutex<HashSet<EventId>>);

#[async_trait]
impl Fault for LooksThenCounts {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut new = events.to_vec();
        new.retain(|event| !self.0.lock().unwrap().contains(&event.id));
        tokio::task::yield_now().await;
        self.0.lock().unwrap().extend(new.iter().map(|event| event.id));
        for event in &mut new {
            event.id = fresh();
        }
        good.apply(&new).await
    }
}

/// Has nothing to say about a batch that it knows.
#[derive(Default)]
struct SilentOnRepeats(Mutex<HashSet<EventId>>);

#[async_trait]
impl Fault for SilentOnRepeats {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let news = events
            .iter()
            .filter(|event| self.0.lock().unwrap().insert(event.id))
            .count();
        let updates = good.apply(events).await?;
        Ok(if news > 0 { updates } else { vec![] })
    }
}

/// Answers only for topics that have numbers.
struct SilentOnNothing;

#[async_trait]
impl Fault for SilentOnNothing {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut updates = good.apply(events).await?;
        updates.retain(|update| update.revision > 0);
        Ok(updates)
    }
}

/// Counts one event after another, and stops where its caller goes away.
struct OneByOne;

#[async_trait]
impl Fault for OneByOne {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut updates = Vec::new();
        for event in events {
            updates.extend(good.apply(std::slice::from_ref(event)).await?);
            tokio::task::yield_now().await;
        }
        Ok(updates)
    }
}

struct EveryoneLikesIt;

#[async_trait]
impl Fault for EveryoneLikesIt {
    async fn likes(&self, _: &MemoryStats, _: &Topic, _: ReaderId) -> Result<bool> {
        Ok(true)
    }
}

/// Decides by itself what a visit is, from the time that it keeps of a visitor and the event's.
struct Decides {
    counts: fn(Timestamp, Timestamp) -> bool,
    kept: Mutex<HashMap<VisitorKey, Timestamp>>,
}

impl Decides {
    fn new(counts: fn(Timestamp, Timestamp) -> bool) -> Self {
        Self {
            counts,
            kept: Mutex::default(),
        }
    }
}

#[async_trait]
impl Fault for Decides {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain_mut(|event| {
            let EventKind::Visit { visitor } = &mut event.kind else {
                return true;
            };
            let Some(visitor) = visitor.take() else { return true };
            let mut kept = self.kept.lock().unwrap();
            let counts = kept.get(&visitor).is_none_or(|kept| (self.counts)(*kept, event.at));
            if counts {
                kept.insert(visitor, event.at);
            }
            counts
        });
        good.apply(&events).await
    }
}

/// Takes two pages for one when only the case differs.
struct IgnoresCase;

fn lower(topic: &Topic) -> Topic {
    topic.slug().map_or(Topic::Site, |slug| {
        Slug::new(&slug.as_str().to_lowercase()).unwrap().into()
    })
}

#[async_trait]
impl Fault for IgnoresCase {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        for event in &mut events {
            event.topic = lower(&event.topic);
        }
        good.apply(&events).await
    }
    async fn get(&self, good: &MemoryStats, topics: &[Topic]) -> Result<Vec<Update>> {
        good.get(&topics.iter().map(lower).collect::<Vec<_>>()).await
    }
}

/// Adds up what it still knows, which is nothing after it forgot.
#[derive(Default)]
struct ForgetsTotals(AtomicBool);

#[async_trait]
impl Fault for ForgetsTotals {
    async fn forget(&self, good: &MemoryStats, now: Timestamp) -> Result<()> {
        self.0.store(true, Ordering::Relaxed);
        good.expire(now).await
    }
    async fn get(&self, good: &MemoryStats, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = good.get(topics).await?;
        if self.0.load(Ordering::Relaxed) {
            updates.iter_mut().for_each(|update| update.stats = Stats::default());
        }
        Ok(updates)
    }
}

struct ForgetsEarly;

#[async_trait]
impl Fault for ForgetsEarly {
    async fn forget(&self, good: &MemoryStats, now: Timestamp) -> Result<()> {
        good.expire(now.plus(Duration::from_millis(1))).await
    }
}

/// Loses the last event of a large batch.
struct LosesTheLast;

#[async_trait]
impl Fault for LosesTheLast {
    async fn apply(&self, good: &MemoryStats, events: &[Event]) -> Result<Vec<Update>> {
        good.apply(events.get(..7).unwrap_or(events)).await
    }
}

fn likes_by_event(event: &mut Event) {
    if let EventKind::Like { reader } = &mut event.kind {
        *reader = ReaderId::from_u128(event.id.as_u128());
    }
}

fn one_visitor(event: &mut Event) {
    if let EventKind::Visit { visitor } = &mut event.kind {
        visitor.get_or_insert(VisitorKey::from_u128(0));
    }
}

fn twice_as_fast(event: &mut Event) {
    event.at = Timestamp::from_millis(event.at.as_millis() * 2);
}

fn one_revision(mut updates: Vec<Update>) -> Vec<Update> {
    updates
        .iter_mut()
        .for_each(|update| update.revision = update.revision.min(1));
    updates
}

fn reversed(mut updates: Vec<Update>) -> Vec<Update> {
    updates.reverse();
    updates
}

fn without_empty(mut updates: Vec<Update>) -> Vec<Update> {
    updates.retain(|update| update.revision > 0);
    updates
}

caught! { stats, stats_suite:
    an_event_counts_once_within_a_batch: rig(TrustsABatch);
    an_event_counts_once_across_batches: rig(RemembersOneBatch);
    an_event_counts_once_under_concurrency: rig(LooksThenCounts::default());
    a_repeat_returns_the_totals: rig(SilentOnRepeats::default());
    apply_returns_each_topic_once: rig(SilentOnNothing);
    a_batch_is_applied_whole_or_not_at_all: rig(OneByOne);
    get_returns_totals_in_request_order: rig(Answers(reversed));
    an_unknown_topic_has_empty_totals: rig(Answers(without_empty));
    likes_are_a_set: rig(Changes(likes_by_event));
    is_liked_by_returns_the_current_state: rig(EveryoneLikesIt);
    the_latest_like_or_unlike_wins_in_any_order: rig(GoesByArrival);
    expire_erases_unlikes_past_the_window: rig(NeverForgets);
    each_visit_without_a_visitor_counts: rig(Changes(one_visitor));
    a_visit_counts_again_only_after_the_gap: rig(Changes(twice_as_fast));
    activity_extends_a_visit: rig(Decides::new(|kept, at| at.since(kept) > VISIT_GAP));
    a_late_event_is_not_a_new_visit: rig(Decides::new(|kept, at| at < kept || at.since(kept) > VISIT_GAP));
    topics_are_independent: rig(IgnoresCase);
    the_revision_grows_only_with_changes: rig(Answers(one_revision));
    expire_changes_no_total_and_no_like: rig(ForgetsTotals::default());
    an_id_is_kept_for_the_whole_window: rig(ForgetsEarly);
    expire_erases_ids_past_the_window: rig(NeverForgets);
    a_visitor_is_kept_for_a_day: rig(ForgetsEarly);
    expire_erases_visitors_after_a_day: rig(NeverForgets);
    random_events_match_a_reference_model: rig(LosesTheLast);
}
