use std::{fmt, sync::Arc, time::Duration};

use horizon_backend::{Backend, Health, LoginKey, ReadinessCheck, ReadinessError};
use horizon_core::{Error, Event, EventId, Ports, Result};
use quick_cache::sync::Cache;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Secret,
    background_visits::BackgroundVisits,
    bots::Bots,
    breaker::Breaker,
    clock::EventClock,
    custom_events::{RECENT_EVENTS, RecentEvent},
    forwarding::ForwardingWarnings,
    limits::ClientLimits,
    live::{Hub, HubParts},
    maintenance::run_maintenance,
    metrics::{Gauge, Metrics, registry},
    now::{NowState, run_sampler},
    page_questions::PageQuestions,
    pending_names::PendingNames,
    read_cache::ReadCache,
    reader::Readers,
    rules::Rules,
    visit_context::SiteContext,
    visit_queue::VisitQueue,
    visit_tracker::VisitTracker,
    visitors::VisitorKeys,
};

/// The time limit of a like, a comment or a custom event, including its reads: 3 seconds.
const WRITE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a shutdown waits for the live streams: 3 seconds.
const STREAMS_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a shutdown then waits for the tasks: 2 seconds. Visits that the bus does not accept by then are lost.
const TASKS_TIMEOUT: Duration = Duration::from_secs(2);

/// EventHorizon for one site: everything that an application's handlers need.
///
/// Clones share their state. [`close`](Self::close) shuts the site down. Dropping the last clone does so in the
/// background; nothing reports when the store can be opened again.
#[derive(Clone)]
pub struct Horizon(pub(crate) Arc<SiteState>);

pub(crate) struct SiteState {
    pub(crate) rules: Arc<Rules>,
    pub(crate) page_questions: PageQuestions,
    pub(crate) config: Config,
    pub(crate) context: SiteContext,
    pub(crate) clock: EventClock,
    pub(crate) forwarding_warnings: ForwardingWarnings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readers: Readers,
    pub(crate) limits: ClientLimits,
    pub(crate) bots: Bots,
    pub(crate) visit_tracker: VisitTracker,
    pub(crate) visitors: Arc<VisitorKeys>,
    pub(crate) hub: Hub,
    pub(crate) now: NowState,
    pub(crate) cache: Arc<ReadCache>,
    pub(crate) pending_names: PendingNames,
    /// The idempotency keys of recent custom events.
    pub(crate) recent_events: Cache<EventId, RecentEvent>,
    pub(crate) breaker: Breaker,
    /// The open live streams and the background visits: everything that still sends events.
    pub(crate) streams: TaskTracker,
    pub(crate) ports: Ports,
    secret: Secret,
    readiness: ReadinessCheck,
    health: Health,
    pub(crate) backend: Backend,
    tasks: TaskTracker,
    /// Ends the streams. Once they have ended, `delivered` ends the tasks that send their last events.
    closing: CancellationToken,
    delivered: CancellationToken,
}

/// Counts an open connection until it is dropped; see [`Horizon::track_connection`].
#[derive(Debug)]
#[must_use = "the connection is counted until the guard is dropped"]
pub(crate) struct ConnectionGuard(Gauge);

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Drop for SiteState {
    fn drop(&mut self) {
        self.closing.cancel();
        self.delivered.cancel();
    }
}

