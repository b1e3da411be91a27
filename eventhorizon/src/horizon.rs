use std::{fmt, sync::Arc, time::Duration};

use horizon_backend::{Backend, Health, ReadinessCheck, ReadinessError};
use horizon_core::{Error, Event, Ports, Result, Slug};
use isbot::Bots;
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Problem, ProblemKind, Secret, attendance::VisitTracker, breaker::Breaker, dice::Clock, house,
    known::LastKnown, late::LateVisits, live::Hub, metrics::Metrics, rates::RateLimiters, reader::Readers,
    rules::Rules, visitors::Visitors, visits::Visits,
};

/// How long a like or a comment may take in all, its reads included: 3 seconds. A person waits for the answer.
const WRITE_WAIT: Duration = Duration::from_secs(3);

/// How long the end waits for the live streams: 3 seconds.
const STREAMS_WAIT: Duration = Duration::from_secs(3);

/// How long the end waits for the tasks after that: 2 seconds. Visits that a pipe does not take by then are lost.
const TASKS_WAIT: Duration = Duration::from_secs(2);

/// What the hash of networks is keyed for.
const RATES_KEY: &str = "EventHorizon 2026 networks of the rate limits";

/// EventHorizon for one site: what an application holds, and all that its handlers need.
///
/// Cloning is cheap; all clones are one. [`close`](Self::close) ends it; so does dropping the last clone, in the
/// background: then nobody knows when the store is free again.
#[doc = include_str!("horizon/handle.md")]
#[derive(Clone)]
pub struct Horizon(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) rules: Rules,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readers: Readers,
    pub(crate) limiters: RateLimiters,
    pub(crate) bots: Bots,
    pub(crate) register: VisitTracker,
    pub(crate) visitors: Arc<Visitors>,
    pub(crate) hub: Hub,
    /// What is shown while a backend does not answer.
    pub(crate) known: Arc<LastKnown>,
    /// What bounds the reads of the store.
    pub(crate) breaker: Breaker,
    /// The open live streams, and visits whose visitor is looked for: what still has something to tell the pipe.
    pub(crate) streams: TaskTracker,
    secret: Secret,
    ports: Ports,
    readiness: ReadinessCheck,
    pub(crate) health: Health,
    backend: Backend,
    tasks: TaskTracker,
    /// First the streams are told to end, then the delivery of what they left behind.
    closing: CancellationToken,
    delivered: CancellationToken,
}

/// Counts a connection until it is dropped; see [`Horizon::connection`].
#[doc = include_str!("horizon/connection.md")]
#[derive(Debug)]
#[must_use = "it counts until it is dropped"]
pub struct Connection(Gauge);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Inner {
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }
}

impl Drop for Inner {
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
    /// Puts the parts together and starts what runs in the background.
    pub(crate) fn new(backend: Backend, config: Config, rules: Rules, clock: Clock, secret: Secret) -> Self {
        let ports = backend.ports().clone();
        let mut registry = Registry::default();
        backend.register_metrics(&mut registry);
        let metrics = Arc::new(Metrics::new(registry));
        let (closing, delivered, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let (visits, delivery) = Visits::new(Arc::clone(&ports.analytics), clock.clone(), Arc::clone(&metrics));
        let visitors = Visitors::new(Arc::clone(&ports.salts), config.site.clone(), clock.clone());
        let (visitors, streams) = (Arc::new(visitors), TaskTracker::new());
        let late = LateVisits::new(
            Arc::clone(&visitors),
            Arc::clone(&visits),
            Arc::clone(&metrics),
            streams.clone(),
            closing.clone(),
            backend.health().clone(),
        );
        let (stop, health) = (delivered.clone(), backend.health().clone());
        tasks.spawn(health.supervise("visits", async move { delivery.run(stop).await }));
        let known = Arc::new(LastKnown::new());
        let breaker = Breaker::new(tasks.clone(), delivered.clone(), health.clone());
        let horizon = Self(Arc::new(Inner {
            rules,
            readers: Readers::new(&secret, &config),
            limiters: RateLimiters::new(config.rates, secret.key(RATES_KEY)),
            bots: Bots::default(),
            hub: hub(&backend, &known, &metrics, &closing, &tasks),
            known,
            breaker,
            register: VisitTracker {
                presence: Arc::clone(&ports.presence),
                visits,
                late,
            },
            visitors,
            config,
            clock,
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
        horizon.keep_house();
        horizon
    }

    /// The ports behind the site: to track events of your own, and to read what is kept.
    #[doc = include_str!("horizon/ports.md")]
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.0.ports
    }

    /// How the site behaves.
    #[doc = include_str!("horizon/config.md")]
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// A key for one use of the application's own, which `purpose` names, derived from the site's secret. See
    /// [`Secret::key`] for what makes a good name.
    #[doc = include_str!("horizon/key.md")]
    #[must_use]
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        self.0.secret.key(purpose)
    }

    /// The page of this name, if there is one.
    #[doc = include_str!("horizon/page.md")]
    ///
    /// # Errors
    /// It is no slug ([`ProblemKind::InvalidSlug`]), or the site has no such page ([`ProblemKind::UnknownPage`]).
    pub fn page(&self, slug: &str) -> Result<Slug, Problem> {
        let slug = Slug::new(slug)
            .map_err(|error| Problem::new(ProblemKind::InvalidSlug).naming("slug", format!("is wrong: {error}.")))?;
        self.check_page(&slug)?;
        Ok(slug)
    }

    pub(crate) fn check_page(&self, slug: &Slug) -> Result<(), Problem> {
        if self.0.rules.pages.exists(slug) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::UnknownPage).naming("slug", format!("`{slug}` names no page of this site.")))
    }

