use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use horizon_core::{Error, Stats};
use tokio::task::JoinHandle;

use super::*;

/// Fails a number of times, then takes every event.
#[derive(Default)]
struct FlakyBus {
    failures: AtomicUsize,
    tries: AtomicUsize,
    taken: Mutex<Vec<Event>>,
}

#[async_trait]
impl EventBus for FlakyBus {
    async fn track(&self, event: Event) -> Result<()> {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let left = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() {
            return Err(Error::unavailable("down"));
        }
        self.taken.lock().push(event);
        Ok(())
    }

    fn watch(&self, _: Topic) -> BoxStream<'static, Stats> {
        stream::pending().boxed()
    }
}

struct QueueFixture {
    bus: Arc<FlakyBus>,
    queue: Arc<VisitQueue>,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
    delivery: JoinHandle<()>,
}

fn fixture(failures: usize) -> QueueFixture {
    let bus = Arc::new(FlakyBus {
        failures: failures.into(),
        ..FlakyBus::default()
    });
    let (metrics, stop) = (Arc::new(Metrics::new(Default::default())), CancellationToken::new());
    let (queue, sender) = VisitQueue::new(
        Arc::clone(&bus) as _,
        EventClock::new(|| horizon_core::Timestamp::from_millis(1_800_000_000_000)),
        Arc::clone(&metrics),
    );
    let stopped = stop.clone();
    QueueFixture {
        bus,
        queue,
        metrics,
        stop,
        delivery: tokio::spawn(async move { sender.run(stopped).await }),
    }
}

impl QueueFixture {
    fn open(&self) -> OpenVisit {
        open(&self.queue, topics(), VisitCause::Open)
    }

    /// Waits until the worker ends, and returns the number of visits that the bus took.
    async fn taken(self) -> usize {
        self.events().await.len()
    }

    /// Waits until the worker ends, and returns the events that the bus took.
    async fn events(self) -> Vec<Event> {
        self.stop.cancel();
        self.delivery.await.unwrap();
        std::mem::take(&mut *self.bus.taken.lock())
    }
}

fn open(queue: &Arc<VisitQueue>, topics: Arc<[Topic]>, cause: VisitCause) -> OpenVisit {
    VisitQueue::open(
        queue,
        topics,
        VisitorKey::from_u128(7),
        caused_by(cause, None),
        Instant::now(),
    )
}