impl fmt::Debug for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Horizon")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Horizon {
    /// Assembles a site and starts its background tasks.
    pub(crate) fn new(
        backend: Backend,
        config: Config,
        rules: Rules,
        clock: EventClock,
        secret: Secret,
        context: SiteContext,
    ) -> Self {
        let (ports, metrics) = (backend.ports().clone(), Arc::new(Metrics::new(registry(&backend))));
        let (closing, delivered, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let (queue, sender) = VisitQueue::new(Arc::clone(&ports.bus), clock.clone(), Arc::clone(&metrics));
        let visitors = VisitorKeys::new(&backend, config.site.clone(), clock.clone());
        let (visitors, streams, cache) = (Arc::new(visitors), TaskTracker::new(), Arc::new(ReadCache::new()));
        let background = BackgroundVisits::new(
            Arc::clone(&visitors),
            Arc::clone(&queue),
            Arc::clone(&metrics),
            streams.clone(),
            closing.clone(),
            backend.health().clone(),
        );
        let now = NowState::new();
        let (stop, health) = (delivered.clone(), backend.health().clone());
        tasks.spawn(health.supervise("visits", async move { sender.run(stop).await }));
        let horizon = Self(Arc::new(SiteState {
            rules: Arc::new(rules),
            page_questions: PageQuestions::new(tasks.clone(), delivered.clone(), health.clone()),
            readers: Readers::new(&secret, &config),
            limits: ClientLimits::new(&config, Arc::clone(&metrics), clock.now()),
            bots: Bots::default(),
            hub: hub(&backend, &config, &cache, &metrics, &closing, &tasks),
            cache,
            pending_names: PendingNames::new(),
            recent_events: Cache::new(RECENT_EVENTS),
            breaker: Breaker::new(tasks.clone(), delivered.clone(), health.clone()),
            visit_tracker: VisitTracker::new(&ports, queue, background, &now),
            now,
            visitors,
            config,
            context,
            clock,
            forwarding_warnings: ForwardingWarnings::default(),
            metrics,
            streams,
            tasks,
            secret,
            ports,
            readiness: backend.readiness(),
            health,
            backend,
            closing,
            delivered,
        }));
        horizon.spawn_maintenance();
        horizon
    }

    /// Returns the ports behind the site, to record events and to read stored data directly.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Derives a key from the site's secret for a purpose of the application, such as signing its sessions. See
    /// [`Secret::key`] for good purposes.
    #[must_use]
    pub fn derive_key(&self, purpose: &str) -> [u8; 32] {
        self.0.secret.key(purpose)
    }

    /// Returns a key for the cookies of the application's login sessions, which is kept with the store of the site.
    /// Sign a cookie with both it and a [derived key](Self::derive_key), and replace it to end all sessions.
    ///
    /// # Errors
    /// The operating system has no randomness.
    pub fn login_key(&self) -> Result<LoginKey> {
        self.0.backend.login_key()
    }

    /// Returns the site's metrics in the OpenMetrics text format, without `# EOF`, so that the application can append
    /// its own.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.limits.set_metrics();
        self.0.metrics.encode()
    }

    /// Counts an open connection in the metric `horizon_connections` until the returned guard is dropped.
    pub(crate) fn track_connection(&self) -> ConnectionGuard {
        self.0.metrics.connections.inc();
        ConnectionGuard(self.0.metrics.connections.clone())
    }

    /// Counts a connection that the server refused in the metric `horizon_connections_refused`. `reason` is its label,
    /// such as `total` or `network`.
    pub(crate) fn count_refused_connection(&self, reason: &'static str) {
        self.0.metrics.connection_refused(reason);
    }

    /// Checks within 2 seconds that the background tasks and the backend work, and returns a sentence that says so.
    /// It reads from a store of your own, and does not check ports of your own.
    ///
    /// # Errors
    /// All problems, one sentence each. The log has their causes.
    pub async fn ready(&self) -> Result<&'static str, ReadinessError> {
        self.0.readiness.check().await
    }

    /// Returns the health of the background tasks, which decides readiness. An application can supervise tasks of its
    /// own, and should exit when a task panics:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let health = horizon.health();
    /// tokio::spawn(health.supervise("newsletter", async { panic!("no paper") }));
    /// let sentence = health.wait_for_panic().await; // in `main`: exit with this sentence
    /// assert_eq!(sentence, "the background task `newsletter` panicked: no paper; restart the process");
    /// assert!(horizon.ready().await.is_err());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Returns the registry of the processes that share a Redis, if this is one of them.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn node_registry(&self) -> Option<Arc<horizon_redis::NodeRegistry>> {
        self.0.backend.registry().cloned()
    }

    /// Returns what this process reports to that registry.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn node_info(&self) -> Option<horizon_redis::NodeInfo> {
        self.0.backend.node_info()
    }

    /// Ends the live streams, and tells other processes that their viewers are gone. It takes three seconds at most.
    /// No stream can be opened afterwards; likes, comments and custom events still work.
    ///
    /// Call it when the server starts to shut down: servers wait for open requests, and streams do not end by
    /// themselves.
    pub async fn end_streams(&self) {
        self.0.closing.cancel();
        self.0.streams.close();
        let ended = async { tokio::join!(self.0.streams.wait(), self.0.backend.leave()) };
        if timeout(STREAMS_TIMEOUT, ended).await.is_err() {
            tracing::warn!(
                streams = self.0.streams.len(),
                "shutdown: live streams did not end in time, or Redis did not accept the goodbye"
            );
        }
    }

    /// Shuts the site down: ends the live streams, sends their last visits, waits for the background tasks and closes
    /// the store. It takes ten seconds at most. Call it after the last request. It does not close a store or ports of
    /// your own.
    ///
    /// # Errors
    /// Closing the store failed or timed out. Acknowledged events are stored anyway.
    pub async fn close(&self) -> Result<()> {
        self.end_streams().await;
        self.0.delivered.cancel();
        self.0.tasks.close();
        if timeout(TASKS_TIMEOUT, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(
                tasks = self.0.tasks.len(),
                "shutdown: background tasks did not end in time"
            );
        }
        let lost = self.0.metrics.visits_failed();
        if lost > 0 {
            tracing::warn!(
                visits = lost,
                "visits lost since the start, because the event bus did not accept them"
            );
        }
        self.0.backend.close().await
    }

    /// Returns the token that ends streams when the site closes.
    pub(crate) fn closing(&self) -> CancellationToken {
        self.0.closing.clone()
    }

    /// Returns the deadline of a write that starts now.
    pub(crate) fn write_deadline() -> Instant {
        Instant::now() + WRITE_TIMEOUT
    }

    /// Hands an event to the bus before `deadline`, and counts the result.
    pub(crate) async fn track_event(&self, event: Event, deadline: Instant) -> Result<()> {
        let (kind, topic) = (event.kind.clone(), event.topic.clone());
        let tracked = timeout_at(deadline, self.0.ports.bus.track(event)).await;
        let tracked = tracked.unwrap_or_else(|elapsed| {
            Err(Error::unavailable("the event bus did not respond in time").with_source(elapsed))
        });
        match tracked {
            Ok(()) => {
                self.0.cache.note_write(&topic);
                self.0.metrics.event_tracked(&kind);
            }
            Err(_) => self.0.metrics.event_failed(&kind),
        }
        tracked
    }

    fn spawn_maintenance(&self) {
        self.spawn_until_closing("maintenance", run_maintenance(Arc::downgrade(&self.0)));
        self.spawn_until_closing("context", self.0.context.run_refresh());
        self.spawn_until_closing("now", run_sampler(Arc::downgrade(&self.0)));
        #[cfg(feature = "redis")]
        self.report_viewers();
    }

    /// Spawns a background task that is dropped when the site closes.
    fn spawn_until_closing(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let (closing, task) = (self.0.closing.clone(), self.0.health.supervise(name, task));
        self.0
            .tasks
            .spawn(async move { closing.run_until_cancelled(task).await });
    }
}

fn hub(
    backend: &Backend,
    config: &Config,
    cache: &Arc<ReadCache>,
    metrics: &Arc<Metrics>,
    closing: &CancellationToken,
    tasks: &TaskTracker,
) -> Hub {
    Hub::new(HubParts {
        ports: backend.ports().clone(),
        is_accumulator: backend.is_accumulator(),
        cache: Arc::clone(cache),
        metrics: Arc::clone(metrics),
        closing: closing.clone(),
        tasks: tasks.clone(),
        health: backend.health().clone(),
        max_silence: config.max_silence(),
    })
}
