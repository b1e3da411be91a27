use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use eventhorizon::{Caller, ExistingPage, Horizon, Slug, has_privacy_signal};
use http::{Method, Request, Response, Uri, header};
use tower::{Layer, Service};

use crate::client::caller;

/// Which page an address is.
type PageOf = dyn Fn(&Uri) -> Option<Slug> + Send + Sync;

/// Counts a visit for each page that the wrapped routes answer, without any script: a layer for axum or any `tower`
/// service.
///
/// An answer counts if it is a `GET`'s, a success, and HTML. Known crawlers, prefetches and empty agents are left out;
/// see [`Horizon::visit`] for what such a number is worth. Where a page opens a live stream too, both together are
/// one visit; of a reader who asks not to be known again that is true only with
/// [`beside_streams`](Self::beside_streams).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, response::Html, routing::get};
/// use eventhorizon::{Horizon, Slug, Topic};
/// use horizon_axum::TrackVisits;
/// # use tower::ServiceExt;
///
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// let pages: Router = Router::new()
///     .route("/{slug}", get(async || Html("<h1>Bread</h1>")))
///     .layer(TrackVisits::new(&horizon));
/// let request = http::Request::get("/bread").header("user-agent", "Mozilla/5.0 Firefox/130.0");
/// pages.oneshot(request.body(Body::empty())?).await?;
/// horizon.close().await?; // what was queued is counted
/// assert_eq!(horizon.stats(&[Topic::Site]).await?[0].visits, 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TrackVisits {
    horizon: Horizon,
    page: Arc<PageOf>,
    beside_streams: bool,
}

impl TrackVisits {
    /// Counts pages whose slug is the last part of their path: `/blog/hello` is `hello`, and `/blog/hello/` is none.
    #[must_use]
    pub fn new(horizon: &Horizon) -> Self {
        Self {
            horizon: horizon.clone(),
            page: Arc::new(|uri| Slug::new(uri.path().trim_end_matches('/').rsplit('/').next()?).ok()),
            beside_streams: false,
        }
    }

    /// Counts pages by a rule of your own. What it answers and the site does not have is not counted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// # use horizon_axum::TrackVisits;
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let recipes = TrackVisits::new(&horizon)
    ///     .by(|uri: &http::Uri| Slug::new(uri.path().strip_prefix("/recipe/")?.strip_suffix(".html")?).ok());
    /// let pages: axum::Router = axum::Router::new().layer(recipes);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn by(self, page: impl Fn(&Uri) -> Option<Slug> + Send + Sync + 'static) -> Self {
        Self {
            page: Arc::new(page),
            ..self
        }
    }

    /// Leaves a reader who asks not to be known again to the live stream that the pages open too: without a key nobody
    /// could tell that the two are one visit.
    #[must_use]
    pub fn beside_streams(self) -> Self {
        Self {
            beside_streams: true,
            ..self
        }
    }

    fn visit<B>(&self, request: &Request<B>) -> Option<(ExistingPage, Caller)> {
        if request.method() != Method::GET {
            return None;
        }
        let slug = (self.page)(request.uri())?;
        let page = self.horizon.page(slug.as_str()).ok()?;
        if self.beside_streams && has_privacy_signal(request.headers()) {
            return None;
        }
        Some((page, caller(&self.horizon, request.headers(), request.extensions())))
    }
}

impl fmt::Debug for TrackVisits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackVisits")
    }
}

impl<S> Layer<S> for TrackVisits {
    type Service = TrackVisitsService<S>;

    fn layer(&self, inner: S) -> TrackVisitsService<S> {
        TrackVisitsService {
            inner,
            track: self.clone(),
        }
    }
}

/// What [`TrackVisits`] makes of a service.
#[derive(Clone, Debug)]
pub struct TrackVisitsService<S> {
    inner: S,
    track: TrackVisits,
}

impl<S, B, R> Service<Request<B>> for TrackVisitsService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let visit = self.track.visit(&request);
        let horizon = self.track.horizon.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            if let Some((page, caller)) = visit.filter(|_| is_page(&answer)) {
                horizon.visit(&page, &caller);
            }
            Ok(answer)
        })
    }
}

fn is_page<R>(answer: &Response<R>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    answer.status().is_success() && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}
