//! Publishers that send events to the bus until they are acknowledged.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context;
use futures::stream::{self, TryStreamExt};
use horizon_core::{Event, EventBus, EventId};
use horizon_redis::RedisBus;
use tokio::time::{Instant, sleep};

use crate::{ack_log::AckLog, mutant::FaultMutant};

/// The maximum number of unacknowledged events at the same time.
const IN_FLIGHT: usize = 4_096;

/// The time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// The longest time for all attempts. No fault lasts as long.
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);

/// Publishers that retry each event.
#[derive(Debug)]
pub(crate) struct Publishers {
    bus: RedisBus,
    /// The defect, if the publishers are a mutant.
    mutant: Option<FaultMutant>,
    errors: AtomicU64,
}

impl Publishers {
    pub(crate) fn new(bus: RedisBus, mutant: Option<FaultMutant>) -> Self {
        Self {
            bus,
            mutant,
            errors: AtomicU64::new(0),
        }
    }

    /// Sends all events and records each acknowledgement.
    pub(crate) async fn publish(&self, events: Vec<Event>, ack_log: &AckLog) -> anyhow::Result<()> {
        stream::iter(events.into_iter().map(anyhow::Ok))
            .try_for_each_concurrent(IN_FLIGHT, async |event| {
                self.send_until_acknowledged(event).await?;
                ack_log.acknowledged(1);
                Ok(())
            })
            .await
    }

    async fn send_until_acknowledged(&self, mut event: Event) -> anyhow::Result<()> {
        let give_up = Instant::now() + RETRY_TIMEOUT;
        loop {
            let error = match self.bus.track(event.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.errors.fetch_add(1, Ordering::Relaxed);
            match self.mutant {
                Some(FaultMutant::IgnoresErrors) => return Ok(()),
                Some(FaultMutant::NewIdOnRetry) => event.id = EventId::from_u128(event.id.as_u128() ^ self.attempts()),
                _ => {}
            }
            if !error.is_retryable() || Instant::now() > give_up {
                return Err(error).context("a publisher gave up");
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    fn attempts(&self) -> u128 {
        self.errors().into()
    }

    /// Returns the number of failed attempts.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }
}
