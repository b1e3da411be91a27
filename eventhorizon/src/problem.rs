//! Errors of requests, as problem documents (RFC 9457) or HTML pages.

use std::{borrow::Cow, fmt, time::Duration};

use horizon_core::clean_text;
use http::StatusCode;
use serde::Serialize;

use crate::escape::escape;

/// The `Retry-After` of a request that failed because a backend is down: 2 seconds.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// The kinds of problems. Their type URNs and status codes are part of the HTTP contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The text is not a slug.
    InvalidSlug,
    /// The query string is invalid.
    InvalidQuery,
    /// A header is invalid.
    InvalidHeader,
    /// The body cannot be parsed.
    MalformedBody,
    /// The reports need a token or a signed-in user.
    Unauthorized,
    /// A page of another site sent a request that writes.
    CrossSite,
    /// The application's [`EventPolicy`](crate::EventPolicy) rejected it.
    Refused,
    /// The site has no page with this slug.
    UnknownPage,
    /// No route has this path.
    NotFound,
    /// The route does not support the method.
    MethodNotAllowed,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The id belongs to another comment or custom event.
    IdTaken,
    /// The body is longer than [`MAX_REQUEST_BYTES`](crate::MAX_REQUEST_BYTES).
    BodyTooLarge,
    /// The body's media type is not supported.
    UnsupportedMediaType,
    /// A field of the body, or the parameter `page` of a live stream, is invalid.
    InvalidField,
    /// The caller's network exceeds its rate or a limit.
    TooManyRequests,
    /// The server failed for a reason that a retry does not change.
    Internal,
    /// A backend is down. A retry may succeed.
    Unavailable,
}

impl ProblemKind {
    /// All kinds, in the order of the OpenAPI document.
    pub const ALL: &'static [Self] = &[
        Self::InvalidSlug,
        Self::InvalidQuery,
        Self::InvalidHeader,
        Self::MalformedBody,
        Self::Unauthorized,
        Self::CrossSite,
        Self::Refused,
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

    /// Returns the status, the last part of the type URN, and the title.
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidSlug => (S::BAD_REQUEST, "invalid-slug", "Invalid page name"),
            Self::InvalidQuery => (S::BAD_REQUEST, "invalid-query", "Invalid query"),
            Self::InvalidHeader => (S::BAD_REQUEST, "invalid-header", "Invalid header"),
            Self::MalformedBody => (S::BAD_REQUEST, "malformed-body", "Malformed body"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "Sign in first"),
            Self::CrossSite => (S::FORBIDDEN, "cross-site", "Cross-site request"),
            Self::Refused => (S::FORBIDDEN, "refused", "Rejected by this site"),
            Self::UnknownPage => (S::NOT_FOUND, "unknown-page", "Page not found"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::BodyTimeout => (S::REQUEST_TIMEOUT, "body-timeout", "Request timeout"),
            Self::IdTaken => (S::CONFLICT, "id-taken", "Id already in use"),
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body-too-large", "Body too large"),
            Self::UnsupportedMediaType => (
                S::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Unsupported media type",
            ),
            Self::InvalidField => (S::UNPROCESSABLE_ENTITY, "invalid-field", "Invalid field"),
            Self::TooManyRequests => (S::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable"),
        }
    }
}

