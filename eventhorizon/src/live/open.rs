//! Opens live connections.

use std::{collections::HashSet, sync::Arc, time::Duration};

use bytes::Bytes;
use horizon_backend::random_bytes;
use horizon_core::{Error, EventKind, Result, Slug, Topic, VisitCause, VisitorKey};
use tokio::time::{Instant, timeout_at};

use super::{FramePart, Live, OpenConnection, ViewerStream};
use crate::{
    Caller, Decision, ExistingPage, Horizon, PrivacySignals, Problem,
    limits::{RateClass, ViewerPermit},
    live_viewer::LiveViewer,
    rules::rule_deadline,
    visit_context::OpenedPage,
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
    opened: OpenedPage<'a>,
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
            opened: OpenedPage::default(),
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

    /// Sets from where the reader came: the page's `document.referrer`, as `?r=` does in the HTTP contract. An event
    /// has only what [`VisitContext`](horizon_core::VisitContext) keeps of it. Without effect on a connection that is
    /// [opened again](Self::returning).
    pub fn referrer(mut self, referrer: impl Into<Option<&'a str>>) -> Self {
        self.opened.referrer = referrer.into();
        self
    }

    /// Sets the query of the page's own URL, which may name a campaign, as `?q=` does in the HTTP contract. See
    /// [`referrer`](Self::referrer).
    pub fn page_query(mut self, query: impl Into<Option<&'a str>>) -> Self {
        self.opened.query = query.into();
        self
    }

    /// Sets the width of the page's viewport in CSS pixels, as `?w=` does in the HTTP contract. See
    /// [`referrer`](Self::referrer).
    pub fn viewport_width(mut self, width: impl Into<Option<u32>>) -> Self {
        self.opened.viewport_width = width.into();
        self
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
            opened,
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
        let is_reopened = returning || caller.headers().contains_key(LAST_EVENT_ID);
        let opened = (!is_reopened).then_some(opened);
        let (mut viewer, permit) = self.open_viewer(identity, &topics, caller, opened);
        viewer.poll_once().await;
        let joined = topics.first().and_then(|topic| inner.hub.join(topic));
        let joined = joined.ok_or_else(stopping)?;
        let connections = inner.metrics.live_connections.clone();
        let open = OpenConnection::new(connections, inner.streams.token(), stream, permit);
        let mut live = ViewerStream::new(greeting()?, parts, joined, viewer, open);
        if let Some((page, reader)) = page.zip(named) {
            let reader = inner.hub.watch_reader(&page.into(), reader);
            live = live.with_reader(reader.ok_or_else(stopping)?);
        }
        if observed.is_empty() {
            return Ok(live.into());
        }
        let observed = observed.iter().map(|page| Slug::clone(page)).collect();
        Ok(live.with_observed(inner.hub.observe(observed)).into())
    }

    /// Returns the key that identifies the caller as a visitor today. Returns `None` for crawlers, for
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

    /// Returns a viewer that counts within the limits of the network, otherwise one that does not. `opened` is `None`
    /// for a stream that is reopened.
    fn open_viewer(
        &self,
        identity: Result<VisitorIdentity, &'static str>,
        topics: &Arc<[Topic]>,
        caller: &Caller,
        opened: Option<OpenedPage<'_>>,
    ) -> (LiveViewer, Option<ViewerPermit>) {
        let (limits, today) = (&self.0.limits, self.0.clock.now().day());
        let networks = limits.networks(caller.address());
        let cause = opened.map_or(VisitCause::Reopen, |_| VisitCause::Open);
        let counted = identity.and_then(|identity| {
            limits.check_visitor(&identity, cause, networks, today)?;
            Ok((limits.count_viewer(&identity, networks)?, identity))
        });
        match counted {
            Ok((permit, identity)) => {
                let mut visit = caused_by(cause, None);
                // Only a visit that counts spends the network's limit of new values.
                visit.context = opened.and_then(|opened| self.visit_context(caller, opened));
                let tracker = self.0.visit_tracker.clone();
                (LiveViewer::new(tracker, Arc::clone(topics), visit, identity), permit)
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
pub(crate) fn greeting() -> Result<Bytes, Problem> {
    let wait = RECONNECT_MILLIS + u32::from_be_bytes(random_bytes()?) % (RECONNECT_SPREAD_MILLIS + 1);
    Ok(format!("retry: {wait}\nid: 1\n\n").into())
}
