use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{
    Event, EventCounts, EventId, EventKind, EventName, ReaderId, Result, Slug, Stats, StatsStore, Timestamp, Topic,
    Update, VISIT_GAP, Visit, VisitorKey,
};
use horizon_memory::MemoryStore;

use crate::facts::FactsStore;
use crate::store::{NeverExpires, OrdersByArrival, StoreDefect, harness};
use crate::{caught, names};

pub(crate) fn fresh() -> EventId {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    EventId::from_u128(SERIAL.fetch_add(1, Ordering::Relaxed).into())
}

/// Changes each event before a correct store applies it.
pub(crate) struct ChangesEvents(pub(crate) fn(&mut Event));

#[async_trait]
impl StoreDefect for ChangesEvents {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.iter_mut().for_each(self.0);
        good.apply(&events).await
    }
}

/// Changes the updates that `totals` of a correct store returns.
struct ChangesUpdates(fn(Vec<Update>) -> Vec<Update>);

#[async_trait]
impl StoreDefect for ChangesUpdates {
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        good.totals(topics).await.map(self.0)
    }
}

struct NoDedupeWithinBatch;

#[async_trait]
impl StoreDefect for NoDedupeWithinBatch {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
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

struct DedupesWithinBatchOnly;

#[async_trait]
impl StoreDefect for DedupesWithinBatchOnly {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        good.expire(Timestamp::from_millis(i64::MAX)).await?;
        good.apply(events).await
    }
}

/// Reads and writes ids separately, so that two callers both count an event.
#[derive(Default)]
pub(crate) struct NonAtomicDedupe(Mutex<HashSet<EventId>>);

#[async_trait]
impl StoreDefect for NonAtomicDedupe {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
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

/// Returns no updates for a repeated batch.
#[derive(Default)]
struct OmitsRepeats(Mutex<HashSet<EventId>>);

#[async_trait]
impl StoreDefect for OmitsRepeats {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let news = events
            .iter()
            .filter(|event| self.0.lock().unwrap().insert(event.id))
            .count();
        let updates = good.apply(events).await?;
        Ok(if news > 0 { updates } else { vec![] })
    }
}

/// Returns only updates of topics with totals.
struct OmitsEmptyTotals;

#[async_trait]
impl StoreDefect for OmitsEmptyTotals {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut updates = good.apply(events).await?;
        updates.retain(|update| update.revision > 0);
        Ok(updates)
    }
}

/// Applies one event after another, and stops when its caller is dropped.
struct AppliesOneByOne;

#[async_trait]
impl StoreDefect for AppliesOneByOne {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut updates = Vec::new();
        for event in events {
            updates.extend(good.apply(std::slice::from_ref(event)).await?);
            tokio::task::yield_now().await;
        }
        Ok(updates)
    }
}

struct AlwaysLiked;

#[async_trait]
impl StoreDefect for AlwaysLiked {
    async fn is_liked_by(&self, _: &MemoryStore, _: &Topic, _: ReaderId) -> Result<bool> {
        Ok(true)
    }
}

/// Counts visits by a wrong rule, which gets the stored time of the visitor and the time of the event.
pub(crate) struct CustomVisitRule {
    counts: fn(Timestamp, Timestamp) -> bool,
    last_seen: Mutex<HashMap<VisitorKey, Timestamp>>,
}

impl CustomVisitRule {
    pub(crate) fn new(counts: fn(Timestamp, Timestamp) -> bool) -> Self {
        Self {
            counts,
            last_seen: Mutex::default(),
        }
    }
}

#[async_trait]
impl StoreDefect for CustomVisitRule {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        events.retain_mut(|event| {
            let EventKind::Visit(Visit { visitor, .. }) = &mut event.kind else {
                return true;
            };
            let Some(visitor) = visitor.take() else { return true };
            let mut last_seen = self.last_seen.lock().unwrap();
            let counts = last_seen
                .get(&visitor)
                .is_none_or(|last| (self.counts)(*last, event.at));
            if counts {
                last_seen.insert(visitor, event.at);
            }
            counts
        });
        good.apply(&events).await
    }
}

/// Extends a visit only with counted events.
pub(crate) fn is_after_gap(last: Timestamp, at: Timestamp) -> bool {
    at.since(last) > VISIT_GAP
}

struct IgnoresSlugCase;

fn lower(topic: &Topic) -> Topic {
    topic.slug().map_or(Topic::Site, |slug| {
        Slug::new(&slug.as_str().to_lowercase()).unwrap().into()
    })
}

#[async_trait]
impl StoreDefect for IgnoresSlugCase {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        let mut events = events.to_vec();
        for event in &mut events {
            event.topic = lower(&event.topic);
        }
        good.apply(&events).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        good.totals(&topics.iter().map(lower).collect::<Vec<_>>()).await
    }
}

/// Loses the totals when it expires events.
#[derive(Default)]
struct ExpiresTotals(AtomicBool);

#[async_trait]
impl StoreDefect for ExpiresTotals {
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        self.0.store(true, Ordering::Relaxed);
        good.expire(now).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        let mut updates = good.totals(topics).await?;
        if self.0.load(Ordering::Relaxed) {
            updates.iter_mut().for_each(|update| update.stats = Stats::default());
        }
        Ok(updates)
    }
}

struct ExpiresEarly;

