//! The checks of an [`EventBus`] and its [`EventConsumer`].

use std::{future::Future, pin::pin, sync::Arc};

use async_trait::async_trait;
use futures::{
    StreamExt,
    future::{Either, join, join_all, poll_fn, select},
    stream::BoxStream,
};
use tokio::time::{sleep, timeout};

use super::event_factory::{EventFactory, limit, page_topic};
use super::{CHECK_TIMEOUT, SILENCE, Violation, expect_eq, located, suite};
use crate::{Event, EventBus, EventConsumer, Result, Stats, StatsStore, Topic, Update, process_batch};

suite! { $
    /// Generates the tests of an [`EventBus`](crate::EventBus) and its [`EventConsumer`](crate::EventConsumer).
    /// `make` is an async function that returns a new [`BusHarness`](crate::testing::BusHarness).
    bus_suite, bus:
    events_are_delivered_in_order
    a_batch_has_at_most_limit_events
    a_tracked_event_reaches_the_store
    unacknowledged_events_are_redelivered
    unacknowledged_events_are_redelivered_to_a_new_consumer
    acknowledged_events_are_never_redelivered
    cancelling_next_batch_loses_nothing
    an_event_tracked_twice_counts_once
    a_watch_starts_with_the_latest_totals
    a_watch_yields_each_newer_total
    a_watch_ignores_older_revisions
    a_slow_watch_skips_to_the_latest
    a_watch_yields_only_its_topic
    a_watch_outlives_the_consumer
}

/// Gives the checks access to a new event bus.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use horizon_core::{EventBus, EventConsumer, Result, StatsStore, testing::BusHarness};
/// use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStore}; // your adapter
///
/// struct Harness {
///     bus: Arc<MemoryBus>,
///     consumer: Option<MemoryConsumer>, // returned by `MemoryBus::new`
///     store: Arc<MemoryStore>,
/// }
///
/// #[async_trait]
/// impl BusHarness for Harness {
///     fn bus(&self) -> Arc<dyn EventBus> {
///         self.bus.clone()
///     }
///     async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>> {
///         Ok(Box::new(match self.consumer.take() {
///             Some(consumer) => consumer,
///             None => self.bus.consumer()?,
///         }))
///     }
///     fn store(&self) -> Arc<dyn StatsStore> {
///         self.store.clone()
///     }
/// }
/// ```
#[async_trait]
pub trait BusHarness: Send {
    /// Returns the publishing end.
    fn bus(&self) -> Arc<dyn EventBus>;

    /// Opens the reading end. The checks drop one consumer before they open the next.
    async fn consumer(&mut self) -> Result<Box<dyn EventConsumer>>;

    /// Returns the store from which the watches of the bus read their first totals.
    fn store(&self) -> Arc<dyn StatsStore>;
}

/// Tracks the events while `task` runs. Returns the task's output.
async fn meanwhile<T>(analytics: &dyn EventBus, events: &[Event], task: impl Future<Output = T>) -> T {
    // `track` may return before or after the event is acknowledged, so all calls run concurrently.
    let tracking = pin!(join_all(events.iter().map(|event| analytics.track(event.clone()))));
    match select(tracking, pin!(task)).await {
        Either::Left((_, task)) => task.await,
        Either::Right((output, _)) => output,
    }
}

/// Consumes and acknowledges `count` events in batches of at most `max`.
async fn consume(consumer: &mut dyn EventConsumer, count: usize, max: usize) -> Result<Vec<Event>, Violation> {
    let mut events = Vec::new();
    while events.len() < count {
        let batch = consumer.next_batch(limit(max)).await?;
        if batch.events.is_empty() || batch.events.len() > max {
            return Err(Violation::new(format!(
                "a batch has {} events, the limit is {max}",
                batch.events.len()
            )));
        }
        events.extend(batch.events);
        consumer.acknowledge(batch.ack).await?;
    }
    Ok(events)
}

/// Waits until the next unacknowledged events are `want`. Acknowledges nothing.
async fn peek(consumer: &mut dyn EventConsumer, want: &[Event]) -> Result<(), Violation> {
    let mut got = Vec::new();
    // The first batches may have only some of the events.
    let whole = async {
        while got.len() < want.len() {
            got = consumer.next_batch(limit(want.len())).await?.events;
            // Lets the calls that track the other events run.
            sleep(std::time::Duration::from_millis(1)).await;
        }
        Ok::<_, Violation>(())
    };
    let _ = timeout(CHECK_TIMEOUT / 2, whole).await;
    expect_eq("the unacknowledged events", &got, &want.to_vec())
}

