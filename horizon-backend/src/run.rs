use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use horizon_core::{
    AckToken, Batch, BatchOutcome, Error, EventConsumer, Result, StatsStore, Timestamp, Update, process_batch,
};
use tokio::time::{Instant, interval, sleep, timeout, timeout_at};

use crate::backoff::{Backoff, error_chain};
use crate::{CorrectedClock, Health};

/// The most events that are recorded at once, in events. What has come while one batch was written to the disk shares the
/// next one.
const BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// How often the store erases what is too old.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// The wait before the store may forget, while the clock cannot be trusted: one second.
const CLOCK_AGAIN: Duration = Duration::from_secs(1);

/// How long the accumulator goes on taking batches after it was told to stop, while events are ready.
const DRAIN_WAIT: Duration = Duration::from_secs(2);

/// How long the last batch may take beyond that, so that what is recorded is acknowledged too.
const LAST_BATCH_WAIT: Duration = Duration::from_secs(1);

/// How long the feed may take to say that it has another batch, after the accumulator was told to stop.
const READY_WAIT: Duration = Duration::from_millis(100);

/// The part of a process that takes batches and counts them.
const COUNTING: &str = "counting";

/// Hears what an accumulator does, for those who measure it. It is called between two batches, and has to be quick.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use horizon_backend::AccumulatorObserver;
/// use horizon_core::{Error, BatchOutcome};
///
/// #[derive(Default)]
/// struct Counted(AtomicUsize);
///
/// impl AccumulatorObserver for Counted {
///     fn on_batch(&self, progress: &BatchOutcome) {
///         self.0.fetch_add(progress.applied, Ordering::Relaxed);
///     }
///     fn on_error(&self, _: &Error) {}
/// }
/// let counted = Counted::default();
/// counted.on_batch(&BatchOutcome::default());
/// assert_eq!(counted.0.into_inner(), 0);
/// ```
pub trait AccumulatorObserver: Send + Sync {
    /// A batch is counted and acknowledged, but for what was refused.
    fn on_batch(&self, progress: &BatchOutcome);

    /// A batch could not be had or counted. It comes again.
    fn on_error(&self, error: &Error);
}

/// Reports the part `counting` while a batch cannot be had or counted.
impl AccumulatorObserver for Health {
    fn on_batch(&self, _: &BatchOutcome) {
        self.recover(COUNTING);
    }

    fn on_error(&self, error: &Error) {
        self.fail(
            COUNTING,
            format!("a batch cannot be counted: {error} ({})", error_chain(error)),
        );
    }
}

/// Nobody measures.
struct Nobody;

impl AccumulatorObserver for Nobody {
    fn on_batch(&self, _: &BatchOutcome) {}
    fn on_error(&self, _: &Error) {}
}

/// Counts what the feed brings until `shutdown` ends, and then as long as more is ready.
///
/// It never gives up. After an error the same batch comes again: after a growing wait of at most 2
/// seconds if the error may pass, and every 30 seconds if somebody has to repair something, so that
/// a repair needs no restart and nothing is lost meanwhile. Each failure is logged, and so is each
/// event that is refused. Once an hour, and when it starts, the store forgets what is too old.
///
/// `now` is the clock that says which events are too old to be counted, or too far ahead.
/// After `shutdown` it returns within 3 seconds. Dropping the future is safe at any point: the batch
/// that it was at comes again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_backend::{now, run_accumulator};
/// use horizon_core::{AnalyticsExt, Stamp, StatsStoreExt, Topic};
/// use horizon_memory::{MemoryBus, MemoryStats};
///
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, feed) = MemoryBus::new(store.clone());
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let counting = tokio::spawn(run(feed, store.clone(), now, async { drop(stopped.await) }));
/// pipe.track_site_visit(Stamp::new(now(), [7; 10]), None).await?; // ten random bytes
/// drop(stop);
/// counting.await?;
/// assert_eq!(store.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(()) }
/// ```
pub async fn run_accumulator(
    mut feed: impl EventConsumer,
    store: Arc<dyn StatsStore>,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
    shutdown: impl Future<Output = ()> + Send,
) {
    let clock = CorrectedClock::new(now);
    run_accumulator_observed(&mut [&mut feed], &*store, &clock, &Nobody, shutdown).await;
}

