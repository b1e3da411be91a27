use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use eventhorizon::{Problem, ProblemKind};
use http::{HeaderValue, header};

/// An error response: a problem document (RFC 9457), with `Retry-After` if a retry may succeed.
///
/// [`problem_pages`] sends HTML instead to browsers that ask for it. In a handler, `?` converts problems of `Horizon`
/// and errors of `horizon_core` into it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{extract::{Path, State}, response::IntoResponse};
/// use eventhorizon::{Horizon, Slug};
/// use horizon_axum::ProblemResponse;
///
/// async fn likes(State(horizon): State<Horizon>, Path(slug): Path<String>) -> Result<String, ProblemResponse> {
///     let page = horizon.page(&slug).await?;
///     let stats = horizon.stats(&[page.into()]).await?;
///     Ok(stats[0].likes.to_string())
/// }
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// let response = likes(State(horizon), Path("stew".into())).await.into_response();
/// assert_eq!(response.status(), 404);
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ProblemResponse(pub Problem);

impl From<Problem> for ProblemResponse {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<ProblemKind> for ProblemResponse {
    fn from(kind: ProblemKind) -> Self {
        Self(Problem::new(kind))
    }
}

impl From<horizon_core::Error> for ProblemResponse {
    fn from(error: horizon_core::Error) -> Self {
        Self(error.into())
    }
}

/// Sends problems of handlers and extractors as HTML pages to browsers that ask for HTML. A middleware for
/// [`from_fn`](axum::middleware::from_fn).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, body::Body, extract::State, middleware::from_fn, routing::get};
/// use horizon_axum::{Horizon, ProblemResponse, Slug, problem_pages};
/// use tower::ServiceExt;
///
/// async fn stew(State(horizon): State<Horizon>) -> Result<&'static str, ProblemResponse> {
///     horizon.page("stew").await?;
///     Ok("the stew")
/// }
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// let app = Router::new().route("/stew", get(stew)).layer(from_fn(problem_pages)).with_state(horizon);
///
/// let request = http::Request::get("/stew").header("accept", "text/html").body(Body::empty())?;
/// let response = app.oneshot(request).await?;
/// assert_eq!(response.status(), 404);
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// # Ok(()) }
/// ```
pub async fn problem_pages(request: Request, next: Next) -> Response {
    let prefers_html = eventhorizon::prefers_html(request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let page = prefers_html.then(|| Html(problem.to_page()));
    let (mut parts, body) = response.into_parts();
    parts.headers.append(header::VARY, HeaderValue::from_static("accept"));
    let Some(page) = page else {
        return Response::from_parts(parts, body);
    };
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, page).into_response()
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let mut response = (self.0.status(), self.0.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
        if let Some(seconds) = self.0.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self.0);
        response
    }
}