#[track_caller]
fn expect_nothing(what: &str, consumer: &mut dyn EventConsumer) -> impl Future<Output = Result<(), Violation>> {
    located(async move {
        match timeout(SILENCE, consumer.next_batch(limit(1))).await {
            Ok(batch) => Err(Violation::new(format!("{what}: the consumer delivered {batch:?}"))),
            Err(_) => Ok(()),
        }
    })
}

/// Tracks one event and processes it.
async fn process_one(
    harness: &dyn BusHarness,
    consumer: &mut dyn EventConsumer,
    event: &Event,
) -> Result<(), Violation> {
    let (analytics, store, at) = (harness.bus(), harness.store(), event.at);
    let counting = async { process_batch(consumer, &*store, &|| at, limit(1)).await };
    let (tracked, counted) = join(analytics.track(event.clone()), counting).await;
    counted?;
    Ok(tracked?)
}

fn visits(visits: u64) -> Stats {
    Stats::new(visits, 0, 0)
}

fn update(topic: &Topic, revision: u64) -> Update {
    Update::new(topic.clone(), visits(revision), revision)
}

#[track_caller]
fn expect(
    what: &str,
    totals: &mut BoxStream<'static, Stats>,
    want: u64,
) -> impl Future<Output = Result<(), Violation>> {
    located(async move {
        match timeout(CHECK_TIMEOUT / 2, totals.next()).await {
            Ok(got) => expect_eq(what, &got, &Some(visits(want))),
            Err(_) => Err(Violation::new(format!("{what}: the watch does not yield {want}"))),
        }
    })
}

#[track_caller]
fn expect_silence(what: &str, totals: &mut BoxStream<'static, Stats>) -> impl Future<Output = Result<(), Violation>> {
    located(async move {
        match timeout(SILENCE, totals.next()).await {
            Ok(got) => Err(Violation::new(format!("{what}: the watch yields {got:?}"))),
            Err(_) => Ok(()),
        }
    })
}

fn anonymous_visits(count: usize) -> Vec<Event> {
    let mut factory = EventFactory::new();
    (0..count).map(|_| factory.anonymous_visit(&Topic::Site)).collect()
}

/// The events of one process are delivered in order, with any limit.
pub async fn events_are_delivered_in_order(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(20));
    let taken = meanwhile(&*harness.bus(), &events, consume(&mut *consumer, 20, 3)).await?;
    expect_eq("twenty events", &taken, &events)
}

/// A batch has 1 to `limit` events.
pub async fn a_batch_has_at_most_limit_events(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(7));
    for max in [1, 2, 100] {
        meanwhile(&*harness.bus(), &events, consume(&mut *consumer, 7, max)).await?;
    }
    Ok(())
}

/// `track` returns, and the event is counted.
pub async fn a_tracked_event_reaches_the_store(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    for event in &anonymous_visits(2) {
        process_one(harness, &mut *consumer, event).await?;
    }
    let totals = harness.store().totals(&[Topic::Site]).await?;
    expect_eq("two events", &totals.first().map(|u| u.stats.clone()), &Some(visits(2)))
}

/// The same consumer delivers an unacknowledged batch again.
pub async fn unacknowledged_events_are_redelivered(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(3));
    let twice = async {
        peek(&mut *consumer, &events).await?;
        peek(&mut *consumer, &events).await
    };
    meanwhile(&*harness.bus(), &events, twice).await
}

/// A new consumer starts with the unacknowledged events of the previous one.
pub async fn unacknowledged_events_are_redelivered_to_a_new_consumer(
    harness: &mut dyn BusHarness,
) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(3));
    meanwhile(&*harness.bus(), &events, peek(&mut *consumer, &events)).await?;
    drop(consumer);
    peek(&mut *harness.consumer().await?, &events).await
}

/// Neither the same consumer nor a new one delivers acknowledged events.
pub async fn acknowledged_events_are_never_redelivered(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(3));
    let (first, rest) = events.split_at(2);
    let taken = meanwhile(&*harness.bus(), first, consume(&mut *consumer, 2, 1)).await?;
    expect_eq("two events", &taken, &first.to_vec())?;
    meanwhile(&*harness.bus(), rest, peek(&mut *consumer, rest)).await?;
    drop(consumer);
    let mut consumer = harness.consumer().await?;
    expect_eq("a new consumer", &consume(&mut *consumer, 1, 10).await?, &rest.to_vec())?;
    expect_nothing("all is acknowledged", &mut *consumer).await
}

