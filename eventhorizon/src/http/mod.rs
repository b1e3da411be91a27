//! The HTTP contract, and the types of the crate `http` that it uses.

mod body;
#[cfg(feature = "comments")]
mod comments;
mod compression;
mod cors;
#[cfg(feature = "dashboard")]
mod dashboard;
mod etag;
mod events;
mod files;
mod likes;
mod original_uri;
mod parse;
mod report_access;
mod report_query;
mod response;
mod retry_form;
mod route;

use std::net::IpAddr;

pub use ::http::{
    Error, Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request,
};
use bytes::Bytes;
use futures::future::try_join_all;
use horizon_core::{EventId, Topic};
use http_body::Body;
use tokio::time::Instant;

pub use body::{MAX_REQUEST_BYTES, ResponseBody, StreamBody};
pub use compression::{CompressedBody, ContentCoding};
pub use etag::if_none_match;
#[cfg(feature = "dashboard")]
pub(crate) use files::File;
pub use original_uri::OriginalUri;
pub use parse::local_path;
pub use response::prefers_html;
use route::Route;

use crate::{Caller, ExistingPage, Horizon, LiveOptions, Origin, Problem, ProblemKind, breaker::ANSWER_TIMEOUT};

impl Horizon {
    /// Handles a request of the HTTP contract, which `/openapi.json` describes (OpenAPI 3.1). `horizon-axum` wraps it
    /// in a router.
    ///
    /// `docs/frameworks.md` in the repository says how each framework calls it.
    ///
    /// The body of the request is any [`Body`], such as that of hyper or a `String`, or a [`StreamBody`]. That of the
    /// response is a [`Body`], too. The path is relative to where the contract is nested, and percent-encoded as the
    /// client sent it: `/live/hello`, `/live/docs/caf%C3%A9`. `peer` is the address of the connection. The request's
    /// extensions are passed to [`Identify`](crate::Identify) and [`EventPolicy`](crate::EventPolicy).
    ///
    /// The body is read only if the route needs it. It may have [`MAX_REQUEST_BYTES`] bytes, and must arrive within 10
    /// seconds. Pages of [`Config::origins`](crate::Config::origins) may read and write: the response has the headers
    /// of the CORS protocol (WHATWG Fetch §3.2), and preflight requests are answered. Other pages of other sites may
    /// not write.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use eventhorizon::{ResponseBody, http::Request};
    ///
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
    /// let request = Request::put("/likes/bread").body(String::new())?;
    /// let response = horizon.handle([192, 0, 2, 1].into(), request).await;
    /// assert_eq!(response.status(), 200);
    /// let ResponseBody::Bytes(json) = response.into_body() else { panic!("not a stream") };
    /// assert_eq!(json, r#"{"liked":true,"likes":1}"#);
    /// # Ok(()) }
    /// ```
    pub async fn handle<B: Body>(&self, peer: IpAddr, request: Request<B>) -> Response<ResponseBody> {
        let (parts, body) = request.into_parts();
        let caller = self.caller_from_parts(peer, parts.headers, parts.extensions);
        let (origins, headers) = (self.origins_of(parts.uri.path()), caller.headers());
        let mut response = match cors::preflight(origins, &parts.method, headers) {
            Some(response) => response,
            None => {
                let result = self.respond(&parts.method, &parts.uri, &caller, body).await;
                response::finish(result, &parts.method, headers)
            }
        };
        cors::set_headers(origins, headers, &mut response);
        response
    }

    async fn respond<B: Body>(&self, method: &Method, uri: &Uri, caller: &Caller, body: B) -> HandlerResult {
        self.check_origin(method, uri, caller.headers())?;
        let route = Route::parse(uri.path()).ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
        route.check_method(method)?;
        // Other methods need no body.
        let body = if *method == Method::POST {
            body::read(body).await?
        } else {
            Bytes::new()
        };
        let handler = Handler {
            horizon: self,
            method,
            query: uri.query().unwrap_or_default(),
            caller,
            body,
            deadline: deadline(method, caller.headers()),
        };
        handler.handle(route).await
    }

    /// Returns the other origins whose pages may use a route. Reports are for pages of this site and for programs: a
    /// page of another origin would read them with the rights of the person who opens it.
    fn origins_of(&self, path: &str) -> &[Origin] {
        if Route::parse(path).is_some_and(Route::is_report) {
            return &[];
        }
        &self.config().origins
    }