    /// What the site counts about itself, in the OpenMetrics text format that Prometheus reads, without the `# EOF` at
    /// its end, so that more can follow. It has no label for each page.
    #[doc = include_str!("horizon/metrics.md")]
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics.encode()
    }

    /// Counts a connection of the server among the metrics, until the answer is dropped.
    #[doc = include_str!("horizon/connection.md")]
    pub fn connection(&self) -> Connection {
        self.0.metrics.connections.inc();
        Connection(self.0.metrics.connections.clone())
    }

    /// Counts a connection that the server did not take, and why: `total` and `network` are usual.
    #[doc = include_str!("horizon/refused.md")]
    pub fn refused_connection(&self, reason: &'static str) {
        self.0.metrics.connection_refused(reason);
    }

    /// Returns within 2 seconds whether the background tasks run and what is behind the ports works, as a sentence.
    /// Ports of your own are yours to check.
    #[doc = include_str!("horizon/ready.md")]
    ///
    /// # Errors
    /// Every problem, each as a sentence. The log says more about the cause.
    pub async fn ready(&self) -> Result<&'static str, ReadinessError> {
        self.0.readiness.check().await
    }

    /// The problems of the background tasks, which make the site not ready. An application can add those of its own,
    /// and should end when a background task panics: [`Health::panicked`] waits for that.
    #[doc = include_str!("horizon/health.md")]
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// The list of the processes that share a Redis, if this one does.
    #[doc = include_str!("horizon/shared.md")]
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn cluster(&self) -> Option<Arc<horizon_redis::NodeRegistry>> {
        self.0.backend.registry().cloned()
    }

    /// What this process says of itself to those that share a Redis with it, if any do.
    #[doc = include_str!("horizon/shared.md")]
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn about(&self) -> Option<horizon_redis::NodeInfo> {
        self.0.backend.node_info()
    }

    /// Ends the live streams, and says to other processes that their readers are gone: three seconds at most. From
    /// then on no stream can be opened; likes and comments still go through.
    ///
    /// Servers call it when they begin to stop, because they wait for open requests, and an open stream does not end.
    #[doc = include_str!("horizon/end_streams.md")]
    pub async fn end_streams(&self) {
        self.0.closing.cancel();
        self.0.streams.close();
        let ended = async { tokio::join!(self.0.streams.wait(), self.0.backend.leave()) };
        if timeout(STREAMS_WAIT, ended).await.is_err() {
            tracing::warn!(
                streams = self.0.streams.len(),
                "the live streams or the goodbye did not end in time"
            );
        }
    }

    /// Ends the live streams, hands over the visits that they leave behind, waits for everything that runs in the
    /// background, and closes the store: ten seconds at most. Call it after the last request. Ports of your own stay
    /// open.
    #[doc = include_str!("horizon/close.md")]
    ///
    /// # Errors
    /// The store could not be closed, or not in time. What was acknowledged is kept all the same.
    pub async fn close(&self) -> Result<()> {
        self.end_streams().await;
        self.0.delivered.cancel();
        self.0.tasks.close();
        if timeout(TASKS_WAIT, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.0.tasks.len(), "some tasks did not end in time");
        }
        let lost = self.0.metrics.visits_failed();
        if lost > 0 {
            tracing::warn!(
                visits = lost,
                "the pipe did not take some visits since the start, and they are lost"
            );
        }
        self.0.backend.close().await
    }

    /// Until when a like or a comment that comes now may take, where nothing is shown before the answer.
    pub(crate) fn write_deadline() -> Instant {
        Instant::now() + WRITE_WAIT
    }

    /// Hands an event to the pipe, waits until `deadline`, and counts what became of the event.
    pub(crate) async fn track(&self, event: Event, deadline: Instant) -> Result<()> {
        let (kind, topic) = (event.kind.clone(), event.topic.clone());
        let tracked = timeout_at(deadline, self.0.ports.analytics.track(event))
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("the pipe did not answer in time").with_source(late)));
        match tracked {
            Ok(()) => {
                self.0.hub.wrote(&topic);
                self.0.known.wrote(&topic);
                self.0.metrics.event_tracked(&kind);
            }
            Err(_) => self.0.metrics.event_failed(&kind),
        }
        tracked
    }

    /// Starts what happens regularly, until the end.
    fn keep_house(&self) {
        let (inner, closing) = (Arc::downgrade(&self.0), self.0.closing.clone());
        let house = self.0.health.supervise("house-keeping", house::keep(inner));
        self.0
            .tasks
            .spawn(async move { closing.run_until_cancelled(house).await });
    }
}

/// The hub of the pages over these ports.
fn hub(
    backend: &Backend,
    known: &Arc<LastKnown>,
    metrics: &Arc<Metrics>,
    closing: &CancellationToken,
    tasks: &TaskTracker,
) -> Hub {
    Hub::new(
        backend.ports().clone(),
        backend.is_embedded(),
        Arc::clone(known),
        Arc::clone(metrics),
        closing.clone(),
        tasks.clone(),
        backend.health().clone(),
    )
}