/// Dropping the future of `next_batch` at any point loses no event.
pub async fn cancelling_next_batch_loses_nothing(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(3));
    cancel_after(2, consumer.next_batch(limit(3))).await;
    let task = async {
        for polls in 0..5 {
            cancel_after(polls, consumer.next_batch(limit(3))).await;
        }
        peek(&mut *consumer, &events).await
    };
    meanwhile(&*harness.bus(), &events, task).await
}

/// Polls a future this many times and drops it.
pub(super) async fn cancel_after<F: Future>(polls: usize, future: F) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready = poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// A retry with the same event succeeds and changes nothing.
pub async fn an_event_tracked_twice_counts_once(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let (mut consumer, events) = (harness.consumer().await?, anonymous_visits(1));
    for event in events.iter().chain(&events) {
        process_one(harness, &mut *consumer, event).await?;
    }
    let totals = harness.store().totals(&[Topic::Site]).await?;
    expect_eq(
        "one event, twice",
        &totals.first().map(|u| u.stats.clone()),
        &Some(visits(1)),
    )
}

/// A new watch yields the current totals at once, also if they are empty.
pub async fn a_watch_starts_with_the_latest_totals(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    for event in &anonymous_visits(2) {
        process_one(harness, &mut *consumer, event).await?;
    }
    expect("two visits", &mut harness.bus().watch(Topic::Site), 2).await?;
    expect("no visit", &mut harness.bus().watch(page_topic("other")?), 0).await
}

/// A watch that is polled yields the totals after each event.
pub async fn a_watch_yields_each_newer_total(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    let mut totals = harness.bus().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    for (event, want) in anonymous_visits(3).iter().zip(1..) {
        process_one(harness, &mut *consumer, event).await?;
        expect("one more", &mut totals, want).await?;
    }
    Ok(())
}

/// A watch ignores an update whose revision is not higher.
pub async fn a_watch_ignores_older_revisions(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    let mut totals = harness.bus().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    consumer.publish(&[update(&Topic::Site, 5)]).await?;
    expect("revision 5", &mut totals, 5).await?;
    for old in [3, 5] {
        consumer.publish(&[update(&Topic::Site, old)]).await?;
        expect_silence("an old revision", &mut totals).await?;
    }
    consumer.publish(&[update(&Topic::Site, 6)]).await?;
    expect("revision 6", &mut totals, 6).await
}

/// Totals between two polls are skipped.
pub async fn a_slow_watch_skips_to_the_latest(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    let (mut slow, mut quick) = (harness.bus().watch(Topic::Site), harness.bus().watch(Topic::Site));
    expect("nothing counted", &mut slow, 0).await?;
    expect("nothing counted", &mut quick, 0).await?;
    for revision in 1..=100 {
        consumer.publish(&[update(&Topic::Site, revision)]).await?;
    }
    while quick.next().await.is_some_and(|stats| stats.visits < 100) {}
    expect("a hundred later", &mut slow, 100).await?;
    expect_silence("nothing else happened", &mut slow).await
}

/// Updates of one topic do not wake the watch of another.
pub async fn a_watch_yields_only_its_topic(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let mut consumer = harness.consumer().await?;
    let (here, there) = (page_topic("here")?, page_topic("there")?);
    let (mut mine, mut other) = (harness.bus().watch(here.clone()), harness.bus().watch(there.clone()));
    expect("nothing counted", &mut mine, 0).await?;
    expect("nothing counted", &mut other, 0).await?;
    consumer.publish(&[update(&there, 9), update(&here, 2)]).await?;
    expect("this page", &mut mine, 2).await?;
    expect("the other page", &mut other, 9).await?;
    expect_silence("this page again", &mut mine).await
}

/// A watch continues when the consumer is dropped and reopened.
pub async fn a_watch_outlives_the_consumer(harness: &mut dyn BusHarness) -> Result<(), Violation> {
    let consumer = harness.consumer().await?;
    let mut totals = harness.bus().watch(Topic::Site);
    expect("nothing counted", &mut totals, 0).await?;
    drop(consumer);
    expect_silence("the consumer was dropped", &mut totals).await?;
    harness.consumer().await?.publish(&[update(&Topic::Site, 1)]).await?;
    expect("a new consumer", &mut totals, 1).await
}
