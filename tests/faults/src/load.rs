//! Hands events to the pipe, each until it is acknowledged.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context;
use futures::stream::{self, TryStreamExt};
use horizon_core::{Analytics, Event, EventId};
use horizon_redis::RedisBus;
use tokio::time::{Instant, sleep};

use crate::{defect::Defect, diary::Diary};

/// How many events are on their way at once.
const IN_FLIGHT: usize = 4_096;

/// How long a publisher waits before it tries again.
const AGAIN: Duration = Duration::from_millis(50);

/// How long a publisher tries. No fault lasts as long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Publishers who do not give up.
#[derive(Debug)]
pub(crate) struct Load {
    pipe: RedisBus,
    /// What they do wrong, if they are broken.
    defect: Option<Defect>,
    errors: AtomicU64,
}

impl Load {
    pub(crate) fn new(pipe: RedisBus, defect: Option<Defect>) -> Self {
        Self {
            pipe,
            defect,
            errors: AtomicU64::new(0),
        }
    }

    /// Hands over all of them. Answers once each is acknowledged, and notes that.
    pub(crate) async fn publish(&self, events: Vec<Event>, diary: &Diary) -> anyhow::Result<()> {
        stream::iter(events.into_iter().map(anyhow::Ok))
            .try_for_each_concurrent(IN_FLIGHT, async |event| {
                self.until_acknowledged(event).await?;
                diary.acknowledged(1);
                Ok(())
            })
            .await
    }

    async fn until_acknowledged(&self, mut event: Event) -> anyhow::Result<()> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let error = match self.pipe.track(event.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            self.errors.fetch_add(1, Ordering::Relaxed);
            match self.defect {
                Some(Defect::BelievesErrors) => return Ok(()),
                Some(Defect::MintsAgain) => event.id = EventId::from_u128(event.id.as_u128() ^ self.attempts()),
                _ => {}
            }
            if !error.is_retryable() || Instant::now() > give_up {
                return Err(error).context("a publisher gave up");
            }
            sleep(AGAIN).await;
        }
    }

    fn attempts(&self) -> u128 {
        self.errors().into()
    }

    /// How many attempts failed.
    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }
}
