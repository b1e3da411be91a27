//! Opens live connections, and counts visits without one.

use std::{collections::HashSet, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::FutureExt;
use horizon_backend::random_bytes;
use horizon_core::{Error, EventKind, Result, Slug, Topic, VisitCause, VisitorKey, error_chain};
use tokio::time::{Instant, timeout_at};

use super::{FramePart, Live, OpenConnection};
use crate::{
    Caller, Decision, ExistingPage, Horizon, PrivacySignals, Problem,
    limits::{Networks, RateClass, ViewerPermit},
    live_viewer::LiveViewer,
    metrics::Metrics,
    rules::rule_deadline,
    visit_queue::caused_by,
    visit_tracker::VisitorIdentity,
    visitors,
};

/// The header that a browser sends when it reopens a stream.
const LAST_EVENT_ID: &str = "last-event-id";

/// How long a browser waits before it reopens a lost stream, in milliseconds, without [`RECONNECT_SPREAD_MILLIS`].
const RECONNECT_MILLIS: u32 = 1000;

/// The largest random addition to [`RECONNECT_MILLIS`], in milliseconds. It spreads the reconnections after a restart.
const RECONNECT_SPREAD_MILLIS: u32 = 3000;

/// The time limit of [`Horizon::visitor`]: one second.
const VISITOR_TIMEOUT: Duration = Duration::from_secs(1);

/// What a live connection shows. See [`Horizon::live`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct LiveOptions<'a> {
    page: Option<&'a ExistingPage>,
    observed: &'a [ExistingPage],
    returning: bool,
}

impl<'a> LiveOptions<'a> {
    /// The largest number of pages that a live connection observes: 100.
    pub const MAX_OBSERVED_PAGES: usize = 100;

    /// The stats of a page and of the site, and the page's newest comments.
    pub fn page(page: &'a ExistingPage) -> Self {
        Self::new(Some(page))
    }

    /// The stats of the site.
    pub fn site() -> Self {
        Self::new(None)
    }

    pub(crate) fn new(page: Option<&'a ExistingPage>) -> Self {
        Self {
            page,
            observed: &[],
            returning: false,
        }
    }

    /// Adds the stats of other pages, such as those of a list, as `?page=a&page=b` does in the HTTP contract: at most
    /// [`MAX_OBSERVED_PAGES`](Self::MAX_OBSERVED_PAGES), each once. The caller is neither a viewer nor a visitor of
    /// them.
    pub fn observe(self, observed: &'a [ExistingPage]) -> Self {
        Self { observed, ..self }
    }

    /// Sets whether the client reconnects by itself after a lost connection, as `?again=1` says in the HTTP contract.
    /// The visit then has the cause `reopen`, and a visitor with a privacy signal does not count as a second visit. A
    /// request with the header `Last-Event-ID` is one anyway.
    pub fn returning(self, returning: bool) -> Self {
        Self { returning, ..self }
    }
}

impl Horizon {
    /// Opens a live connection. The caller counts as a viewer until it is dropped. Crawlers and
    /// [uncounted](crate::Identity::uncounted) callers get the same stream, but do not count.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, LiveOptions, Slug};
    /// use futures::StreamExt;
    ///
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let mut live = horizon.live(&caller, LiveOptions::page(&bread)).await?;
    /// let _retry = live.next().await;
    /// let first = live.next().await.unwrap();
    /// assert!(first.starts_with(b"event: live\ndata: {\"viewers\":1,"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The caller's network exceeds its rate or has too many streams ([`NetworkLimits`](crate::NetworkLimits)), the
    /// site is closing, a rule of the application fails, or the observed pages are too many or repeated. An unavailable
    /// backend is not an error: the stream opens and shows cached stats.
    pub async fn live(&self, caller: &Caller, options: LiveOptions<'_>) -> Result<Live, Problem> {
        self.check_live_rate(caller)?;
        self.open_live(caller, options, rule_deadline()).await
    }

    /// Counts a live stream against the rate of the caller's network, or fails if the network exceeds it.
    pub(crate) fn check_live_rate(&self, caller: &Caller) -> Result<(), Problem> {
        let limits = &self.0.limits;
        limits.check_rate(RateClass::Live, limits.networks(caller.address()))
    }

