//! What goes wrong, as a problem document (RFC 9457) or, for a plain form, as a small page.

use std::{borrow::Cow, time::Duration};

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::render;

/// How long a client is asked to wait when a backend is down.
const RETRY_LATER: Duration = Duration::from_secs(2);

/// The kinds of problems. Their names are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    InvalidSlug,
    InvalidQuery,
    InvalidHeader,
    MalformedBody,
    CrossSite,
    UnknownPage,
    NotFound,
    MethodNotAllowed,
    BodyTimeout,
    IdTaken,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidField,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl Kind {
    #[cfg(test)]
    const ALL: [Self; 16] = [
        Self::InvalidSlug,
        Self::InvalidQuery,
        Self::InvalidHeader,
        Self::MalformedBody,
        Self::CrossSite,
        Self::UnknownPage,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BodyTimeout,
        Self::IdTaken,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidField,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Status, last part of the type's URN, title.
    fn meaning(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidSlug => (S::BAD_REQUEST, "invalid-slug", "This is no name of a page"),
            Self::InvalidQuery => (S::BAD_REQUEST, "invalid-query", "The query cannot be read"),
            Self::InvalidHeader => (S::BAD_REQUEST, "invalid-header", "A header cannot be read"),
            Self::MalformedBody => (S::BAD_REQUEST, "malformed-body", "The body cannot be read"),
            Self::CrossSite => (S::FORBIDDEN, "cross-site", "The request comes from another site"),
            Self::UnknownPage => (S::NOT_FOUND, "unknown-page", "There is no such page"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing here"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "The method does not apply"),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body-timeout", "The body did not come in time"),
            Self::IdTaken => (S::CONFLICT, "id-taken", "The id belongs to something else"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body is of the wrong type",
            ),
            Self::InvalidField => (S::UNPROCESSABLE_ENTITY, "invalid-field", "A field is wrong"),
            Self::TooManyRequests => (S::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Not available right now"),
        }
    }
}

/// An answer that says what is wrong: `application/problem+json` with a stable `type`.
///
/// The types are `urn:horizon:problem:` and a name; the OpenAPI document lists them.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(""),
            field: None,
            retry_after: None,
        }
    }

    /// What exactly is wrong, in a sentence.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A field of a body that is wrong, and why.
    pub(crate) fn field(name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::InvalidField).naming(name, reason)
    }

    /// Names what is wrong: a field, a header, a part of the query.
    pub(crate) fn naming(mut self, name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(name.into());
        self.detail(reason)
    }

    pub(crate) fn too_many(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(Kind::TooManyRequests).detail("Your network has asked for this too often.")
        }
    }

    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self {
            retry_after: Some(RETRY_LATER),
            ..Self::new(Kind::Unavailable).detail(detail)
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.meaning().0
    }

    fn document(&self) -> Document<'_> {
        let (status, name, title) = self.kind.meaning();
        Document {
            r#type: format!("urn:horizon:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
        }
    }

    /// The same as a page that reads without a script.
    fn page(&self) -> String {
        let Document {
            title, detail, field, ..
        } = self.document();
        let detail = match field {
            Some(field) => format!("{field} {detail}"),
            None => detail.to_owned(),
        };
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><h1>{title}</h1><p>{}</p><p>Go back with your browser: \
             what you wrote should still be there.</p></html>",
            render::escape(&detail)
        )
    }
}

impl From<horizon_core::Error> for Problem {
    fn from(error: horizon_core::Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        if error.is_retryable() {
            tracing::warn!(%error, cause, "a backend did not answer, the client was told to come again");
            return Self::unavailable("A part of the server is down. Nothing is lost: ask again.");
        }
        tracing::error!(%error, cause, "a backend refused a request that should have worked");
        Self::new(Kind::Internal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self.document()).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns the problem that a plain form met into a page, because a person reads it.
pub(crate) fn readable(mut response: Response) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, html);
    Response::from_parts(parts, problem.page().into())
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
    fn a_page_about_a_problem_escapes_what_the_reader_sent() {
        let page = Problem::field("body", "must not hold <script>").page();
        assert!(page.contains("body must not hold &lt;script&gt;"), "{page}");
    }

    #[test]
    fn the_contract_lists_every_kind_of_problem() {
        let document: serde_json::Value = serde_json::from_str(include_str!("routes/openapi.json")).unwrap();
        let listed = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
            .as_array()
            .unwrap();
        let kinds = Kind::ALL.map(|kind| Problem::new(kind).document().r#type);
        assert_eq!(*listed, kinds);
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_and_never_as_zero() {
        for (wait, told) in [(0, "1"), (1000, "1"), (1001, "2")] {
            let response = Problem::too_many(Duration::from_millis(wait)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], told);
        }
    }
}
