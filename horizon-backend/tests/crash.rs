//! The accumulator fails or dies at every step: the totals are exact, and every watcher receives them.

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
    AckToken, Batch, Error, Event, EventBus, EventConsumer, EventKind, ReaderId, Result, Slug, Stamp, Stats,
    StatsStore, Timestamp, Topic, Update,
};
use horizon_memory::{MemoryBus, MemoryConsumer, MemoryStore};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A step at which the accumulator may fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    BeforeBatch,
    AfterBatch,
    BeforeApply,
    AfterApply,
    BeforePublish,
    AfterPublish,
    BeforeAcknowledge,
    AfterAcknowledge,
}

const STEPS: [Step; 8] = [
    Step::BeforeBatch,
    Step::AfterBatch,
    Step::BeforeApply,
    Step::AfterApply,
    Step::BeforePublish,
    Step::AfterPublish,
    Step::BeforeAcknowledge,
    Step::AfterAcknowledge,
];

#[derive(Clone, Copy, Debug)]
enum StepOutcome {
    Continues,
    Fails,
    Dies,
}

/// Decides the outcome of the accumulator at each step.
struct Faults {
    outcome: Mutex<Box<dyn FnMut(Step) -> StepOutcome + Send>>,
    died: Notify,
}

impl Faults {
    fn new(outcome: impl FnMut(Step) -> StepOutcome + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            outcome: Mutex::new(Box::new(outcome)),
            died: Notify::new(),
        })
    }

    async fn pass(&self, step: Step) -> Result<()> {
        let outcome = (self.outcome.lock().expect("not poisoned"))(step);
        match outcome {
            StepOutcome::Continues => Ok(()),
            StepOutcome::Fails => Err(Error::unavailable(format!("a fault at {step:?}"))),
            StepOutcome::Dies => {
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

struct FaultyConsumer {
    consumer: MemoryConsumer,
    faults: Arc<Faults>,
}

#[async_trait]
impl EventConsumer for FaultyConsumer {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        self.faults.pass(Step::BeforeBatch).await?;
        let batch = self.consumer.next_batch(limit).await?;
        self.faults.pass(Step::AfterBatch).await?;
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.faults.pass(Step::BeforePublish).await?;
        self.consumer.publish(updates).await?;
        self.faults.pass(Step::AfterPublish).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.faults.pass(Step::BeforeAcknowledge).await?;
        self.consumer.acknowledge(ack).await?;
        self.faults.pass(Step::AfterAcknowledge).await
    }
}

struct FaultyStore {
    store: Arc<MemoryStore>,
    faults: Arc<Faults>,
}

#[async_trait]
impl StatsStore for FaultyStore {
    async fn apply(&self, events: &[Event]) -> Result<Vec<Update>> {
        self.faults.pass(Step::BeforeApply).await?;
        let updates = self.store.apply(events).await?;
        self.faults.pass(Step::AfterApply).await?;
        Ok(updates)
    }

    async fn totals(&self, topics: &[Topic]) -> Result<Vec<Update>> {
        self.store.totals(topics).await
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
        _ => EventKind::visit(None),
    };
    Event::new(Stamp::new(NOW, random), page(number), kind)
}

/// Returns the totals of both pages after this many events.
fn exact(events: u64) -> [Stats; 2] {
    [0, 1].map(|page| {
        let mine = (0..events).filter(|number| number % 2 == page);
        let likes = mine.clone().filter(|number| number % 3 == 0).count() as u64;
        Stats::new(mine.count() as u64 - likes, likes, 0)
    })
}

/// Restarts the accumulator each time it dies, until `stop`.
async fn run_until_stopped(
    bus: Arc<MemoryBus>,
    first: MemoryConsumer,
    store: FaultyStore,
    mut stop: oneshot::Receiver<()>,
) {
    let faults = Arc::clone(&store.faults);
    let store: Arc<dyn StatsStore> = Arc::new(store);
    let mut next = Some(first);
    while let Some(consumer) = next.take() {
        let consumer = FaultyConsumer {
            consumer,
            faults: Arc::clone(&faults),
        };
        tokio::select! {
            () = run_accumulator(consumer, Arc::clone(&store), || NOW, std::future::pending()) => {}
            () = faults.died.notified() => next = Some(bus.consumer().expect("the consumer was dropped")),
            _ = &mut stop => {}
        }
    }
}

/// Publishes an event until it is acknowledged.
async fn track(bus: &MemoryBus, event: Event) {
    while let Err(error) = bus.track(event.clone()).await {
        assert!(error.is_retryable(), "{error}");
        tokio::task::yield_now().await;
    }
}

/// Publishes events to an accumulator with these faults, and checks the totals.
async fn check_totals(what: &str, faults: Arc<Faults>) {
    const EVENTS: u64 = 40;
    let store = Arc::new(MemoryStore::new());
    let (bus, consumer) = MemoryBus::new(Arc::clone(&store) as _);
    let bus = Arc::new(bus);
    let faulty = FaultyStore {
        store: Arc::clone(&store),
        faults,
    };
    let (stop, stopped) = oneshot::channel();
    let accumulator = tokio::spawn(run_until_stopped(Arc::clone(&bus), consumer, faulty, stopped));
    let mut watchers = [bus.watch(page(0)), bus.watch(page(1))];
    for watcher in &mut watchers {
        // From here on it receives only published updates.
        assert_eq!(watcher.next().await, Some(Stats::default()), "{what}");
    }
    for round in 0..EVENTS / 4 {
        let four = (round * 4..).take(4).map(|number| track(&bus, event(number)));
        futures::future::join_all(four).await;
    }
    for (number, want) in exact(EVENTS).into_iter().enumerate() {
        let topic = page(number as u64);
        let totals = store.totals(std::slice::from_ref(&topic)).await.unwrap();
        assert_eq!(totals[0].stats, want, "{what}: {topic}");
        assert_eq!(
            bus.watch(topic.clone()).next().await,
            Some(want.clone()),
            "{what}: a new watcher of {topic}"
        );
        let received = async { while watchers[number].next().await.as_ref() != Some(&want) {} };
        assert!(
            timeout(Duration::from_secs(60), received).await.is_ok(),
            "{what}: an old watcher of {topic}"
        );
    }
    let _ = stop.send(());
    accumulator.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_any_step_counts_nothing_twice_and_every_watcher_gets_the_totals() {
    for outcome in [StepOutcome::Fails, StepOutcome::Dies] {
        for step in STEPS {
            // Up to the last batch, after which no other batch repairs a missed update.
            for nth in 1..=12 {
                let mut passed = 0;
                let faults = Faults::new(move |here| {
                    passed += usize::from(here == step);
                    if here == step && passed == nth {
                        outcome
                    } else {
                        StepOutcome::Continues
                    }
                });
                check_totals(&format!("{outcome:?} at {step:?}, time {nth}"), faults).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn random_failures_and_deaths_count_nothing_twice_and_every_watcher_gets_the_totals() {
    for seed in 1..=50_u64 {
        let mut random = fastrand::Rng::with_seed(seed);
        let faults = Faults::new(move |_| match random.u8(..16) {
            0 => StepOutcome::Dies,
            1 | 2 => StepOutcome::Fails,
            _ => StepOutcome::Continues,
        });
        check_totals(&format!("seed {seed}"), faults).await;
    }
}

/// Starts an accumulator with these faults that ends on `stop`.
fn start(
    faults: Arc<Faults>,
) -> (
    MemoryBus,
    Arc<MemoryStore>,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<()>,
) {
    let store = Arc::new(MemoryStore::new());
    let (bus, consumer) = MemoryBus::new(Arc::clone(&store) as _);
    let consumer = FaultyConsumer {
        consumer,
        faults: Arc::clone(&faults),
    };
    let faulty: Arc<dyn StatsStore> = Arc::new(FaultyStore {
        store: Arc::clone(&store),
        faults,
    });
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(run_accumulator(consumer, faulty, || NOW, async {
        let _ = stopped.await;
    }));
    (bus, store, stop, task)
}

async fn visits_and_likes(store: &MemoryStore) -> u64 {
    let totals = store
        .totals(&[page(0), page(1)])
        .await
        .expect("a store in memory does not fail");
    totals
        .iter()
        .map(|update| update.stats.visits + update.stats.likes)
        .sum()
}

#[tokio::test(start_paused = true)]
async fn events_that_are_ready_at_shutdown_are_counted() {
    let (bus, store, stop, task) = start(Faults::new(|_| StepOutcome::Continues));
    let tracked = futures::future::join_all((0..3_000).map(|number| bus.track(event(number))));
    let _ = stop.send(());
    assert!(tracked.await.iter().all(Result::is_ok));
    task.await.unwrap();
    assert_eq!(visits_and_likes(&store).await, 3_000);
    assert!(bus.track(event(1)).await.unwrap_err().is_retryable());
}

#[tokio::test(start_paused = true)]
async fn it_stops_in_time_even_if_the_store_hangs() {
    let (bus, store, stop, task) = start(Faults::new(|step| match step {
        Step::BeforeApply => StepOutcome::Dies,
        _ => StepOutcome::Continues,
    }));
    let tracked = tokio::spawn(async move { bus.track(event(1)).await });
    let _ = stop.send(());
    timeout(Duration::from_secs(6), task).await.unwrap().unwrap();
    assert!(tracked.await.unwrap().is_err());
    assert_eq!(visits_and_likes(&store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_old_is_rejected_and_does_not_stop_the_others() {
    let (bus, store, stop, task) = start(Faults::new(|_| StepOutcome::Continues));
    let mut old = event(1);
    old.at = Timestamp::from_millis(0);
    let (refused, counted) = tokio::join!(bus.track(old), bus.track(event(2)));
    assert!(refused.is_ok() && counted.is_ok());
    assert_eq!(visits_and_likes(&store).await, 1);
    let _ = stop.send(());
    task.await.unwrap();
}
