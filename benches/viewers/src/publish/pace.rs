//! Publishes at a fixed rate, without waiting for responses.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet, time::Instant};

use super::{Publication, PublishOutcome, Publisher};
use crate::clock::{MonotonicClock, micros};

/// Requests that may be without an answer at once; what is due beyond is not sent, and counted.
const OUTSTANDING: usize = 4_096;

/// How many, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Messages in all.
    pub count: u32,
    /// Messages a second.
    pub rate: f64,
}

impl Pace {
    /// A number of messages per second, for a number of seconds.
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

    /// When the message with this number is due, counted from the start.
    #[must_use]
    pub fn due(self, number: u32) -> Duration {
        Duration::from_secs_f64(f64::from(number) / self.rate)
    }

    /// Publishes; what came of each, in no order, once all are answered.
    pub async fn run(
        self,
        publisher: &Arc<Publisher>,
        clock: MonotonicClock,
        published: impl Fn(),
    ) -> Vec<Publication> {
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
                    // A request does not wait for the connection of another one.
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

fn unsent(clock: MonotonicClock) -> Publication {
    let now = clock.now();
    Publication {
        sent: now,
        answered: now,
        outcome: PublishOutcome::Unsent,
    }
}
