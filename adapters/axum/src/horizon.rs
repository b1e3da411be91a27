use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use axum::Router;
use futures::future::join_all;
use horizon_core::{Comment, Error, Event, EventId, EventKind, PresenceExt, Result, Slug, Topic, Visibility, live};
use http::HeaderMap;
use isbot::Bots;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Config, Pages, Ports,
    attendance::Register,
    dice,
    live::Hub,
    metrics::Metrics,
    rates::{FORGET_EVERY, Limiters},
    reader::Readers,
    render, routes,
    visitors::Visitors,
    visits::{TICK, Visits},
};

/// The threads of one page of comments, unless another number is asked for.
pub(crate) const THREADS_A_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// How long a like or a comment waits for the pipe: 10 seconds.
const TRACK_WAIT: Duration = Duration::from_secs(10);

/// How long a number waits for presence: one second. Then nobody is said to be here.
const VIEWERS_WAIT: Duration = Duration::from_secs(1);

/// How long a close waits for the live streams to end: 3 seconds.
const STREAMS_WAIT: Duration = Duration::from_secs(3);

/// How long a close waits for the tasks after that: 6 seconds, longer than one attempt takes.
const TASKS_WAIT: Duration = Duration::from_secs(6);

/// What the hash of networks is keyed for.
const RATES_KEY: &str = "EventHorizon 2026 networks of the rate limits";

/// EventHorizon for one site: its router, and what the host's own pages need of it.
///
/// Cloning is cheap; all clones are one.
#[derive(Clone)]
pub struct Horizon(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) ports: Ports,
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) config: Config,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readers: Readers,
    pub(crate) limiters: Limiters,
    pub(crate) bots: Bots,
    pub(crate) register: Register,
    pub(crate) hub: Hub,
    /// The open live streams.
    pub(crate) streams: TaskTracker,
    tasks: TaskTracker,
    /// First the streams are told to end, then the delivery of what they left behind.
    closing: CancellationToken,
    delivered: CancellationToken,
}