    /// Does what [`live`](Self::live) does after [`check_live_rate`](Self::check_live_rate). The application's rules
    /// must respond before `deadline`.
    pub(crate) async fn open_live(
        &self,
        caller: &Caller,
        options: LiveOptions<'_>,
        deadline: Instant,
    ) -> Result<Live, Problem> {
        let LiveOptions {
            page,
            observed,
            returning,
        } = options;
        let inner = &*self.0;
        check_observed(observed.iter().map(|page| &**page))?;
        let (topics, parts): (Arc<[Topic]>, &[FramePart]) = match page {
            None => (Arc::new([Topic::Site]), &[FramePart::Stats]),
            Some(page) => (Arc::new([page.into(), Topic::Site]), &FramePart::ALL),
        };
        let networks = inner.limits.networks(caller.address());
        let stopping = || Problem::unavailable("The server is shutting down.");
        if inner.hub.is_closing() {
            // Do not count the viewer: the client reconnects.
            return Err(stopping());
        }
        let stream = inner.limits.open_stream(networks)?;
        if let Some(page) = page {
            inner.limits.note_page(networks, page, inner.clock.now());
        }
        let identity = self.visitor_identity(topics.first(), caller, deadline).await?;
        let named = match page {
            Some(_) => self.named_reader(caller, deadline).await?,
            None => None,
        };
        let cause = if returning || caller.headers().contains_key(LAST_EVENT_ID) {
            VisitCause::Reopen
        } else {
            VisitCause::Open
        };
        let (mut viewer, permit) = self.open_viewer(identity, &topics, cause, networks);
        viewer.poll_once().await;
        let joined = topics.first().and_then(|topic| inner.hub.join(topic));
        let joined = joined.ok_or_else(stopping)?;
        let connections = inner.metrics.live_connections.clone();
        let open = OpenConnection::new(connections, inner.streams.token(), stream, permit);
        let mut live = Live::new(greeting()?, parts, joined, viewer, open);
        if let Some((page, reader)) = page.zip(named) {
            let reader = inner.hub.watch_reader(&page.into(), reader);
            live = live.with_reader(reader.ok_or_else(stopping)?);
        }
        if observed.is_empty() {
            return Ok(live);
        }
        let observed = observed.iter().map(|page| Slug::clone(page)).collect();
        Ok(live.with_observed(inner.hub.observe(observed)))
    }

    /// Counts a visit of a page without a live connection, such as by a visitor without JavaScript. A live connection
    /// of the same visitor within half an hour is not a second visit.
    ///
    /// Known crawlers, prefetches and empty user agents do not count, but many programs pretend to be browsers: the
    /// number is an upper bound. The metric `horizon_server_visits` counts these visits. A visitor with a privacy
    /// signal ([`has_privacy_signal`](crate::has_privacy_signal)) is one visit per call and one more per live
    /// connection; if pages open one, do not call this for such visitors.
    ///
    /// It does not wait: a background task records the visit. Call it within a tokio runtime. A page that the site does
    /// not have is not counted, and neither is a visit for which a rule of the application fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let bread = horizon.page("bread").await?;
    /// for agent in ["Mozilla/5.0 Firefox/130.0", "Mozilla/5.0 Firefox/130.0", "Googlebot/2.1"] {
    ///     horizon.visit(&bread, &horizon.caller([192, 0, 2, 1].into(), [("user-agent", agent)]));
    /// }
    /// horizon.close().await?; // records what is queued
    /// assert_eq!(horizon.stats(&[bread.into()]).await?[0].visits, 1);
    /// # Ok(()) }
    /// ```
    pub fn visit(&self, page: &Slug, caller: &Caller) {
        self.visit_first(vec![page.clone()], caller);
    }

