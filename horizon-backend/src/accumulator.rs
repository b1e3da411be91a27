use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use horizon_core::{
    AckToken, Batch, BatchOutcome, Error, EventConsumer, Result, StatsStore, Timestamp, Update, error_chain,
    process_batch,
};
use tokio::time::{Instant, interval, sleep, timeout, timeout_at};

use crate::batch_retry::BatchRetry;
use crate::{CorrectedClock, Health, ReportsCheck, SessionRetention};

/// The maximum number of events in a batch: 4,096. Events that arrive while one batch is written share the next one.
const MAX_BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// How often the store deletes expired data: once an hour.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(3_600);

/// How often to check an untrusted clock before the store expires data: every second.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long to keep counting after shutdown while events are ready: 2 seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// How much longer the last batch may take: 1 second.
const LAST_BATCH_TIMEOUT: Duration = Duration::from_secs(1);

/// How long to wait for another batch after shutdown: 100 ms.
const DRAIN_READ_TIMEOUT: Duration = Duration::from_millis(100);

/// The part of a process's [`Health`] that the accumulator reports.
const HEALTH_PART: &str = "counting";

/// How an accumulator counts.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccumulatorConfig {
    /// Decides which events are too old or too far in the future.
    pub clock: CorrectedClock,
    /// If set, nothing is counted while the store's reports have another time zone.
    pub reports: Option<ReportsCheck>,
    /// How long the sessions of the reports are kept.
    pub session_retention: SessionRetention,
}

impl AccumulatorConfig {
    /// Returns the default configuration with this clock.
    #[must_use]
    pub fn new(clock: CorrectedClock) -> Self {
        Self {
            clock,
            reports: None,
            session_retention: SessionRetention::default(),
        }
    }
}

/// Observes [`run_accumulator_observed`]. It is called between two batches and must not block.
pub trait AccumulatorObserver: Send + Sync {
    /// A batch was counted and acknowledged, except for the rejected events.
    fn on_batch(&self, outcome: &BatchOutcome);

    /// A batch could not be read or counted. It is retried.
    fn on_error(&self, error: &Error);
}

/// Reports the part `counting` while a batch cannot be read or counted.
impl AccumulatorObserver for Health {
    fn on_batch(&self, _: &BatchOutcome) {
        self.recover(HEALTH_PART);
    }

    fn on_error(&self, error: &Error) {
        let cause = error_chain(error);
        self.fail(HEALTH_PART, format!("a batch cannot be counted: {error} ({cause})"));
    }
}

/// Ignores everything.
impl AccumulatorObserver for () {
    fn on_batch(&self, _: &BatchOutcome) {}
    fn on_error(&self, _: &Error) {}
}

/// Counts events from `consumer` into `store` until `shutdown`, and then those that are ready, for at most 3 seconds.
///
/// A failed batch is retried, after up to 2 seconds if the error is retryable and every 30 seconds otherwise, so that a
/// repair needs no restart. Failures and rejected events are logged. The store expires old data at the start and then
/// every hour. `now` decides which events are too old or too far in the future. Cancel safe: an unfinished batch is
/// delivered again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use horizon_backend::{now, run_accumulator};
/// use horizon_core::{EventBusExt, Stamp, StatsStoreExt, Topic};
/// use horizon_memory::{MemoryBus, MemoryStore};
///
/// let store = Arc::new(MemoryStore::new());
/// let (bus, consumer) = MemoryBus::new(store.clone());
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let task = tokio::spawn(run_accumulator(consumer, store.clone(), now, async { drop(stopped.await) }));
/// bus.track_site_visit(Stamp::new(now(), [7; 10]), None).await?; // ten random bytes
/// drop(stop);
/// task.await?;
/// assert_eq!(store.total(&Topic::Site).await?.stats.visits, 1);
/// # Ok(()) }
/// ```
pub async fn run_accumulator(
    mut consumer: impl EventConsumer,
    store: Arc<dyn StatsStore>,
    now: impl Fn() -> Timestamp + Send + Sync + 'static,
    shutdown: impl Future<Output = ()> + Send,
) {
    let config = AccumulatorConfig::new(CorrectedClock::new(now));
    run_accumulator_observed(&mut [&mut consumer], &*store, &config, &(), shutdown).await;
}

/// Like [`run_accumulator`], with several consumers of one bus and an observer.
///
/// While one consumer publishes and acknowledges, the store counts a batch of another. While the clock cannot be
/// trusted, nothing is counted, rejected or expired.
pub async fn run_accumulator_observed(
    consumers: &mut [&mut dyn EventConsumer],
    store: &dyn StatsStore,
    config: &AccumulatorConfig,
    observer: &dyn AccumulatorObserver,
    shutdown: impl Future<Output = ()> + Send,
) {
    let accumulator = Accumulator {
        store,
        config,
        observer,
    };
    tokio::select! {
        () = shutdown => {}
        _ = join_all(consumers.iter_mut().map(|consumer| accumulator.run(&mut **consumer, None))) => {}
        () = accumulator.expire_hourly() => {}
    }
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    let drains = consumers
        .iter_mut()
        .map(|consumer| accumulator.run(&mut **consumer, Some(deadline)));
    let drained = timeout_at(deadline + LAST_BATCH_TIMEOUT, join_all(drains)).await;
    if !drained.is_ok_and(|all| all.into_iter().all(|drained| drained)) {
        tracing::warn!("stopped before all events were counted; the next accumulator counts them");
    }
}

