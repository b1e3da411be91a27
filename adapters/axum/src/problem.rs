use axum::response::{IntoResponse, Response};
use eventhorizon::ProblemKind;
use http::{HeaderValue, header};

/// What goes wrong, as an answer of axum: a problem document (RFC 9457).
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
        response
    }
}
