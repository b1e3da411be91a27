//! The accumulator fails, or dies, in every gap: the totals are exact, and every watcher learns them.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot be set up fails"
)]

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use horizon_backend::run_accumulator;
use horizon_core::{
    AckToken, Analytics, Batch, Error, Event, EventConsumer, EventKind, ReaderId, Result, Slug, Stamp, Stats,
    StatsStore, Timestamp, Topic, Update,
};
use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStats};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Where the accumulator may be when it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gap {
    BeforeBatch,
    AfterBatch,
    BeforeApply,
    AfterApply,
    BeforePublish,
    AfterPublish,
    BeforeAcknowledge,
    AfterAcknowledge,
}

const GAPS: [Gap; 8] = [
    Gap::BeforeBatch,
    Gap::AfterBatch,
    Gap::BeforeApply,
    Gap::AfterApply,
    Gap::BeforePublish,
    Gap::AfterPublish,
    Gap::BeforeAcknowledge,
    Gap::AfterAcknowledge,
];

#[derive(Clone, Copy, Debug)]
enum Fate {
    Goes,
    Fails,
    Dies,
}

/// Says what becomes of the accumulator each time it passes a gap.
struct Faults {
    fate: Mutex<Box<dyn FnMut(Gap) -> Fate + Send>>,
    died: Notify,
}

impl Faults {
    fn new(fate: impl FnMut(Gap) -> Fate + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            fate: Mutex::new(Box::new(fate)),
            died: Notify::new(),
        })
    }

    async fn pass(&self, gap: Gap) -> Result<()> {
        let fate = (self.fate.lock().expect("not poisoned"))(gap);
        match fate {
            Fate::Goes => Ok(()),
            Fate::Fails => Err(Error::unavailable(format!("a fault at {gap:?}"))),
            Fate::Dies => {
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

struct FaultyFeed {
    feed: MemoryConsumer,
    faults: Arc<Faults>,
}

#[async_trait]
impl EventConsumer for FaultyFeed {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        self.faults.pass(Gap::BeforeBatch).await?;
        let batch = self.feed.next_batch(limit).await?;
        self.faults.pass(Gap::AfterBatch).await?;
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.faults.pass(Gap::BeforePublish).await?;
        self.feed.publish(updates).await?;
        self.faults.pass(Gap::AfterPublish).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.faults.pass(Gap::BeforeAcknowledge).await?;
        self.feed.acknowledge(ack).await?;
        self.faults.pass(Gap::AfterAcknowledge).await
    }
}

struct FaultyStore {
    store: Arc<MemoryStats>,
    faults: Arc<Faults>,
}

#[async_trait]
impl StatsStore for FaultyStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.faults.pass(Gap::BeforeApply).await?;
        let updates = self.store.apply(events).await?;
        self.faults.pass(Gap::AfterApply).await?;
        Ok(updates)
    }

    async fn get(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.store.get(topics).await
    }

    async fn is_liked_by(&self, topic: &Topic, reader: ReaderId) -> Result<bool> {
        self.store.is_liked_by(topic, reader).await
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.store.expire(now).await
    }
}

fn page(number: u64) -> Topic {
    Slug::new(&format!("page-{}", number % 2)).expect("a slug").into()
}

fn event(number: u64) -> Event {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let kind = match number % 3 {
        0 => EventKind::Like {
            reader: ReaderId::from_u128(number.into()),
        },
        _ => EventKind::Visit { visitor: None },
    };
    Event::new(Stamp::new(NOW, random), page(number), kind)
}

/// What so many events come to, page by page.
fn exact(events: u64) -> [Stats; 2] {
    [0, 1].map(|page| {
        let mine = (0..events).filter(|number| number % 2 == page);
        let likes = mine.clone().filter(|number| number % 3 == 0).count() as u64;
        Stats::new(mine.count() as u64 - likes, likes, 0)
    })
}

/// Runs the accumulator again and again, each time until it dies, and answers when told to stop.
async fn live_and_die(
    pipe: Arc<MemoryBus>,
    first: MemoryConsumer,
    store: FaultyStore,
    mut stop: oneshot::Receiver<()>,
) {
    let faults = Arc::clone(&store.faults);
    let store: Arc<dyn StatsStore> = Arc::new(store);
    let mut next = Some(first);
    while let Some(feed) = next.take() {
        let feed = FaultyFeed {
            feed,
            faults: Arc::clone(&faults),
        };
        tokio::select! {
            () = run_accumulator(feed, Arc::clone(&store), || NOW, std::future::pending()) => {}
            () = faults.died.notified() => next = Some(pipe.consumer().expect("the last consumer was dropped")),
            _ = &mut stop => {}
        }
    }
}

/// A client that tries again with the same event until it is acknowledged.
async fn track(pipe: &MemoryBus, event: Event) {
    while let Err(error) = pipe.track(event.clone()).await {
        assert!(error.is_retryable(), "{error}");
        tokio::task::yield_now().await;
    }
}