struct Accumulator<'a> {
    store: &'a dyn StatsStore,
    config: &'a AccumulatorConfig,
    observer: &'a dyn AccumulatorObserver,
}

impl Accumulator<'_> {
    /// Counts until `drain_until` or until no event is ready; without `drain_until`, forever. Returns whether all
    /// events are counted.
    async fn run(&self, consumer: &mut dyn EventConsumer, drain_until: Option<Instant>) -> bool {
        let mut consumer = GuardedConsumer {
            consumer,
            config: self.config,
            read_timeout: drain_until.map(|_| DRAIN_READ_TIMEOUT),
            is_empty: false,
        };
        let mut retry = BatchRetry::default();
        if drain_until.is_none() {
            self.config.clock.compared().await;
        }
        while drain_until.is_none_or(|deadline| Instant::now() < deadline) {
            match self.process_batch(&mut consumer).await {
                Ok(()) => retry = BatchRetry::default(),
                Err(_) if consumer.is_empty => return true,
                Err(error) => {
                    self.observer.on_error(&error);
                    sleep(retry.log_and_delay(&error)).await;
                }
            }
        }
        false
    }

    async fn process_batch(&self, consumer: &mut GuardedConsumer<'_>) -> Result<()> {
        let outcome = process_batch(consumer, self.store, &|| self.config.clock.now(), MAX_BATCH_EVENTS).await?;
        for (event, reason) in &outcome.rejected {
            tracing::warn!(event = %event.id, topic = event.topic.to_string(), %reason, "event rejected");
        }
        let (applied, rejected) = (outcome.applied, outcome.rejected.len());
        tracing::debug!(applied, rejected, "batch counted");
        self.observer.on_batch(&outcome);
        Ok(())
    }

    async fn expire_hourly(&self) {
        let mut hours = interval(EXPIRE_INTERVAL);
        loop {
            hours.tick().await;
            while let Err(error) = self.config.clock.check() {
                tracing::debug!(%error, "the store does not expire data while the clock is wrong");
                sleep(CLOCK_CHECK_INTERVAL).await;
            }
            match self.expire(self.config.clock.now()).await {
                Ok(()) => tracing::debug!("expired data deleted"),
                Err(error) => {
                    let cause = error_chain(&error);
                    tracing::warn!(%error, cause, "expired data cannot be deleted, next attempt in an hour");
                }
            }
        }
    }

    async fn expire(&self, now: Timestamp) -> Result<()> {
        self.store.expire(now).await?;
        let Some(reports) = self.store.reports() else {
            return Ok(());
        };
        let today = reports.status().await?.time_zone.day_of(now);
        let Some(first) = self.config.session_retention.first_day(today) else {
            return Ok(());
        };
        // The store remembers which days lack their sessions, so erase only if there are any.
        if reports.expire_sessions(first, true).await? > 0 {
            let sessions = reports.expire_sessions(first, false).await?;
            tracing::info!(sessions, before = %first, "the sessions of old days were erased");
        }
        Ok(())
    }
}

/// Rejects batches while the clock cannot be trusted or the time zone is another one, and limits how long a read may
/// wait.
struct GuardedConsumer<'a> {
    consumer: &'a mut dyn EventConsumer,
    config: &'a AccumulatorConfig,
    read_timeout: Option<Duration>,
    /// The last read timed out.
    is_empty: bool,
}

#[async_trait]
impl EventConsumer for GuardedConsumer<'_> {
    async fn next_batch(&mut self, limit: NonZeroUsize) -> Result<Batch> {
        let read = self.consumer.next_batch(limit);
        let batch = match self.read_timeout {
            None => read.await?,
            Some(duration) => timeout(duration, read).await.unwrap_or_else(|_| {
                self.is_empty = true;
                Err(Error::unavailable("no event is ready"))
            })?,
        };
        // After the read, which may take hours. A batch that is not acknowledged is delivered again.
        self.config.clock.check()?;
        if let Some(reports) = &self.config.reports {
            reports.require_zone().await?;
        }
        Ok(batch)
    }

    async fn publish(&mut self, updates: &[Update]) -> Result<()> {
        self.consumer.publish(updates).await
    }

    async fn acknowledge(&mut self, ack: AckToken) -> Result<()> {
        self.consumer.acknowledge(ack).await
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
