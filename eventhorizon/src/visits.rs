//! Tells visits: when a connection opens, every few minutes while it lasts, and when it ends.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use horizon_core::{Analytics, Event, EventKind, Result, Topic, VisitorKey};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{dice::Clock, metrics::Metrics};

/// How often the hand moves: 10 seconds. One tick serves all connections.
pub(crate) const TICK: Duration = Duration::from_secs(10);

/// How many ticks pass between two visits of a connection that lasts: 60, which is ten minutes.
const SLOTS: usize = 60;

/// The most visits that wait for the pipe: 131,072, some twelve megabytes. It is more than 20,000 connections say that
/// break off and come again at once, four each. More are dropped, and counted as failed.
const WAITING: usize = 131_072;

/// The most visits that the pipe is given at once: 1,024, as many as an accumulator takes in one batch.
const IN_FLIGHT: usize = 1_024;

/// How long one attempt may take: 5 seconds, less than a shutdown waits.
const ATTEMPT: Duration = Duration::from_secs(5);

/// How long a visit is tried before it is given up: 5 minutes.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The first wait before a visit is tried again; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait before a visit is tried again: 10 seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Queues visits and never waits for the pipe.
pub(crate) struct Visits {
    queue: mpsc::Sender<Event>,
    wheel: Mutex<Wheel>,
    clock: Clock,
    metrics: Arc<Metrics>,
}

/// Who is here, spread over the ticks of ten minutes.
struct Wheel {
    slots: Vec<HashMap<u64, Attendee>>,
    hand: usize,
    next: u64,
}

#[derive(Clone)]
struct Attendee {
    topics: Arc<[Topic]>,
    visitor: VisitorKey,
}

/// A visit that lasts until it is dropped.
pub(crate) struct Visit {
    visits: Arc<Visits>,
    slot: usize,
    number: u64,
}

impl Visits {
    /// The queue, and what takes visits from it to the pipe.
    pub(crate) fn new(analytics: Arc<dyn Analytics>, clock: Clock, metrics: Arc<Metrics>) -> (Arc<Self>, Delivery) {
        let (queue, events) = mpsc::channel(WAITING);
        let delivery = Delivery {
            events,
            analytics,
            metrics: Arc::clone(&metrics),
        };
        let wheel = Wheel {
            slots: (0..SLOTS).map(|_| HashMap::new()).collect(),
            hand: 0,
            next: 0,
        };
        let visits = Self {
            queue,
            wheel: Mutex::new(wheel),
            clock,
            metrics,
        };
        (Arc::new(visits), delivery)
    }

    /// A visitor comes, and stays until the answer is dropped.
    pub(crate) fn open(this: &Arc<Self>, topics: Arc<[Topic]>, visitor: VisitorKey) -> Visit {
        let attendee = Attendee { topics, visitor };
        this.tell(&attendee.topics, Some(visitor));
        let mut wheel = this.wheel();
        let number = wheel.next;
        // In turn and not by the time of coming: after a restart everybody comes at once, and would
        // be told of at once, every ten minutes.
        let slot = usize::try_from(number % SLOTS as u64).unwrap_or(0);
        wheel.next += 1;
        if let Some(attendees) = wheel.slots.get_mut(slot) {
            attendees.insert(number, attendee);
        }
        Visit {
            visits: Arc::clone(this),
            slot,
            number,
        }
    }

    /// Somebody comes of whom nothing else is kept.
    pub(crate) fn once(&self, topics: &[Topic], visitor: Option<VisitorKey>) {
        self.tell(topics, visitor);
    }

    /// One tick: tells the visits whose turn it is.
    pub(crate) fn tick(&self) {
        let due: Vec<Attendee> = {
            let mut wheel = self.wheel();
            wheel.hand = (wheel.hand + 1) % SLOTS;
            let hand = wheel.hand;
            wheel
                .slots
                .get(hand)
                .map(|slot| slot.values().cloned().collect())
                .unwrap_or_default()
        };
        for attendee in due {
            self.tell(&attendee.topics, Some(attendee.visitor));
        }
    }

    fn tell(&self, topics: &[Topic], visitor: Option<VisitorKey>) {
        for topic in topics {
            let kind = EventKind::Visit { visitor };
            let queued = self.clock.stamp().ok().and_then(|stamp| {
                let event = Event::new(stamp, topic.clone(), kind.clone());
                self.queue.try_send(event).ok()
            });
            if queued.is_none() {
                self.metrics.event_failed(&kind);
            }
        }
    }

    fn leave(&self, slot: usize, number: u64) {
        let attendee = self.wheel().slots.get_mut(slot).and_then(|slot| {
            let attendee = slot.remove(&number);
            if slot.is_empty() {
                slot.shrink_to_fit();
            }
            attendee
        });
        if let Some(attendee) = attendee {
            self.tell(&attendee.topics, Some(attendee.visitor));
        }
    }

    fn wheel(&self) -> MutexGuard<'_, Wheel> {
        self.wheel.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Visits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visits")
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.visits.leave(self.slot, self.number);
    }
}

/// Takes visits to the pipe, and tries again when it is down.
pub(crate) struct Delivery {
    events: mpsc::Receiver<Event>,
    analytics: Arc<dyn Analytics>,
    metrics: Arc<Metrics>,
}

impl Delivery {
    /// Runs until `stop`; then hands over what waits, each once, and ends.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self {
            events,
            analytics,
            metrics,
        } = self;
        let queue = stream::unfold(events, |mut events| async {
            let event = tokio::select! {
                biased;
                event = events.recv() => event,
                () = stop.cancelled() => {
                    events.close();
                    events.recv().await
                }
            };
            event.map(|event| (event, events))
        });
        queue
            .for_each_concurrent(IN_FLIGHT, |event| deliver(&*analytics, &metrics, event, &stop))
            .await;
    }
}

async fn deliver(analytics: &dyn Analytics, metrics: &Metrics, event: Event, stop: &CancellationToken) {
    let end = Instant::now() + PATIENCE;
    let mut wait = FIRST_WAIT;
    loop {
        match attempt(analytics, event.clone()).await {
            Ok(()) => return metrics.event_tracked(&event.kind),
            Err(error) if !error.is_retryable() || Instant::now() + wait > end || stop.is_cancelled() => {
                tracing::debug!(%error, topic = %event.topic, "a visit was given up");
                return metrics.event_failed(&event.kind);
            }
            Err(error) => tracing::debug!(%error, ?wait, "a visit was not taken, trying again"),
        }
        stop.run_until_cancelled(sleep(wait)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn attempt(analytics: &dyn Analytics, event: Event) -> Result<()> {
    timeout(ATTEMPT, analytics.track(event)).await.unwrap_or_else(|late| {
        Err(horizon_core::Error::unavailable("the pipe did not answer in time").with_source(late))
    })
}

#[cfg(test)]
mod tests;
