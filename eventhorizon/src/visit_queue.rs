//! Queues visit events: when a connection opens, every ten minutes while it is open, and when it closes.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use horizon_core::{Event, EventBus, EventKind, Result, Topic, Visit, VisitCause, VisitorKey};
use parking_lot::Mutex;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{clock::EventClock, metrics::Metrics, visit_tracker::RETRY_BACKOFF};

/// The interval at which the timer wheel advances: 10 seconds. One timer serves all connections.
pub(crate) const TICK: Duration = Duration::from_secs(10);

/// The number of ticks between two visit events of an open connection: 60, which is ten minutes.
const SLOTS: usize = 60;

/// The largest number of queued visits: 131,072, about 23 MB, and less than 1 KB for each context. That suffices for
/// 20,000 connections that break and reconnect at once, with four events each. Further visits are dropped and counted
/// as failed.
const MAX_QUEUED: usize = 131_072;

/// The largest number of visits in flight to the bus: 1,024.
const MAX_IN_FLIGHT: usize = 1_024;

/// The time limit of one attempt: 5 seconds, less than a shutdown waits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The time limit of all attempts for one visit: 5 minutes.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Queues visits without waiting for the event bus.
pub(crate) struct VisitQueue {
    queue: mpsc::Sender<Event>,
    wheel: Mutex<TimerWheel>,
    clock: EventClock,
    metrics: Arc<Metrics>,
}

/// The open visits, spread over the ticks of ten minutes.
struct TimerWheel {
    slots: Vec<HashMap<u64, VisitEntry>>,
    current: usize,
    next_id: u64,
}

struct VisitEntry {
    topics: Arc<[Topic]>,
    visitor: VisitorKey,
    /// Until when the events have reported the open time.
    reported_until: Instant,
}

/// A visit that lasts until it is dropped.
pub(crate) struct OpenVisit {
    queue: Arc<VisitQueue>,
    slot: usize,
    id: u64,
}

/// Returns a visit with this cause.
pub(crate) fn caused_by(cause: VisitCause, visitor: Option<VisitorKey>) -> Visit {
    let mut visit = Visit::of(visitor);
    visit.cause = Some(cause);
    visit
}

/// Returns the seconds without their fraction, at most 136 years.
pub(crate) fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

impl VisitQueue {
    /// Creates the queue, and the worker that sends its visits to the bus.
    pub(crate) fn new(bus: Arc<dyn EventBus>, clock: EventClock, metrics: Arc<Metrics>) -> (Arc<Self>, VisitSender) {
        let (queue, events) = mpsc::channel(MAX_QUEUED);
        let sender = VisitSender {
            events,
            bus,
            metrics: Arc::clone(&metrics),
        };
        let wheel = TimerWheel {
            slots: (0..SLOTS).map(|_| HashMap::new()).collect(),
            current: 0,
            next_id: 0,
        };
        let visits = Self {
            queue,
            wheel: Mutex::new(wheel),
            clock,
            metrics,
        };
        (Arc::new(visits), sender)
    }

    /// Starts a visit that lasts until the returned value is dropped. The cause of `visit` is `Open` or `Reopen`. The
    /// connection is open since `opened`.
    pub(crate) fn open(
        this: &Arc<Self>,
        topics: Arc<[Topic]>,
        visitor: VisitorKey,
        mut visit: Visit,
        opened: Instant,
    ) -> OpenVisit {
        visit.visitor = Some(visitor);
        this.push(&topics, visit);
        let entry = VisitEntry {
            topics,
            visitor,
            reported_until: opened,
        };
        let mut wheel = this.wheel.lock();
        let id = wheel.next_id;
        // Round-robin, not by time: after a restart all clients reconnect at once, and their events would stay bunched.
        let slot = usize::try_from(id % SLOTS as u64).unwrap_or(0);
        wheel.next_id += 1;
        if let Some(entries) = wheel.slots.get_mut(slot) {
            entries.insert(id, entry);
        }
        OpenVisit {
            queue: Arc::clone(this),
            slot,
            id,
        }
    }

