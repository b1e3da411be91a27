use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use horizon_core::{Batch, Error, Feed, Progress, Receipt, Result, StatsStore, Timestamp, Update, step};
use tokio::time::{Instant, interval, sleep, timeout, timeout_at};

use crate::backoff::{Backoff, cause};

/// The most events that are recorded at once, in events.
const BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// How often the store erases what is too old.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// How long the accumulator goes on after it was told to stop, while events are ready.
const DRAIN_WAIT: Duration = Duration::from_secs(3);

/// How long the feed may take to say that it has another batch, after the accumulator was told to stop.
const READY_WAIT: Duration = Duration::from_millis(100);

/// Counts what the feed brings until `shutdown` ends, and then as long as more is ready.
///
/// It never gives up. After an error the same batch comes again: after a growing wait of at most 10
/// seconds if the error may pass, and every 30 seconds if somebody has to repair something, so that
/// a repair needs no restart and nothing is lost meanwhile. Each failure is logged, and so is each
/// event that is refused. Once an hour, and when it starts, the store forgets what is too old.
///
/// After `shutdown` it returns within 3 seconds. Dropping the future is safe at any point: the batch
/// that it was at comes again.
pub async fn run(
    mut feed: impl Feed,
    store: Arc<dyn StatsStore>,
    now: impl Fn() -> Timestamp + Send + Sync,
    shutdown: impl Future<Output = ()> + Send,
) {
    tokio::select! {
        () = shutdown => {}
        () = count_for_ever(&mut feed, &*store, &now) => {}
        () = forget_for_ever(&*store, &now) => {}
    }
    let deadline = Instant::now() + DRAIN_WAIT;
    if timeout_at(deadline, drain(&mut feed, &*store, &now)).await.is_err() {
        tracing::warn!(waited = ?DRAIN_WAIT, "stopped with events that are not counted yet");
    }
}

async fn count_for_ever(feed: &mut dyn Feed, store: &dyn StatsStore, now: &(dyn Fn() -> Timestamp + Sync)) {
    let mut backoff = Backoff::new();
    loop {
        match step(feed, store, now, BATCH_EVENTS).await {
            Ok(progress) => {
                log(&progress);
                backoff = Backoff::new();
            }
            Err(error) => sleep(backoff.after(&error)).await,
        }
    }
}

async fn forget_for_ever(store: &dyn StatsStore, now: &(dyn Fn() -> Timestamp + Sync)) {
    let mut hours = interval(FORGET_EVERY);
    loop {
        hours.tick().await;
        match store.forget(now()).await {
            Ok(()) => tracing::debug!("the store forgot what is too old"),
            Err(error) => {
                tracing::warn!(%error, cause = cause(&error), "the store did not forget, it tries again in an hour");
            }
        }
    }
}

/// Counts until the feed has nothing ready.
async fn drain(feed: &mut dyn Feed, store: &dyn StatsStore, now: &(dyn Fn() -> Timestamp + Sync)) {
    let mut rest = Rest { feed, empty: false };
    let mut backoff = Backoff::new();
    loop {
        match step(&mut rest, store, now, BATCH_EVENTS).await {
            Ok(progress) => log(&progress),
            Err(_) if rest.empty => return,
            Err(error) => sleep(backoff.after(&error)).await,
        }
    }
}

fn log(progress: &Progress) {
    for (event, reason) in &progress.refused {
        tracing::warn!(event = %event.id, topic = %event.topic, %reason, "an event was refused");
    }
    tracing::debug!(
        applied = progress.applied,
        refused = progress.refused.len(),
        "a batch was counted"
    );
}

/// A feed that does not wait for new events.
struct Rest<'a> {
    feed: &'a mut dyn Feed,
    empty: bool,
}

#[async_trait]
impl Feed for Rest<'_> {
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

    async fn acknowledge(&mut self, receipt: Receipt) -> Result<()> {
        self.feed.acknowledge(receipt).await
    }
}