impl fmt::Debug for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Horizon")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Horizon {
    /// Puts the parts together and starts what runs in the background; [`close`](Self::close) ends it.
    ///
    /// It has to be called within a tokio runtime.
    #[must_use]
    pub fn new(ports: Ports, pages: Arc<dyn Pages>, config: Config) -> Self {
        let metrics = Arc::new(Metrics::new());
        let (closing, delivered, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let (visits, delivery) = Visits::new(Arc::clone(&ports.analytics), Arc::clone(&metrics));
        let visitors = Visitors::new(Arc::clone(&ports.salts), config.site.clone());
        let stop = delivered.clone();
        tasks.spawn(async move { delivery.run(stop).await });
        let horizon = Self(Arc::new(Inner {
            readers: Readers::new(&config.secret, config.secure_cookies),
            limiters: Limiters::new(config.rates, config.secret.key(RATES_KEY)),
            bots: Bots::default(),
            hub: Hub::new(ports.clone(), Arc::clone(&metrics), closing.clone(), tasks.clone()),
            register: Register {
                presence: Arc::clone(&ports.presence),
                visitors: Arc::new(visitors),
                visits,
            },
            ports,
            pages,
            config,
            metrics,
            streams: TaskTracker::new(),
            tasks,
            closing,
            delivered,
        }));
        horizon.keep_house();
        horizon
    }

    /// The routes, to be nested under any path of an application.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        routes::router(self).with_state(self.clone())
    }

    /// The numbers of these topics, in their order: what the live streams say where somebody watches,
    /// otherwise from presence and the store. A reader whose like or comment was taken by this process finds it in
    /// them as soon as the store has it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn numbers(&self, topics: &[Topic]) -> Result<Vec<live::Numbers>> {
        let watched: Vec<_> = topics.iter().map(|topic| self.0.hub.settled_numbers(topic)).collect();
        if watched.iter().all(Option::is_some) {
            return Ok(watched.into_iter().flatten().collect());
        }
        let updates = self.0.ports.stats.get(topics).await?;
        let numbers = updates
            .into_iter()
            .zip(watched)
            .map(async |(update, watched)| match watched {
                Some(numbers) => numbers,
                None => live::Numbers::new(self.viewers(update.topic).await, update.stats),
            });
        Ok(join_all(numbers).await)
    }

    async fn viewers(&self, topic: Topic) -> u64 {
        timeout(VIEWERS_WAIT, self.0.ports.presence.viewers(topic))
            .await
            .unwrap_or(0)
    }

    /// The newest 50 threads of a page that are older than `before`, rendered and sanitised.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn threads(&self, slug: &Slug, before: Option<EventId>) -> Result<live::ThreadsView> {
        let page = self.0.ports.comments.threads(slug, before, THREADS_A_PAGE).await?;
        Ok(render::threads(&page).await)
    }

    /// Whether the reader whose cookie is among these headers likes the page.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn likes(&self, slug: &Slug, headers: &HeaderMap) -> Result<bool> {
        match self.reader(headers) {
            None => Ok(false),
            Some(reader) => self.0.ports.stats.likes(&slug.clone().into(), reader).await,
        }
    }

    /// The newest comments of all pages, for the author's eyes: newest first, older than `before`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn desk(
        &self,
        only: Option<Visibility>,
        before: Option<EventId>,
        limit: NonZeroUsize,
    ) -> Result<Vec<Comment>> {
        self.0.ports.comments.desk(only, before, limit).await
    }

    /// Shows or removes a comment. Answers false if there is none with this id.
    ///
    /// # Errors
    /// Those of the store and of the pipe.
    pub async fn moderate(&self, id: EventId, verdict: Visibility) -> Result<bool> {
        let Some(comment) = self.0.ports.comments.comment(id).await? else {
            return Ok(false);
        };
        let kind = EventKind::Moderate { comment: id, verdict };
        self.track(Event::new(dice::stamp()?, comment.slug.into(), kind))
            .await?;
        Ok(true)
    }

    /// What the router counts about itself, in Prometheus' text format, without an end mark.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics.encode()
    }

    /// Ends the live streams, hands over the visits that they leave behind, and waits for everything
    /// that runs in the background: nine seconds at most. From then on no stream can be opened.
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.0.streams.close();
        if timeout(STREAMS_WAIT, self.0.streams.wait()).await.is_err() {
            tracing::warn!(streams = self.0.streams.len(), "some live streams did not end in time");
        }
        self.0.delivered.cancel();
        self.0.tasks.close();
        if timeout(TASKS_WAIT, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.0.tasks.len(), "some tasks did not end in time");
        }
    }

    /// Hands an event to the pipe and counts what became of it.
    pub(crate) async fn track(&self, event: Event) -> Result<()> {
        let (kind, topic) = (event.kind.clone(), event.topic.clone());
        let tracked = timeout(TRACK_WAIT, self.0.ports.analytics.track(event))
            .await
            .unwrap_or_else(|late| Err(Error::unavailable("the pipe did not answer in time").with_source(late)));
        match tracked {
            Ok(()) => {
                self.0.hub.wrote(&topic);
                self.0.metrics.event_tracked(&kind);
            }
            Err(_) => self.0.metrics.event_failed(&kind),
        }
        tracked
    }

    /// One tick for all connections and limiters, until the close.
    fn keep_house(&self) {
        let (inner, closing) = (Arc::clone(&self.0), self.0.closing.clone());
        let house = async move {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let (mut forgot, mut lost) = (Instant::now(), 0);
            ticks.tick().await;
            loop {
                let now = ticks.tick().await;
                inner.register.visits.tick();
                if now.duration_since(forgot) >= FORGET_EVERY {
                    inner.limiters.forget();
                    forgot = now;
                    lost = report_lost_visits(inner.metrics.visits_failed(), lost);
                }
            }
        };
        self.0
            .tasks
            .spawn(async move { closing.run_until_cancelled(house).await });
    }
}

/// One line a minute says what a line for each visit would drown.
fn report_lost_visits(lost: u64, before: u64) -> u64 {
    if lost > before {
        tracing::warn!(
            visits = lost - before,
            "the pipe did not take some visits, and they are lost"
        );
    }
    lost
}
