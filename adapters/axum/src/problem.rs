//! A problem as an answer: a document, or, for a plain form, a small page.

use axum::response::{IntoResponse, Response};
use eventhorizon::ProblemKind;
use http::{HeaderMap, HeaderValue, header};

/// What goes wrong, as an answer of axum: a problem document (RFC 9457), with `Retry-After` where it is worth asking
/// again.
///
/// A handler of your own turns what `Horizon` says, and errors of `horizon_core`, into it with `?`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{extract::{Path, State}, response::IntoResponse};
/// use eventhorizon::{Horizon, Slug};
/// use horizon_axum::Problem;
///
/// async fn likes(State(horizon): State<Horizon>, Path(slug): Path<String>) -> Result<String, Problem> {
///     let slug = horizon.page(&slug)?;
///     let numbers = horizon.numbers(&[slug.into()]).await?;
///     Ok(numbers[0].likes.to_string())
/// }
/// let horizon = Horizon::in_memory().start(|slug: &Slug| slug.as_str() == "bread").await?;
/// let answer = likes(State(horizon), Path("stew".into())).await.into_response();
/// assert_eq!(answer.status(), 404);
/// assert_eq!(answer.headers()["content-type"], "application/problem+json");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Problem(pub eventhorizon::Problem);

impl From<eventhorizon::Problem> for Problem {
    fn from(problem: eventhorizon::Problem) -> Self {
        Self(problem)
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        Self(eventhorizon::Problem::new(kind))
    }
}

impl From<horizon_core::Error> for Problem {
    fn from(error: horizon_core::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
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
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns the problem that a plain form met into a page, because a person reads it.
pub(crate) fn readable(mut response: Response) -> Response {
    let Some(Problem(problem)) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, html);
    Response::from_parts(parts, problem.to_page().into())
}

/// Whether `Accept` names HTML and no JSON, as browsers do when a form is sent.
pub(crate) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html") && !accept.contains("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_lists_every_kind_of_problem() {
        let document: serde_json::Value = serde_json::from_str(include_str!("routes/openapi.json")).unwrap();
        let listed = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
            .as_array()
            .unwrap();
        let kinds = ProblemKind::ALL.map(|kind| {
            let document: serde_json::Value =
                serde_json::from_str(&eventhorizon::Problem::new(kind).to_json()).unwrap();
            document["type"].clone()
        });
        assert_eq!(*listed, kinds);
    }
}
