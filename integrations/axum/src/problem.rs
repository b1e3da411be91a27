use axum::response::{IntoResponse, Response};
use eventhorizon::ProblemKind;
use http::{HeaderValue, header};

/// An error response: a problem document (RFC 9457), with `Retry-After` if a retry may succeed.
///
/// In a handler, `?` converts problems of `Horizon` and errors of `horizon_core` into it.
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
pub struct ProblemResponse(pub eventhorizon::Problem);

impl From<eventhorizon::Problem> for ProblemResponse {
    fn from(problem: eventhorizon::Problem) -> Self {
        Self(problem)
    }
}

impl From<ProblemKind> for ProblemResponse {
    fn from(kind: ProblemKind) -> Self {
        Self(eventhorizon::Problem::new(kind))
    }
}

impl From<horizon_core::Error> for ProblemResponse {
    fn from(error: horizon_core::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let mut response = (self.0.status(), self.0.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(eventhorizon::Problem::MEDIA_TYPE),
        );
        if let Some(seconds) = self.0.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