/// The same as [`run`] for several feeds of one pipe at once, and an observer hears of it.
///
/// While one feed tells and acknowledges what is counted, the store counts another's batch. Without any feed it returns
/// at once. While the clock cannot be trusted nothing is counted, refused or forgotten: a wrong clock would take good
/// events for too old or too far ahead, and forget too early.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use std::sync::Arc;
/// # use horizon_backend::{CorrectedClock, AccumulatorObserver, now, run_accumulator_observed};
/// # use horizon_core::{AnalyticsExt, Error, BatchOutcome, Stamp, StatsStoreExt, Topic};
/// # use horizon_memory::{MemoryBus, MemoryStats};
/// struct Told;
/// impl AccumulatorObserver for Told {
///     fn on_batch(&self, progress: &BatchOutcome) { println!("{} counted", progress.applied) }
///     fn on_error(&self, error: &Error) { println!("not yet: {error}") }
/// }
/// let store = Arc::new(MemoryStats::new());
/// let (pipe, mut feed) = MemoryBus::new(store.clone());
/// let tracking = pipe.track_site_visit(Stamp::new(now(), [7; 10]), None);
/// let shutdown = async { tracking.await.unwrap() }; // ends when it is counted
/// run_accumulator_observed(&mut [&mut feed], &*store, &CorrectedClock::new(now), &Told, shutdown).await;
/// assert_eq!(store.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(()) }
/// ```
pub async fn run_accumulator_observed(
    feeds: &mut [&mut dyn EventConsumer],
    store: &dyn StatsStore,
    clock: &CorrectedClock,
    observer: &dyn AccumulatorObserver,
    shutdown: impl Future<Output = ()> + Send,
) {
    let counter = Counter { store, clock, observer };
    tokio::select! {
        () = shutdown => {}
        _ = join_all(feeds.iter_mut().map(|feed| counter.count_for_ever(&mut **feed))) => {}
        () = counter.forget_for_ever() => {}
    }
    let enough = Instant::now() + DRAIN_WAIT;
    let drains = join_all(feeds.iter_mut().map(|feed| counter.drain(&mut **feed, enough)));
    let drained = timeout_at(enough + LAST_BATCH_WAIT, drains).await;
    if !drained.is_ok_and(|all| all.into_iter().all(|drained| drained)) {
        tracing::warn!("stopped with events that are not counted yet");
    }
}

/// What a batch needs beside its feed.
struct Counter<'a> {
    store: &'a dyn StatsStore,
    clock: &'a CorrectedClock,
    observer: &'a dyn AccumulatorObserver,
}

impl Counter<'_> {
    async fn count_for_ever(&self, feed: &mut dyn EventConsumer) {
        self.clock.compared().await;
        let mut backoff = Backoff::new();
        loop {
            match self.step(feed).await {
                Ok(()) => backoff = Backoff::new(),
                Err(error) => self.back_off(&error, &mut backoff).await,
            }
        }
    }

    /// Counts until the feed has nothing ready, or it is `enough`. Answers whether all is counted.
    async fn drain(&self, feed: &mut dyn EventConsumer, enough: Instant) -> bool {
        let mut rest = Rest { feed, empty: false };
        let mut backoff = Backoff::new();
        while Instant::now() < enough {
            match self.step(&mut rest).await {
                Ok(()) => {}
                Err(_) if rest.empty => return true,
                Err(error) => self.back_off(&error, &mut backoff).await,
            }
        }
        false
    }

    async fn step(&self, feed: &mut dyn EventConsumer) -> Result<()> {
        let mut feed = InTime {
            feed,
            clock: self.clock,
        };
        let progress = process_batch(&mut feed, self.store, &|| self.clock.now(), BATCH_EVENTS).await?;
        for (event, reason) in &progress.rejected {
            tracing::warn!(event = %event.id, topic = %event.topic, %reason, "an event was refused");
        }
        tracing::debug!(
            applied = progress.applied,
            refused = progress.rejected.len(),
            "a batch was counted"
        );
        self.observer.on_batch(&progress);
        Ok(())
    }

    async fn back_off(&self, error: &Error, backoff: &mut Backoff) {
        self.observer.on_error(error);
        sleep(backoff.after(error)).await;
    }

    async fn forget_for_ever(&self) {
        let mut hours = interval(FORGET_EVERY);
        loop {
            hours.tick().await;
            while let Err(error) = self.clock.check() {
                tracing::debug!(%error, "the store does not forget by a clock that cannot be trusted");
                sleep(CLOCK_AGAIN).await;
            }
            match self.store.expire(self.clock.now()).await {
                Ok(()) => tracing::debug!("the store forgot what is too old"),
                Err(error) => {
                    tracing::warn!(%error, cause = error_chain(&error), "the store did not forget, it tries again in an hour");
                }
            }
        }
    }
}

/// A feed whose batches wait while the clock cannot be trusted.
struct InTime<'a> {
    feed: &'a mut dyn EventConsumer,
    clock: &'a CorrectedClock,
}

#[async_trait]
impl EventConsumer for InTime<'_> {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let batch = self.feed.next_batch(limit).await?;
        // Behind the wait, which may take hours. A batch that is not acknowledged comes again.
        self.clock.check()?;
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.feed.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.feed.acknowledge(ack).await
    }
}

/// A feed that does not wait for new events.
struct Rest<'a> {
    feed: &'a mut dyn EventConsumer,
    empty: bool,
}

#[async_trait]
impl EventConsumer for Rest<'_> {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        match timeout(READY_WAIT, self.feed.next_batch(limit)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.empty = true;
                Err(Error::unavailable("nothing is ready"))
            }
        }
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.feed.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.feed.acknowledge(ack).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_cannot_be_counted_is_a_problem_until_one_is() {
        let health = Health::default();
        health.on_error(&Error::unavailable("the store is away").with_source("a lock"));
        let problem = "counting: a batch cannot be counted: the store is away (a lock)";
        assert_eq!(health.problems(), [problem]);
        health.on_batch(&BatchOutcome::default());
        assert!(health.problems().is_empty());
    }
}
