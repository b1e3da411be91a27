//! Publishes at a fixed rate, without waiting for responses.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use super::{PublishConnection, PublishOutcome, PublishedMessage};
use crate::clock::{MonotonicClock, micros};

/// The maximum number of requests without a response. Further messages are not sent, but counted.
const OUTSTANDING: usize = 4_096;

/// The number of messages and their rate.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Number of messages.
    pub count: u32,
    /// Messages per second.
    pub rate: f64,
}

impl Pace {
    /// Returns the pace for a duration in seconds.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and no rate is negative"
    )]
    pub fn lasting(rate: f64, seconds: u32) -> Self {
        Self {
            count: (rate * f64::from(seconds)).round() as u32,
            rate,
        }
    }

    /// Returns when the message with this number is due, from the start.
    #[must_use]
    pub fn due(self, number: u32) -> Duration {
        Duration::from_secs_f64(f64::from(number) / self.rate)
    }

    /// Publishes, and returns the outcomes in any order when all requests have ended.
    pub async fn run(
        self,
        publisher: &Arc<PublishConnection>,
        clock: MonotonicClock,
        published: impl Fn(),
    ) -> Vec<PublishedMessage> {
        let room = Arc::new(Semaphore::new(OUTSTANDING));
        let mut waiting = JoinSet::new();
        let mut all = Vec::new();
        let (start, origin) = (Instant::now(), clock.now());
        for number in 0..self.count {
            tokio::time::sleep_until(start + self.due(number)).await;
            match Arc::clone(&room).try_acquire_owned() {
                Err(_full) => all.push(unsent(clock)),
                Ok(permit) => {
                    let publisher = Arc::clone(publisher);
                    // A like does not wait for another reader's connection.
                    let due = origin + micros(self.due(number));
                    waiting.spawn(async move {
                        let _permit = permit;
                        publisher.publish(clock, due).await
                    });
                }
            }
            while let Some(Ok(done)) = waiting.try_join_next() {
                all.push(done);
            }
            published();
        }
        while let Some(done) = waiting.join_next().await {
            all.extend(done);
        }
        all
    }
}

fn unsent(clock: MonotonicClock) -> PublishedMessage {
    let now = clock.now();
    PublishedMessage {
        sent: now,
        answered: now,
        outcome: PublishOutcome::Unsent,
    }
}