fn topics() -> Arc<[Topic]> {
    Arc::new([Topic::Site])
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_tracked_at_its_start_every_ten_minutes_and_at_its_end() {
    let site = fixture(0);
    let visit = site.open();
    for _ in 0..3 * SLOTS {
        site.queue.tick();
    }
    drop(visit);
    for _ in 0..SLOTS {
        site.queue.tick();
    }
    assert_eq!(site.taken().await, 1 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn the_events_of_a_connection_say_why_they_are_sent() {
    let site = fixture(0);
    let slug = horizon_core::Slug::new("docs/intro").unwrap();
    let page = Topic::from(slug.clone());
    let key = VisitorKey::from_u128(7);
    let topics: Arc<[Topic]> = Arc::new([page.clone(), Topic::Site]);
    let visit = open(&site.queue, topics, VisitCause::Reopen);
    for _ in 0..SLOTS {
        site.queue.tick();
    }
    drop(visit);
    let events = site.events().await;
    let visits = events.iter().map(|event| match &event.kind {
        EventKind::Visit(visit) => (&event.topic, visit.cause, visit.page.as_ref(), visit.visitor),
        other => panic!("{other:?}"),
    });
    let expected = [VisitCause::Reopen, VisitCause::Beat, VisitCause::End].map(|cause| {
        [
            (&page, Some(cause), None, Some(key)),
            (&Topic::Site, Some(cause), Some(&slug), Some(key)),
        ]
    });
    assert_eq!(visits.collect::<Vec<_>>(), expected.concat());
}

/// Returns the seconds of the events of a topic, in their order.
fn seconds(events: &[Event], topic: &Topic) -> Vec<Option<u32>> {
    let of_topic = events.iter().filter(|event| event.topic == *topic);
    let seconds = of_topic.map(|event| match &event.kind {
        EventKind::Visit(visit) => visit.seconds,
        other => panic!("{other:?}"),
    });
    seconds.collect()
}

#[tokio::test(start_paused = true)]
async fn the_seconds_of_a_connection_add_up_to_the_time_for_which_it_was_open() {
    let site = fixture(0);
    let page = Topic::from(horizon_core::Slug::new("intro").unwrap());
    let visit = open(&site.queue, Arc::new([page.clone(), Topic::Site]), VisitCause::Open);
    for _ in 0..2 {
        sleep(Duration::from_millis(600_700)).await;
        for _ in 0..SLOTS {
            site.queue.tick();
        }
    }
    sleep(Duration::from_millis(700)).await;
    drop(visit);
    let events = site.events().await;
    // 600.7 s, 1201.4 s and 1202.1 s
    for topic in [page, Topic::Site] {
        assert_eq!(seconds(&events, &topic), [None, Some(600), Some(601), Some(1)]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_before_the_key_was_known_counts() {
    let site = fixture(0);
    let opened = Instant::now();
    sleep(Duration::from_millis(2_500)).await;
    let visit = caused_by(VisitCause::Open, None);
    let open = VisitQueue::open(&site.queue, topics(), VisitorKey::from_u128(7), visit, opened);
    sleep(Duration::from_millis(500)).await;
    drop(open);
    assert_eq!(seconds(&site.events().await, &Topic::Site), [None, Some(3)]);
}

#[tokio::test(start_paused = true)]
async fn only_the_event_of_the_site_has_the_context() {
    let site = fixture(0);
    let page = Topic::from(horizon_core::Slug::new("intro").unwrap());
    let mut context = horizon_core::VisitContext::default();
    context.source = Some(horizon_core::ContextValue::new("google"));
    let mut visit = caused_by(VisitCause::Open, None);
    visit.context = Some(Box::new(context));
    site.queue.push(&[page, Topic::Site], visit);
    let events = site.events().await;
    let sources = events.iter().map(|event| match &event.kind {
        EventKind::Visit(visit) => visit.context.as_ref().and_then(|context| context.source.clone()),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        sources.collect::<Vec<_>>(),
        [None, Some(horizon_core::ContextValue::new("google"))]
    );
}

#[tokio::test(start_paused = true)]
async fn simultaneous_visits_are_tracked_one_by_one() {
    let site = fixture(0);
    let visits: Vec<OpenVisit> = (0..10 * SLOTS).map(|_| site.open()).collect();
    for tick in 0..SLOTS {
        let before = site.queue.queue.capacity();
        site.queue.tick();
        assert_eq!(before - site.queue.queue.capacity(), 10, "tick {tick}");
    }
    drop(visits);
}

#[tokio::test(start_paused = true)]
async fn a_visit_that_the_bus_rejects_is_retried_as_the_same_event() {
    let site = fixture(5);
    site.queue.push(&[Topic::Site], Visit::default());
    sleep(Duration::from_secs(10)).await;
    assert_eq!(site.bus.tries.load(Ordering::SeqCst), 6);
    assert_eq!(site.taken().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_dropped_after_the_last_retry() {
    let site = fixture(usize::MAX);
    site.queue.push(&[Topic::Site], Visit::default());
    sleep(DELIVERY_TIMEOUT * 2).await;
    assert!(
        site.metrics
            .encode()
            .contains("horizon_events_failed_total{kind=\"visit\"} 1")
    );
    assert_eq!(site.taken().await, 0);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_bounded_and_dropped_visits_are_counted() {
    let site = fixture(0);
    for _ in 0..MAX_QUEUED + 10 {
        site.queue.push(&[Topic::Site], Visit::default());
    }
    assert!(
        site.metrics
            .encode()
            .contains("horizon_events_failed_total{kind=\"visit\"} 10")
    );
    assert_eq!(site.taken().await, MAX_QUEUED);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_an_unavailable_bus() {
    let site = fixture(usize::MAX);
    for _ in 0..1000 {
        site.queue.push(&[Topic::Site], Visit::default());
    }
    let start = Instant::now();
    assert_eq!(site.taken().await, 0);
    assert!(start.elapsed() < ATTEMPT_TIMEOUT, "{:?}", start.elapsed());
}

#[test]
fn the_documented_memory_of_the_queue_is_right() {
    assert_eq!(size_of::<Event>() * MAX_QUEUED / 1_000_000, 23);
}