#[async_trait]
impl StoreDefect for ExpiresEarly {
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        good.expire(now.plus(Duration::from_millis(1))).await
    }
}

/// A store that keeps when visitors were last seen, and forgets them too early.
#[derive(Default)]
struct ExpiresFactsEarly(FactsStore);

#[async_trait]
impl StoreDefect for ExpiresFactsEarly {
    async fn apply(&self, good: &MemoryStore, events: &[Event]) -> Result<Vec<Update>> {
        self.0.apply(good, events).await
    }
    async fn totals(&self, good: &MemoryStore, topics: &[Topic]) -> Result<Vec<Update>> {
        self.0.totals(good, topics).await
    }
    async fn expire(&self, good: &MemoryStore, now: Timestamp) -> Result<()> {
        self.0.expire(good, now.plus(Duration::from_millis(1))).await
    }
}

fn reader_per_event(event: &mut Event) {
    if let EventKind::Like { reader } = &mut event.kind {
        *reader = ReaderId::from_u128(event.id.as_u128());
    }
}

fn set_same_visitor(event: &mut Event) {
    if let EventKind::Visit(Visit { visitor, .. }) = &mut event.kind {
        visitor.get_or_insert(VisitorKey::from_u128(0));
    }
}

fn double_times(event: &mut Event) {
    event.at = Timestamp::from_millis(event.at.as_millis() * 2);
}

fn cap_revisions(mut updates: Vec<Update>) -> Vec<Update> {
    updates
        .iter_mut()
        .for_each(|update| update.revision = update.revision.min(1));
    updates
}

fn reversed(mut updates: Vec<Update>) -> Vec<Update> {
    updates.reverse();
    updates
}

fn remove_empty(mut updates: Vec<Update>) -> Vec<Update> {
    updates.retain(|update| update.revision > 0);
    updates
}

/// Counts custom events without a limit of names.
fn shorten_custom_names(event: &mut Event) {
    if let EventKind::Custom { name, .. } = &mut event.kind {
        let short = name.as_str().chars().next().map(String::from);
        *name = EventName::new(&short.unwrap_or_default()).unwrap();
    }
}

/// Loses the counts of custom events.
fn without_custom_events(mut updates: Vec<Update>) -> Vec<Update> {
    updates
        .iter_mut()
        .for_each(|update| update.stats.events = EventCounts::default());
    updates
}

caught! { stats, stats_suite:
    an_event_counts_once_within_a_batch: harness(NoDedupeWithinBatch) => "twice in one batch\n   got 2\nwanted 1";
    an_event_counts_once_across_batches: harness(DedupesWithinBatchOnly) => "one of two was known\n   got 3\nwanted 2";
    an_event_counts_once_under_concurrency: harness(NonAtomicDedupe::default())
        => "sixteen and a shared one\n   got 32\nwanted 17";
    a_repeat_returns_the_totals: harness(OmitsRepeats::default()) => "the result of the repeat";
    apply_returns_each_topic_once: harness(OmitsEmptyTotals) => "the returned topics";
    a_batch_is_applied_whole_or_not_at_all: harness(AppliesOneByOne) => "a batch was counted in part: [2, 1, 1]";
    get_returns_totals_in_request_order: harness(ChangesUpdates(reversed)) => "the topics";
    an_unknown_topic_has_empty_totals: harness(ChangesUpdates(remove_empty)) => "never named";
    likes_are_a_set: harness(ChangesEvents(reader_per_event)) => "liked twice\n   got 2\nwanted 1";
    is_liked_by_returns_the_current_state: harness(AlwaysLiked) => "reader 2 on site\n   got true\nwanted false";
    the_latest_like_or_unlike_wins_in_any_order: harness(OrdersByArrival) => "reader 1\n   got true\nwanted false";
    expire_erases_unlikes_past_the_window: harness(NeverExpires) => "the unlike is erased\n   got 0\nwanted 1";
    each_visit_without_a_visitor_counts: harness(ChangesEvents(set_same_visitor))
        => "two without a visitor\n   got 1\nwanted 2";
    a_visit_counts_again_only_after_the_gap: harness(ChangesEvents(double_times))
        => "just within the gap\n   got 2\nwanted 1";
    activity_extends_a_visit: harness(CustomVisitRule::new(is_after_gap))
        => "seen every twenty minutes\n   got 3\nwanted 1";
    custom_events_count_by_name: harness(ChangesUpdates(without_custom_events)) => "the events of blog:one";
    names_of_custom_events_beyond_the_limit_count_as_other: harness(ChangesEvents(shorten_custom_names))
        => "more names than the limit";
    topics_are_independent: harness(IgnoresSlugCase) => "blog:site";
    the_revision_grows_only_with_changes: harness(ChangesUpdates(cap_revisions))
        => "whether revision and totals change with Like { reader: ReaderId(00000000000000000000000000000001) }";
    expire_changes_no_total_and_no_like: harness(ExpiresTotals::default()) => "the totals";
    an_id_is_kept_for_the_whole_window: harness(ExpiresEarly)
        => "a repeat at the end of the window\n   got 2\nwanted 1";
    expire_erases_ids_past_the_window: harness(NeverExpires) => "the id is erased\n   got 1\nwanted 2";
    a_visitor_is_kept_for_a_day: harness(ExpiresFactsEarly::default()) => "forgotten after 86400s\n   got 2\nwanted 1";
}