    /// Counts a visit of the page with this URL path (see [`Slug::from_path`]). If the site has no such page, it is one
    /// of the page whose name is the last segment, such as `hello` for `/blog/hello`. See [`visit`](Self::visit).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug, Topic};
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| matches!(slug.as_str(), "docs/intro" | "hello")).await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// for path in ["/docs/intro", "/blog/hello", "/favicon.ico"] {
    ///     horizon.visit_path(path, &caller);
    /// }
    /// horizon.close().await?; // records what is queued
    /// let pages = [Slug::new("docs/intro")?.into(), Slug::new("hello")?.into()];
    /// assert!(horizon.stats(&pages).await?.iter().all(|page| page.visits == 1));
    /// # Ok(()) }
    /// ```
    pub fn visit_path(&self, path: &str, caller: &Caller) {
        let last = path.trim_end_matches('/').rsplit('/').next();
        // An empty segment would be the root page.
        let last = last.filter(|last| !last.is_empty()).map(Slug::from_path);
        let mut pages: Vec<Slug> = last
            .into_iter()
            .chain([Slug::from_path(path)])
            .flatten()
            .rev()
            .collect();
        pages.dedup();
        self.visit_first(pages, caller);
    }

    /// Counts a visit of the first of these pages that the site has.
    fn visit_first(&self, pages: Vec<Slug>, caller: &Caller) {
        let (horizon, caller) = (self.clone(), caller.clone());
        self.record_in_background(async move { horizon.record_visit(&pages, &caller).await });
    }

    async fn first_existing_page(&self, pages: &[Slug], deadline: Instant) -> Result<Option<ExistingPage>> {
        for slug in pages {
            if let Some(page) = self.existing_page(slug, deadline).await? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Records a visit without delaying the caller.
    pub(crate) fn record_in_background(&self, visit: impl Future<Output = ()> + Send + 'static) {
        let mut visit = Box::pin(visit);
        // A task is needed only if a rule asks a database.
        if (&mut visit).now_or_never().is_none() && !self.0.visit_tracker.background.spawn_until_closing(visit) {
            self.0.metrics.dropped_visit("rate");
        }
    }

    /// Asks the rules, and queues the visit.
    async fn record_visit(&self, pages: &[Slug], caller: &Caller) {
        let inner = &*self.0;
        let deadline = rule_deadline();
        let identity = async {
            let Some(page) = self.first_existing_page(pages, deadline).await? else {
                return Ok::<_, Error>(None);
            };
            let topics = [Topic::from(&page), Topic::Site];
            let identity = self.visitor_identity(topics.first(), caller, deadline).await?;
            Ok(Some((page, topics, identity)))
        };
        match identity.await {
            Ok(Some((page, topics, Ok(identity)))) => self.queue_visit(&page, topics, identity, caller),
            Ok(Some((.., Err(reason)))) => inner.metrics.dropped_visit(reason),
            Ok(None) => {}
            Err(error) => {
                let cause = error_chain(&error);
                let slug = pages.first().map(Slug::as_str);
                tracing::warn!(%error, cause, slug, "a visit is not counted");
                inner.metrics.dropped_visit("rule");
            }
        }
    }

    fn queue_visit(&self, page: &ExistingPage, topics: [Topic; 2], identity: VisitorIdentity, caller: &Caller) {
        let inner = &*self.0;
        let networks = inner.limits.networks(caller.address());
        if inner.limits.check_rate(RateClass::Visit, networks).is_err() {
            return inner.metrics.dropped_visit("rate");
        }
        inner.limits.note_page(networks, page, inner.clock.now());
        let (cause, today) = (VisitCause::Open, inner.clock.now().day());
        if let Err(reason) = inner.limits.check_visitor(&identity, cause, networks, today) {
            return inner.metrics.dropped_visit(reason);
        }
        let count = |metrics: &Metrics| {
            metrics.server_visits.inc();
        };
        let (background, visit) = (&inner.visit_tracker.background, caused_by(cause, None));
        if !background.spawn(Arc::new(topics), visit, identity, count) {
            inner.metrics.dropped_visit("rate");
        }
    }

    /// Returns the key that identifies the caller as a visitor today (UTC). Returns `None` for crawlers, for
    /// [uncounted](crate::Identity::uncounted) callers, and for visitors with a privacy signal.
    ///
    /// # Errors
    /// The salt of the day cannot be read from the store within a second, or [`Identify`](crate::Identify) fails.
    pub async fn visitor(&self, caller: &Caller) -> Result<Option<VisitorKey>> {
        let deadline = Instant::now() + VISITOR_TIMEOUT;
        let Ok(identity) = self.visitor_identity(None, caller, deadline).await? else {
            return Ok(None);
        };
        timeout_at(deadline, self.0.visitors.key(&identity))
            .await
            .unwrap_or_else(|elapsed| Err(Error::unavailable("reading the salt timed out").with_source(elapsed)))
    }

    /// Returns a viewer that counts within the limits of the network, otherwise one that does not.
    fn open_viewer(
        &self,
        identity: Result<VisitorIdentity, &'static str>,
        topics: &Arc<[Topic]>,
        cause: VisitCause,
        networks: Networks,
    ) -> (LiveViewer, Option<ViewerPermit>) {
        let (limits, today) = (&self.0.limits, self.0.clock.now().day());
        let counted = identity.and_then(|identity| {
            limits.check_visitor(&identity, cause, networks, today)?;
            Ok((limits.count_viewer(&identity, networks)?, identity))
        });
        match counted {
            Ok((permit, identity)) => {
                let tracker = self.0.visit_tracker.clone();
                (LiveViewer::new(tracker, Arc::clone(topics), cause, identity), permit)
            }
            Err(reason) => {
                self.0.metrics.dropped_visit(reason);
                (LiveViewer::Uncounted, None)
            }
        }
    }

    /// Returns how to identify the visitor of a topic, or why the caller does not count.
    ///
    /// # Errors
    /// A rule of the application failed, or did not respond before `deadline`.
    pub(crate) async fn visitor_identity(
        &self,
        topic: Option<&Topic>,
        caller: &Caller,
        deadline: Instant,
    ) -> Result<Result<VisitorIdentity, &'static str>> {
        let (headers, rules) = (caller.headers(), &self.0.rules);
        if let Some(reason) = visitors::exclusion_reason(headers, &self.0.bots) {
            return Ok(Err(reason));
        }
        let identity = rules.identity(caller, deadline).await?;
        if identity.is_uncounted() {
            return Ok(Err("uncounted"));
        }
        if let Some(topic) = topic {
            let kind = EventKind::visit(None);
            if let Decision::Reject(_) = rules.decide(topic, &kind, caller, deadline).await? {
                return Ok(Err("refused"));
            }
        }
        Ok(match self.0.config.signals {
            PrivacySignals::Drop if visitors::has_privacy_signal(headers) => Err("signal"),
            PrivacySignals::Count if visitors::has_privacy_signal(headers) => Ok(VisitorIdentity::Anonymous),
            _ => Ok(match identity.name() {
                Some(name) => VisitorIdentity::Named(name.to_owned()),
                None => VisitorIdentity::Network {
                    address: caller.address(),
                    user_agent: visitors::user_agent(headers),
                },
            }),
        })
    }
}

/// Checks the number of observed pages, and that none is repeated.
pub(crate) fn check_observed<'a>(slugs: impl Iterator<Item = &'a Slug>) -> Result<(), Problem> {
    let mut known = HashSet::new();
    for slug in slugs {
        if known.len() == LiveOptions::MAX_OBSERVED_PAGES {
            let limit = LiveOptions::MAX_OBSERVED_PAGES;
            return Err(Problem::invalid_field(
                "page",
                format!("occurs more than {limit} times."),
            ));
        }
        if !known.insert(slug) {
            return Err(Problem::invalid_field("page", format!("repeats `{slug}`.")));
        }
    }
    Ok(())
}

/// Returns the first message: the reconnection time, and an id that makes browsers send [`LAST_EVENT_ID`].
fn greeting() -> Result<Bytes, Problem> {
    let wait = RECONNECT_MILLIS + u32::from_be_bytes(random_bytes()?) % (RECONNECT_SPREAD_MILLIS + 1);
    Ok(format!("retry: {wait}\nid: 1\n\n").into())
}
