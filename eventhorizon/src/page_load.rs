//! Visits that a server counts without a script.

use std::{fmt, future::Future, sync::Arc};

use futures::FutureExt;
use horizon_core::{Error, Result, Slug, Topic, VisitCause, error_chain};
use http::{Method, header::REFERER};
use tokio::time::Instant;

use crate::{
    Caller, ExistingPage, Horizon, has_privacy_signal, limits::RateClass, metrics::Metrics, rules::rule_deadline,
    visit_context::OpenedPage, visit_queue::caused_by, visit_tracker::VisitorIdentity,
};

/// The media type of pages.
const HTML: &[u8] = b"text/html";

/// What decides whether a response of a server is a page that counts as a visit; see [`Horizon::track_page_load`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PageLoad<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The status of the response.
    pub status: u16,
    /// The `Content-Type` of the response, if it has one.
    pub content_type: Option<&'a [u8]>,
    /// The query of the request without its `?`, which may name a campaign.
    pub query: Option<&'a str>,
    /// Whether the page opens a live stream. Then the stream counts the pageview, and the load counts only the visit:
    /// visitors without JavaScript are visits without a pageview. Visitors with a privacy signal are not counted here:
    /// without a visitor key, the page and the stream would be two visits.
    pub has_live_stream: bool,
}

/// A visit that a server counts without a script.
struct LoadedPage {
    /// `Beat` if a live stream counts the pageview, otherwise `Open`.
    cause: VisitCause,
    query: Option<String>,
}

impl From<PageLoad<'_>> for LoadedPage {
    fn from(load: PageLoad<'_>) -> Self {
        Self {
            cause: if load.has_live_stream {
                VisitCause::Beat
            } else {
                VisitCause::Open
            },
            query: load.query.map(str::to_owned),
        }
    }
}

impl Default for LoadedPage {
    fn default() -> Self {
        Self {
            cause: VisitCause::Open,
            query: None,
        }
    }
}

impl fmt::Debug for PageLoad<'_> {
    /// Writes no query, so that no secret of a URL gets into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content_type = self.content_type.map(String::from_utf8_lossy);
        f.debug_struct("PageLoad")
            .field("method", &self.method)
            .field("status", &self.status)
            .field("content_type", &content_type)
            .field("has_live_stream", &self.has_live_stream)
            .finish_non_exhaustive()
    }
}

impl PageLoad<'_> {
    /// Returns whether the server delivered a page: HTML, for a successful `GET`.
    fn is_delivered(&self) -> bool {
        let media_type = self.content_type.and_then(|text| text.get(..HTML.len()));
        self.method == Method::GET.as_str()
            && (200..300).contains(&self.status)
            && media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(HTML))
    }
}

impl Horizon {
    /// Counts a visit of a page, without a script, if the server delivered it. Call it in a middleware after the
    /// response is known. `page` is the path of the request, which starts with a slash (see
    /// [`visit_path`](Self::visit_path)), or the name of the page, which does not.
    ///
    /// It counts successful `GET` requests for HTML of an existing page, except those of known crawlers, prefetches,
    /// and requests with an empty user agent; see [`visit`](Self::visit). It does not wait.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use eventhorizon::{Horizon, PageLoad, Slug};
    ///
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
    /// let caller = horizon.caller([192, 0, 2, 1].into(), [("user-agent", "Mozilla/5.0 Firefox/130.0")]);
    /// let content_type = Some(&b"text/html; charset=utf-8"[..]);
    /// let load = PageLoad { method: "GET", status: 200, content_type, query: None, has_live_stream: false };
    /// horizon.track_page_load("/bread", &caller, load);
    /// horizon.track_page_load("/stew", &caller, load); // there is no such page
    /// let bread = horizon.page("bread").await?;
    /// horizon.close().await?; // records what is queued
    /// assert_eq!(horizon.stats(&[bread.into()]).await?[0].visits, 1);
    /// # Ok(()) }
    /// ```
    pub fn track_page_load(&self, page: &str, caller: &Caller, load: PageLoad<'_>) {
        if !load.is_delivered() || (load.has_live_stream && has_privacy_signal(caller.headers())) {
            return;
        }
        if page.starts_with('/') {
            self.visit_first(pages_of_path(page), caller, load.into());
        } else if let Ok(slug) = Slug::new(page) {
            self.visit_first(vec![slug], caller, load.into());
        }
    }

    /// Counts a visit of a page without a live connection, such as by a visitor without JavaScript. A live connection
    /// of the same visitor within half an hour is not a second visit, but it is a second pageview: for pages that open
    /// one, call [`track_page_load`](Self::track_page_load) with `has_live_stream`.
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
        self.visit_first(vec![page.clone()], caller, LoadedPage::default());
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
        self.visit_first(pages_of_path(path), caller, LoadedPage::default());
    }

    /// Counts a visit of the first of these pages that the site has.
    fn visit_first(&self, pages: Vec<Slug>, caller: &Caller, load: LoadedPage) {
        let (horizon, caller) = (self.clone(), caller.clone());
        self.record_in_background(async move { horizon.record_visit(&pages, &caller, &load).await });
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
    async fn record_visit(&self, pages: &[Slug], caller: &Caller, load: &LoadedPage) {
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
            Ok(Some((page, topics, Ok(identity)))) => self.queue_visit(&page, topics, identity, caller, load),
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

    fn queue_visit(
        &self,
        page: &ExistingPage,
        topics: [Topic; 2],
        identity: VisitorIdentity,
        caller: &Caller,
        load: &LoadedPage,
    ) {
        let inner = &*self.0;
        let networks = inner.limits.networks(caller.address());
        if inner.limits.check_rate(RateClass::Visit, networks).is_err() {
            return inner.metrics.dropped_visit("rate");
        }
        inner.limits.note_page(networks, page, inner.clock.now());
        let today = inner.clock.now().day();
        if let Err(reason) = inner.limits.check_visitor(&identity, load.cause, networks, today) {
            return inner.metrics.dropped_visit(reason);
        }
        let count = |metrics: &Metrics| {
            metrics.server_visits.inc();
        };
        let opened = OpenedPage {
            referrer: caller.headers().get(REFERER).and_then(|value| value.to_str().ok()),
            query: load.query.as_deref(),
            viewport_width: None,
        };
        let mut visit = caused_by(load.cause, None);
        visit.context = self.visit_context(caller, opened);
        let background = &inner.visit_tracker.background;
        if !background.spawn(Arc::new(topics), vec![visit], identity, count) {
            inner.metrics.dropped_visit("rate");
        }
    }
}

/// Returns the pages that a URL path may mean: that with this path, and that whose name is the last segment.
fn pages_of_path(path: &str) -> Vec<Slug> {
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
    pages
}
