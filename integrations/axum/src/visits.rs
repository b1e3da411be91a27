use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::extract::OriginalUri;
use eventhorizon::{Caller, Horizon, PageLoad, Slug};
use http::{Method, Request, Response, Uri, header};
use tower::{Layer, Service};

use crate::{
    extractors::peer,
    shared_caller::{SharedCaller, new_caller},
};

/// Returns the page with this URI.
type PageOf = dyn Fn(&Uri) -> Option<Slug> + Send + Sync;

/// A layer for axum or any `tower` service that counts a visit for each page served, without a script.
///
/// [`Horizon::track_page_load`] says which responses count. If pages also open a live stream, use
/// [`with_live_streams`](Self::with_live_streams): then a load and its stream are one visit and one pageview. If the
/// handler extracted the caller ([`Requester`](crate::Requester) and others), the visit is theirs.
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
    /// Without it, the page is found by its path.
    page: Option<Arc<PageOf>>,
    with_live_streams: bool,
}

/// A request for a page.
struct RequestedPage {
    /// The name or the path of the page.
    page: String,
    query: Option<String>,
    caller: Caller,
    /// The caller that extractors of the handler built, which is preferred: it is identified already.
    shared: SharedCaller,
}

impl TrackVisits {
    /// Counts pages by their path: `/docs/intro` is the page `docs/intro`. If the site has no such page, it is the one
    /// whose name is the last segment: `/blog/hello` is `hello`. See [`Horizon::visit_path`].
    #[must_use]
    pub fn new(horizon: &Horizon) -> Self {
        Self {
            horizon: horizon.clone(),
            page: None,
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
            page: Some(Arc::new(page)),
            ..self
        }
    }

    /// Leaves pageviews to the live streams that the pages open. A load counts only the visit: visitors without
    /// JavaScript are visits without a pageview. Visitors with a privacy signal are counted by the stream alone,
    /// because without a visitor key the page and the stream would be two visits.
    #[must_use]
    pub fn with_live_streams(self) -> Self {
        Self {
            with_live_streams: true,
            ..self
        }
    }

    /// Returns the load of a page, unless the request is not for a page.
    fn request<B>(&self, request: &mut Request<B>) -> Option<RequestedPage> {
        // Other methods do not count.
        if request.method() != Method::GET {
            return None;
        }
        // A nested router sees only the rest of the path.
        let original = request.extensions().get().map(|OriginalUri(uri)| uri);
        let original = original.unwrap_or(request.uri());
        let query = original.query().map(str::to_owned);
        let page = match &self.page {
            Some(page) => page(request.uri())?.to_string(),
            None => original.path().to_owned(),
        };
        let shared = SharedCaller::from_extensions(request.extensions_mut());
        let (headers, extensions) = (request.headers(), request.extensions());
        let peer = peer(&self.horizon, headers, extensions);
        let caller = new_caller(&self.horizon, peer, headers, extensions);
        Some(RequestedPage {
            page,
            query,
            caller,
            shared,
        })
    }

    /// Counts the visit, if the response is a page.
    fn response<R>(&self, request: RequestedPage, response: &Response<R>) {
        let load = PageLoad {
            method: Method::GET.as_str(),
            status: response.status().as_u16(),
            content_type: response
                .headers()
                .get(header::CONTENT_TYPE)
                .map(|value| value.as_bytes()),
            query: request.query.as_deref(),
            has_live_stream: self.with_live_streams,
        };
        let caller = request.shared.get(&self.horizon).unwrap_or(request.caller);
        self.horizon.track_page_load(&request.page, &caller, load);
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let requested = self.track.request(&mut request);
        let track = self.track.clone();
        let response = self.inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            if let Some(requested) = requested {
                track.response(requested, &response);
            }
            Ok(response)
        })
    }
}
