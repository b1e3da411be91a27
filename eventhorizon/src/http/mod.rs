//! The crate `http`, whose types the contract takes and returns, and the contract itself.

mod answer;
mod comments;
mod files;
mod likes;
mod read;
mod resend;
mod route;

use std::net::IpAddr;

pub use ::http::{
    Error, Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header, request,
    response,
};
use bytes::Bytes;
use tokio::time::Instant;

pub use answer::Content;
pub use read::MAX_BODY;
pub(crate) use read::id;
use route::Route;

use crate::{Caller, Horizon, Problem, ProblemKind, breaker::ANSWER_WAIT, same_origin};

impl Horizon {
    /// Answers a request of the HTTP contract, which `/openapi.json` beneath the same path describes (OpenAPI 3.1). It is what `horizon-axum` has for a router, for whoever has another.
    ///
    /// The address of the request is what stands behind the path where the contract is nested: `/live/hello`. `peer` is
    /// whose connection it came on. What the application knows of it goes into its extensions, for
    /// [`Identify`](crate::Identify) and [`EventPolicy`](crate::Decide). A body of more than [`MAX_BODY`] bytes is refused.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use eventhorizon::{Content, bytes::Bytes, http::Request};
    ///
    /// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
    /// let request = Request::put("/likes/bread").body(Bytes::new())?;
    /// let answer = horizon.handle([192, 0, 2, 1].into(), request).await;
    /// assert_eq!(answer.status(), 200);
    /// let Content::Bytes(json) = answer.into_body() else { panic!("that is no stream") };
    /// assert_eq!(json, r#"{"liked":true,"likes":1}"#);
    /// # Ok(()) }
    /// ```
    pub async fn handle(&self, peer: IpAddr, request: Request<Bytes>) -> Response<Content> {
        let (parts, body) = request.into_parts();
        let caller = self.caller_of(peer, parts.headers, parts.extensions);
        let asked = Asked {
            horizon: self,
            method: &parts.method,
            query: parts.uri.query().unwrap_or_default(),
            caller: &caller,
            body,
        };
        let answer = match self.may(&parts.method, caller.headers()) {
            Ok(()) => asked.of(parts.uri.path()).await,
            Err(problem) => Err(problem),
        };
        answer::finish(answer, &parts.method, caller.headers())
    }

    /// Answers a request that could not be read to its end: as a problem document, or as a page if a person sent a form.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use eventhorizon::{Horizon, Slug};
    /// use eventhorizon::{Problem, ProblemKind, http::{HeaderMap, Method}};
    ///
    /// # let horizon = Horizon::in_memory().start(|_: &Slug| true).await?;
    /// let problem = Problem::new(ProblemKind::BodyTooLarge);
    /// assert_eq!(horizon.error_response(problem, &Method::POST, &HeaderMap::new()).status(), 413);
    /// # Ok(()) }
    /// ```
    pub fn error_response(&self, problem: Problem, method: &Method, headers: &HeaderMap) -> Response<Content> {
        answer::finish(Err(problem), method, headers)
    }

    /// Otherwise a page of another site could write in its reader's name.
    fn may(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let origin = headers.get(header::ORIGIN);
        let is_named = |origin| self.config().origins.iter().any(|named| named.as_header() == origin);
        if method.is_safe() || same_origin(headers) || origin.is_some_and(is_named) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::CrossSite).detail("Only pages of this site may write here."))
    }
}

/// A request, and who answers it.
struct Asked<'a> {
    horizon: &'a Horizon,
    method: &'a Method,
    query: &'a str,
    caller: &'a Caller,
    body: Bytes,
}

type Answer = Result<Response<Content>, Problem>;

impl Asked<'_> {
    async fn of(&self, path: &str) -> Answer {
        let route = Route::of(path).ok_or_else(|| Problem::new(ProblemKind::NotFound))?;
        route.check(self.method)?;
        match route {
            Route::Live(page) => self.live(page).await,
            Route::Stats(page) => self.stats(page).await,
            Route::Likes(page) => self.likes(page).await,
            Route::Comments(page) => self.comments(page).await,
            Route::File(file) => Ok(file.answer(self.caller.headers())),
        }
    }

    async fn live(&self, page: Option<&str>) -> Answer {
        let page = page.map(|page| self.page(page)).transpose()?;
        let again: read::Again = read::query(self.query)?;
        if self.method == Method::HEAD {
            return Ok(answer::stream(None));
        }
        let live = self.horizon.live(page.as_ref(), self.caller, again.is_again()).await?;
        Ok(answer::stream(Some(live)))
    }

    async fn stats(&self, page: Option<&str>) -> Answer {
        let topic = match page {
            Some(page) => self.page(page)?.into(),
            None => horizon_core::Topic::Site,
        };
        answer::json(&self.horizon.current_stats(topic).await?)
    }

    /// Until when what is asked may take. A person who sent a plain form has nothing to read before it is answered.
    fn deadline(&self) -> Instant {
        if self.is_for_a_person() {
            Instant::now() + ANSWER_WAIT
        } else {
            Horizon::write_deadline()
        }
    }

    fn is_for_a_person(&self) -> bool {
        answer::is_for_a_person(self.method, self.caller.headers())
    }

    /// An id for a form that has none, so that it can be sent again. While the clock is wrong there is none, and
    /// nothing is taken either.
    fn fresh_id(&self) -> Option<horizon_core::EventId> {
        let clock = &self.horizon.0.clock;
        clock.check().ok()?;
        Some(clock.stamp().ok()?.id)
    }

    /// The page of this name, as it stands in an address.
    fn page(&self, name: &str) -> Result<horizon_core::Slug, Problem> {
        let name = percent_encoding::percent_decode_str(name).decode_utf8();
        let name = name.map_err(|_| Problem::new(ProblemKind::InvalidSlug).naming("slug", "is not UTF-8."))?;
        self.horizon.page(&name)
    }
}