/// Sends events through an accumulator with these faults, and checks everything that is promised.
async fn survive(what: &str, faults: Arc<Faults>) {
    const EVENTS: u64 = 40;
    let store = Arc::new(MemoryStats::new());
    let (pipe, feed) = MemoryBus::new(Arc::clone(&store) as _);
    let pipe = Arc::new(pipe);
    let faulty = FaultyStore {
        store: Arc::clone(&store),
        faults,
    };
    let (stop, stopped) = oneshot::channel();
    let accumulator = tokio::spawn(live_and_die(Arc::clone(&pipe), feed, faulty, stopped));
    let mut watchers = [pipe.watch(page(0)), pipe.watch(page(1))];
    for watcher in &mut watchers {
        // From here on it hears only what is published.
        assert_eq!(watcher.next().await, Some(Stats::default()), "{what}");
    }
    for round in 0..EVENTS / 4 {
        let four = (round * 4..).take(4).map(|number| track(&pipe, event(number)));
        futures::future::join_all(four).await;
    }
    for (number, want) in exact(EVENTS).into_iter().enumerate() {
        let topic = page(number as u64);
        let totals = store.get(std::slice::from_ref(&topic)).await.unwrap();
        assert_eq!(totals[0].stats, want, "{what}: {topic}");
        assert_eq!(
            pipe.watch(topic.clone()).next().await,
            Some(want),
            "{what}: a new watcher of {topic}"
        );
        let told = async { while watchers[number].next().await != Some(want) {} };
        assert!(
            timeout(Duration::from_secs(60), told).await.is_ok(),
            "{what}: an old watcher of {topic}"
        );
    }
    let _ = stop.send(());
    accumulator.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_any_gap_counts_nothing_twice_and_leaves_no_watcher_behind() {
    for fate in [Fate::Fails, Fate::Dies] {
        for gap in GAPS {
            // Up to the last batch: behind it no later one can heal what was missed.
            for nth in 1..=12 {
                let mut passed = 0;
                let faults = Faults::new(move |here| {
                    passed += usize::from(here == gap);
                    if here == gap && passed == nth { fate } else { Fate::Goes }
                });
                survive(&format!("{fate:?} at {gap:?}, time {nth}"), faults).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failures_and_deaths_at_random_count_nothing_twice_and_leave_no_watcher_behind() {
    for seed in 1..=50_u64 {
        let mut state = seed;
        let faults = Faults::new(move |_| {
            // Numerical Recipes' generator; its high bits are good enough for faults.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            match state >> 60 {
                0 => Fate::Dies,
                1 | 2 => Fate::Fails,
                _ => Fate::Goes,
            }
        });
        survive(&format!("seed {seed}"), faults).await;
    }
}

/// A pipe with a store, and an accumulator with these faults that ends on `stop`.
fn start(
    faults: Arc<Faults>,
) -> (
    MemoryBus,
    Arc<MemoryStats>,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<()>,
) {
    let store = Arc::new(MemoryStats::new());
    let (pipe, feed) = MemoryBus::new(Arc::clone(&store) as _);
    let feed = FaultyFeed {
        feed,
        faults: Arc::clone(&faults),
    };
    let faulty: Arc<dyn StatsStore> = Arc::new(FaultyStore {
        store: Arc::clone(&store),
        faults,
    });
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(run_accumulator(feed, faulty, || NOW, async {
        let _ = stopped.await;
    }));
    (pipe, store, stop, task)
}

async fn visits_and_likes(store: &MemoryStats) -> u64 {
    let totals = store.get(&[page(0), page(1)]).await.expect("a memory store answers");
    totals
        .iter()
        .map(|update| update.stats.visits + update.stats.likes)
        .sum()
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_when_it_is_told_to_stop_is_still_counted() {
    let (pipe, store, stop, task) = start(Faults::new(|_| Fate::Goes));
    let tracked = futures::future::join_all((0..3_000).map(|number| pipe.track(event(number))));
    let _ = stop.send(());
    assert!(tracked.await.iter().all(Result::is_ok));
    task.await.unwrap();
    assert_eq!(visits_and_likes(&store).await, 3_000);
    assert!(pipe.track(event(1)).await.unwrap_err().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn it_stops_in_time_even_if_the_store_never_answers() {
    let (pipe, store, stop, task) = start(Faults::new(|gap| match gap {
        Gap::BeforeApply => Fate::Dies,
        _ => Fate::Goes,
    }));
    let tracked = tokio::spawn(async move { pipe.track(event(1)).await });
    let _ = stop.send(());
    timeout(Duration::from_secs(6), task).await.unwrap().unwrap();
    assert!(tracked.await.unwrap().is_err());
    assert_eq!(visits_and_likes(&store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_old_is_refused_and_does_not_stop_the_others() {
    let (pipe, store, stop, task) = start(Faults::new(|_| Fate::Goes));
    let mut old = event(1);
    old.at = Timestamp::from_millis(0);
    let (refused, counted) = tokio::join!(pipe.track(old), pipe.track(event(2)));
    assert!(refused.is_ok() && counted.is_ok());
    assert_eq!(visits_and_likes(&store).await, 1);
    let _ = stop.send(());
    task.await.unwrap();
}
