use std::{fmt, num::NonZeroUsize, sync::Arc};

use axum::Router;
use axum_extra::extract::cookie::Key;
use horizon_core::{Comment, Event, EventId, EventKind, PresenceExt, ReaderId, Result, Slug, Topic, Visibility, live};
use http::HeaderMap;

use crate::{Config, Pages, Ports, dice, metrics::Metrics, reader, render};

/// The most threads that one page of comments holds.
pub(crate) const THREADS_A_PAGE: NonZeroUsize = NonZeroUsize::new(50).unwrap();

/// EventHorizon for one site: its router, and what the host's own pages need of it.
///
/// Cloning is cheap; all clones are one. Make it inside a tokio runtime.
#[derive(Clone)]
pub struct Horizon(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) ports: Ports,
    pub(crate) pages: Arc<dyn Pages>,
    pub(crate) config: Config,
    pub(crate) cookies: Key,
    pub(crate) metrics: Arc<Metrics>,
}

impl fmt::Debug for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Horizon")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}

impl Horizon {
    /// Puts the parts together.
    #[must_use]
    pub fn new(ports: Ports, pages: Arc<dyn Pages>, config: Config) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self(Arc::new(Inner {
            cookies: Key::from(&config.secret.key::<64>(reader::COOKIE_KEY)),
            metrics,
            ports,
            pages,
            config,
        }))
    }

    /// The routes, to be nested under any path of an application.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new().with_state(self.clone())
    }

    /// The numbers of these topics, in their order.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn numbers(&self, topics: &[Topic]) -> Result<Vec<live::Numbers>> {
        let updates = self.0.ports.stats.get(topics).await?;
        let mut numbers = Vec::with_capacity(topics.len());
        for update in updates {
            let viewers = self.0.ports.presence.viewers(update.topic).await;
            numbers.push(live::Numbers::new(viewers, update.stats));
        }
        Ok(numbers)
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

    /// What the router counts about itself, in Prometheus' text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics.encode()
    }

    /// Ends the live streams, then waits for everything that runs in the background, a few seconds at most.
    pub async fn close(&self) {}

    /// Hands an event to the pipe and counts what became of it.
    pub(crate) async fn track(&self, event: Event) -> Result<()> {
        let kind = event.kind.clone();
        let tracked = self.0.ports.analytics.track(event).await;
        match tracked {
            Ok(()) => self.0.metrics.event_tracked(&kind),
            Err(_) => self.0.metrics.event_failed(&kind),
        }
        tracked
    }

    /// The reader of a signed cookie, if there is a good one.
    pub(crate) fn reader(&self, headers: &HeaderMap) -> Option<ReaderId> {
        reader::of(headers, &self.0.cookies)
    }
}