    /// Rejects requests that write and come from a page of an unknown site (CSRF).
    fn check_origin(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let is_allowed = || cors::allowed_origin(self.origins_of(uri.path()), headers).is_some();
        if method.is_safe() || self.is_same_origin(headers) || is_allowed() {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::CrossSite).detail("Only pages of this site may do this."))
    }
}

/// Handles one request.
struct Handler<'a> {
    horizon: &'a Horizon,
    method: &'a Method,
    query: &'a str,
    caller: &'a Caller,
    body: Bytes,
    /// When the application's rules and a write must have succeeded.
    deadline: Instant,
}

type HandlerResult = Result<Response<ResponseBody>, Problem>;

impl Handler<'_> {
    async fn handle(&self, route: Route<'_>) -> HandlerResult {
        match route {
            Route::Live(page) => self.live(page).await,
            Route::Stats(page) => self.stats(page).await,
            Route::Likes(page) => self.likes(page).await,
            #[cfg(feature = "comments")]
            Route::Comments(page) => self.comments(page).await,
            Route::Events(page) => self.events(page).await,
            Route::Finished(page) => self.finished(page).await,
            #[cfg(feature = "dashboard")]
            Route::Dashboard => self.dashboard().await,
            #[cfg(feature = "dashboard")]
            Route::DashboardLive => self.dashboard_live().await,
            Route::ReportQuery => self.report_query().await,
            Route::ReportFile(name) => self.report_file(name).await,
            Route::File(file) => Ok(file.response(self.caller.headers(), self.query)),
        }
    }

    /// `/live`, `/live/{slug}`
    async fn live(&self, page: Option<&str>) -> HandlerResult {
        // First of all: a request asks for up to 101 pages, whose names strangers can make up.
        self.horizon.check_live_rate(self.caller)?;
        let page = match page {
            Some(page) => Some(self.page(page).await?),
            None => None,
        };
        let query: parse::LiveQuery = parse::query(self.query)?;
        let observed = self.observed_pages().await?;
        if self.method == Method::HEAD {
            return Ok(response::stream(None));
        }
        let options = query.add_to(LiveOptions::new(page.as_ref()).observe(&observed));
        let live = self.horizon.open_live(self.caller, options, self.deadline);
        Ok(response::stream(Some(live.await?)))
    }

    /// Returns the existing pages among the `page` parameters. A client may still list a deleted page.
    async fn observed_pages(&self) -> Result<Vec<ExistingPage>, Problem> {
        let slugs = parse::observed_pages(self.query)?;
        let pages = slugs.iter().map(|slug| self.horizon.existing_page(slug, self.deadline));
        let pages = try_join_all(pages).await?;
        Ok(pages.into_iter().flatten().collect())
    }

    /// `/finished/{slug}`
    async fn finished(&self, page: &str) -> HandlerResult {
        let page = self.page(page).await?;
        self.horizon.finish(&page, self.caller)?;
        Ok(response::no_content())
    }

    async fn stats(&self, page: Option<&str>) -> HandlerResult {
        let topic = match page {
            Some(page) => self.page(page).await?.into(),
            None => Topic::Site,
        };
        response::json(&self.horizon.current_stats(topic).await?)
    }

    /// Returns the page in the path.
    async fn page(&self, path: &str) -> Result<ExistingPage, Problem> {
        self.horizon.page_from_path_until(path, self.deadline).await
    }

    fn wants_page(&self) -> bool {
        wants_page(self.method, self.caller.headers())
    }

    /// Returns an id for a form without one, so that it can be sent again, or `None` while the clock is wrong and
    /// nothing is accepted.
    fn new_id(&self) -> Option<EventId> {
        let clock = &self.horizon.0.clock;
        clock.check().ok()?;
        Some(clock.stamp().ok()?.id)
    }
}

/// Returns the deadline of a request whose body is read. A plain form's is shorter: the browser shows nothing until the
/// response.
fn deadline(method: &Method, headers: &HeaderMap) -> Instant {
    if wants_page(method, headers) {
        Instant::now() + ANSWER_TIMEOUT
    } else {
        Horizon::write_deadline()
    }
}

/// Returns whether the request is a plain form.
fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::POST && prefers_html(headers)
}