    /// Advances the wheel, and queues the visits whose turn it is.
    pub(crate) fn tick(&self) {
        let due: Vec<(Arc<[Topic]>, Visit)> = {
            let mut wheel = self.wheel.lock();
            wheel.current = (wheel.current + 1) % SLOTS;
            let current = wheel.current;
            let slot = wheel.slots.get_mut(current);
            let beat = |entry: &mut VisitEntry| (Arc::clone(&entry.topics), entry.report(VisitCause::Beat));
            slot.map(|slot| slot.values_mut().map(beat).collect())
                .unwrap_or_default()
        };
        for (topics, visit) in due {
            self.push(&topics, visit);
        }
    }

    /// Queues one event for each topic. That of the site names the page among the topics, and only it has the context.
    pub(crate) fn push(&self, topics: &[Topic], mut visit: Visit) {
        let page = topics.iter().find_map(Topic::slug);
        let mut context = visit.context.take();
        for topic in topics {
            let mut visit = visit.clone();
            if *topic == Topic::Site {
                visit.page = visit.page.or_else(|| page.cloned());
                visit.context = context.take();
            }
            let kind = EventKind::Visit(visit);
            let queued = self.clock.stamp().ok().and_then(|stamp| {
                let event = Event::new(stamp, topic.clone(), kind.clone());
                self.queue.try_send(event).ok()
            });
            if queued.is_none() {
                self.metrics.event_failed(&kind);
            }
        }
    }

    fn close(&self, slot: usize, id: u64) {
        let entry = self.wheel.lock().slots.get_mut(slot).and_then(|slot| {
            let entry = slot.remove(&id);
            if slot.is_empty() {
                slot.shrink_to_fit();
            }
            entry
        });
        if let Some(mut entry) = entry {
            let visit = entry.report(VisitCause::End);
            self.push(&entry.topics, visit);
        }
    }
}

impl VisitEntry {
    /// Returns a visit with the whole seconds for which the connection was open since the previous one. The rest of a
    /// second counts in the next one.
    fn report(&mut self, cause: VisitCause) -> Visit {
        let seconds = whole_seconds(self.reported_until.elapsed());
        self.reported_until += Duration::from_secs(seconds.into());
        let mut visit = caused_by(cause, Some(self.visitor));
        visit.seconds = Some(seconds);
        visit
    }
}

impl fmt::Debug for VisitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitQueue")
    }
}

impl Drop for OpenVisit {
    fn drop(&mut self) {
        self.queue.close(self.slot, self.id);
    }
}

/// Sends visits to the event bus, with retries.
pub(crate) struct VisitSender {
    events: mpsc::Receiver<Event>,
    bus: Arc<dyn EventBus>,
    metrics: Arc<Metrics>,
}

impl VisitSender {
    /// Runs until `stop`; then it sends what is queued, without retries, and ends.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { events, bus, metrics } = self;
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
            .for_each_concurrent(MAX_IN_FLIGHT, |event| send(&*bus, &metrics, event, &stop))
            .await;
    }
}

async fn send(bus: &dyn EventBus, metrics: &Metrics, event: Event, stop: &CancellationToken) {
    let deadline = Instant::now() + DELIVERY_TIMEOUT;
    let mut backoff = RETRY_BACKOFF;
    loop {
        let delay = backoff.next_delay();
        match attempt(bus, event.clone()).await {
            Ok(()) => return metrics.event_tracked(&event.kind),
            Err(error) if !error.is_retryable() || Instant::now() + delay > deadline || stop.is_cancelled() => {
                tracing::debug!(%error, topic = event.topic.to_string(), "dropped a visit");
                return metrics.event_failed(&event.kind);
            }
            Err(error) => tracing::debug!(%error, ?delay, "sending a visit failed, retrying"),
        }
        stop.run_until_cancelled(sleep(delay)).await;
    }
}

async fn attempt(bus: &dyn EventBus, event: Event) -> Result<()> {
    timeout(ATTEMPT_TIMEOUT, bus.track(event))
        .await
        .unwrap_or_else(|elapsed| {
            Err(horizon_core::Error::unavailable("the event bus did not respond in time").with_source(elapsed))
        })
}

#[cfg(test)]
mod tests;