/// The error of a request: a problem document (RFC 9457) that any framework can send.
///
/// Its `type` is `urn:horizon:problem:` and a name; the OpenAPI document lists them. A handler sends
/// [`status`](Self::status), [`MEDIA_TYPE`](Self::MEDIA_TYPE), [`to_json`](Self::to_json) and
/// [`retry_after`](Self::retry_after). A `horizon_core` [`Error`](horizon_core::Error) converts into `Unavailable` if
/// it is retryable, otherwise into `Internal`. Its cause is logged, not sent.
///
/// ```
/// use eventhorizon::{Problem, ProblemKind};
///
/// let problem = Problem::new(ProblemKind::InvalidField).field("body", "is empty.");
/// assert_eq!(problem.status(), 422);
/// assert!(problem.to_json().starts_with(r#"{"type":"urn:horizon:problem:invalid-field","title":"Invalid field","#));
/// ```
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    /// Cleaned of characters that reorder or hide text: it may repeat a part of the request.
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
    challenge: Option<&'static str>,
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
    /// The media type of a problem document (RFC 9457 §3).
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// Creates a problem of this kind without details.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(""),
            field: None,
            retry_after: None,
            allow: None,
            challenge: None,
        }
    }

    /// Creates an [`InvalidField`](ProblemKind::InvalidField) problem; see [`field`](Self::field).
    #[must_use]
    pub fn invalid_field(name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::InvalidField).field(name, reason)
    }

    /// Sets the detail: a sentence that says what exactly is wrong.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.detail = match clean_text(&detail) {
            Cow::Owned(cleaned) => cleaned.into(),
            Cow::Borrowed(_) => detail,
        };
        self
    }

    /// Sets the name of the invalid field, header or query parameter, and the reason as the detail: the rest of a
    /// sentence that starts with the name.
    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(name.into());
        self.detail(reason)
    }

    /// Sets the methods that the route supports.
    pub(crate) fn with_allow(self, methods: &'static str) -> Self {
        Self {
            allow: Some(methods),
            ..self
        }
    }

    /// Returns the value of the `Allow` header, if the method is not allowed.
    #[must_use]
    pub fn allow(&self) -> Option<&'static str> {
        self.allow
    }

    /// Sets the value of the `WWW-Authenticate` header (RFC 9110 §11.6.1).
    pub(crate) fn with_challenge(self, challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..self
        }
    }

    /// Returns the value of the `WWW-Authenticate` header, if the caller is unauthorized.
    pub(crate) fn challenge(&self) -> Option<&'static str> {
        self.challenge
    }

    pub(crate) fn refused(reason: Cow<'static, str>) -> Self {
        Self::new(ProblemKind::Refused).detail(reason)
    }

    pub(crate) fn too_many_requests(detail: &'static str, wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(ProblemKind::TooManyRequests).detail(detail)
        }
    }

    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self {
            retry_after: Some(RETRY_AFTER),
            ..Self::new(ProblemKind::Unavailable).detail(detail)
        }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.parts().0
    }

    /// Returns the seconds for `Retry-After` (RFC 9110 §10.2.3), at least one, if a retry may succeed.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let wait = self.retry_after?;
        Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// Returns the problem document, as JSON; see [`MEDIA_TYPE`](Self::MEDIA_TYPE).
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.document()).unwrap_or_default()
    }

    fn document(&self) -> Document<'_> {
        let (status, name, title) = self.kind.parts();
        Document {
            r#type: format!("urn:horizon:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            field: self.field.as_deref(),
        }
    }

    /// Returns an HTML page in English, for a person whose browser asked for a page; see
    /// [`prefers_html`](crate::prefers_html).
    ///
    /// ```
    /// use eventhorizon::{Problem, ProblemKind};
    ///
    /// let page = Problem::new(ProblemKind::UnknownPage).to_page();
    /// assert!(page.starts_with("<!doctype html>"));
    /// ```
    #[must_use]
    pub fn to_page(&self) -> String {
        self.page("")
    }

    /// Returns the page for a browser that sent a plain form.
    pub(crate) fn to_form_page(&self) -> String {
        self.page("<p>Use your browser's back button: your text should still be in the form.</p>")
    }

    fn page(&self, advice: &'static str) -> String {
        let Document {
            title, detail, field, ..
        } = self.document();
        let detail = match field {
            Some(field) => format!("{field} {detail}"),
            None => detail.to_owned(),
        };
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><h1>{title}</h1><p>{}</p>\
             {advice}</html>",
            escape(&detail)
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Document {
            title, detail, field, ..
        } = self.document();
        match (field, detail) {
            (_, "") => f.write_str(title),
            (None, detail) => write!(f, "{title}: {detail}"),
            (Some(field), detail) => write!(f, "{title}: {field} {detail}"),
        }
    }
}

impl std::error::Error for Problem {}

impl From<horizon_core::Error> for Problem {
    fn from(error: horizon_core::Error) -> Self {
        let cause = horizon_core::error_chain(&error);
        if error.is_retryable() {
            tracing::warn!(
                %error, cause,
                "request failed with 503, because a backend or a rule of the application is unavailable"
            );
            return Self::unavailable("A part of the server is down. Nothing is lost: try again.");
        }
        tracing::error!(%error, cause, "request failed with 500, because a backend returned a permanent error");
        Self::new(ProblemKind::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_escapes_the_input() {
        let page = Problem::invalid_field("body", "must not hold <script>").to_page();
        assert!(page.contains("body must not hold &lt;script&gt;"), "{page}");
    }

    #[test]
    fn the_contract_lists_every_kind_of_problem() {
        let document: serde_json::Value = serde_json::from_str(include_str!("http/openapi.json")).unwrap();
        let listed = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
            .as_array()
            .unwrap();
        let kinds: Vec<_> = ProblemKind::ALL
            .iter()
            .map(|kind| Problem::new(*kind).document().r#type)
            .collect();
        assert_eq!(*listed, kinds);
    }

    #[test]
    fn retry_after_is_in_whole_seconds_and_never_zero() {
        for (wait, seconds) in [(0, 1), (1000, 1), (1001, 2)] {
            let problem = Problem::too_many_requests("", Duration::from_millis(wait));
            assert_eq!(problem.retry_after(), Some(seconds));
        }
    }
}
