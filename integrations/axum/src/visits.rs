use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use eventhorizon::{Caller, Horizon, Slug, has_privacy_signal};
use http::{Method, Request, Response, Uri, header};
use tower::{Layer, Service};

use crate::extractors::caller;

/// Returns the page with this URI.
type PageOf = dyn Fn(&Uri) -> Option<Slug> + Send + Sync;

/// A layer for axum or any `tower` service that counts a visit for each page served, without a script.
///
/// It counts successful `GET` requests for HTML, except those of known crawlers, prefetches, and requests with an empty
/// user agent; see [`Horizon::visit`]. If the page also opens a live stream, the two count as one visit. For visitors
/// with a privacy signal this requires [`with_live_streams`](Self::with_live_streams).
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
/// horizon.close().await?; // records what is queued
/// assert_eq!(horizon.stats(&[Topic::Site]).await?[0].visits, 1);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TrackVisits {
    horizon: Horizon,
    page: Arc<PageOf>,
    with_live_streams: bool,
}

impl TrackVisits {
    /// Counts pages whose slug is the last segment of their path: `/blog/hello` is `hello`.
    #[must_use]
    pub fn new(horizon: &Horizon) -> Self {
        Self {
            horizon: horizon.clone(),
            page: Arc::new(|uri| Slug::new(uri.path().trim_end_matches('/').rsplit('/').next()?).ok()),
            with_live_streams: false,
        }
    }

    /// Sets the function that returns the slug for a URI. Slugs of unknown pages are not counted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// # use horizon_axum::TrackVisits;
    /// let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let recipes = TrackVisits::new(&horizon)
    ///     .slug_from(|uri: &http::Uri| Slug::new(uri.path().strip_prefix("/recipe/")?.strip_suffix(".html")?).ok());
    /// let pages: axum::Router = axum::Router::new().layer(recipes);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn slug_from(self, page: impl Fn(&Uri) -> Option<Slug> + Send + Sync + 'static) -> Self {
        Self {
            page: Arc::new(page),
            ..self
        }
    }

    /// Does not count visitors with a privacy signal, because the pages also open a live stream, which counts them.
    /// Without a visitor key, the page and the stream would count as two visits.
    #[must_use]
    pub fn with_live_streams(self) -> Self {
        Self {
            with_live_streams: true,
            ..self
        }
    }

    fn visit<B>(&self, request: &Request<B>) -> Option<(Slug, Caller)> {
        if request.method() != Method::GET {
            return None;
        }
        let slug = (self.page)(request.uri())?;
        if self.with_live_streams && has_privacy_signal(request.headers()) {
            return None;
        }
        Some((slug, caller(&self.horizon, request.headers(), request.extensions())))
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

/// A service wrapped by [`TrackVisits`].
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
        let response = self.inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            if let Some((slug, caller)) = visit.filter(|_| is_page(&response)) {
                horizon.visit(&slug, &caller);
            }
            Ok(response)
        })
    }
}

fn is_page<R>(response: &Response<R>) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    response.status().is_success() && media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}
