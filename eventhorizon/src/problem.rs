//! What goes wrong, as a problem document (RFC 9457) or, for a plain form, as a small page.

use std::{borrow::Cow, fmt, time::Duration};

use http::StatusCode;
use serde::Serialize;

use crate::render;

/// How long a client is asked to wait when a backend is down.
const RETRY_LATER: Duration = Duration::from_secs(2);

/// The kinds of problems. Their names are part of the contract, and so are their statuses.
///
/// ```
/// use eventhorizon::{Problem, ProblemKind};
///
/// let problem = Problem::new(ProblemKind::UnknownPage);
/// assert_eq!(problem.status(), 404);
/// assert!(problem.to_json().starts_with(r#"{"type":"urn:horizon:problem:unknown-page","#));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// What was given is no slug.
    InvalidSlug,
    /// The query of the address cannot be read.
    InvalidQuery,
    /// A header cannot be read.
    InvalidHeader,
    /// The body cannot be read.
    MalformedBody,
    /// A page of another site would write in its reader's name.
    CrossSite,
    /// The application's own rule does not want it.
    Refused,
    /// The site has no page of this name.
    UnknownPage,
    /// Nothing is at this address.
    NotFound,
    /// The method does not apply to the address.
    MethodNotAllowed,
    /// The body took too long to come.
    BodyTimeout,
    /// The id belongs to another comment.
    IdTaken,
    /// The body is longer than may be.
    BodyTooLarge,
    /// The body is in a format that is not taken.
    UnsupportedMediaType,
    /// A field of the body is wrong.
    InvalidField,
    /// The network has asked for this too often.
    TooManyRequests,
    /// The server cannot do what it should be able to do.
    Internal,
    /// A part of the server is down; asking again may help.
    Unavailable,
}

impl ProblemKind {
    /// All of them, in the order of the OpenAPI document.
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// assert!(ProblemKind::ALL.iter().all(|&kind| Problem::new(kind).status().as_u16() >= 400));
    /// ```
    pub const ALL: &'static [Self] = &[
        Self::InvalidSlug,
        Self::InvalidQuery,
        Self::InvalidHeader,
        Self::MalformedBody,
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

    /// Status, last part of the type's URN, title.
    fn meaning(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::InvalidSlug => (S::BAD_REQUEST, "invalid-slug", "This is no name of a page"),
            Self::InvalidQuery => (S::BAD_REQUEST, "invalid-query", "The query cannot be read"),
            Self::InvalidHeader => (S::BAD_REQUEST, "invalid-header", "A header cannot be read"),
            Self::MalformedBody => (S::BAD_REQUEST, "malformed-body", "The body cannot be read"),
            Self::CrossSite => (S::FORBIDDEN, "cross-site", "The request comes from another site"),
            Self::Refused => (S::FORBIDDEN, "refused", "The site does not take this"),
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

/// An answer that says what is wrong: a problem document (RFC 9457) with a stable `type`, for any framework to send.
///
/// The types are `urn:horizon:problem:` and a name; the OpenAPI document lists them. A handler answers with
/// [`status`](Self::status), [`MEDIA_TYPE`](Self::MEDIA_TYPE), [`to_json`](Self::to_json) and
/// [`retry_after`](Self::retry_after). An error of `horizon_core` becomes one too: `Unavailable` if it is retryable,
/// else `Internal`, and what is behind it goes to the log and not to the client.
///
/// ```
/// use eventhorizon::{Problem, ProblemKind};
///
/// let problem = Problem::new(ProblemKind::InvalidField).naming("body", "is empty.");
/// assert_eq!(problem.status(), 422);
/// assert_eq!(
///     problem.to_json(),
///     r#"{"type":"urn:horizon:problem:invalid-field","title":"A field is wrong","status":422,"detail":"is empty.","field":"body"}"#
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    field: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    allowed: Option<&'static str>,
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
    /// What a problem document is called on the wire (RFC 9457 §3).
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// A problem of this kind, which says no more than that.
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// let problem = Problem::new(ProblemKind::NotFound);
    /// assert_eq!(
    ///     problem.to_json(),
    ///     r#"{"type":"urn:horizon:problem:not-found","title":"There is nothing here","status":404}"#
    /// );
    /// ```
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(""),
            field: None,
            retry_after: None,
            allowed: None,
        }
    }

    /// Says what exactly is wrong, in a sentence.
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// let problem = Problem::new(ProblemKind::Refused).detail("Comments are closed.");
    /// assert_eq!(problem.to_string(), "The site does not take this: Comments are closed.");
    /// ```
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// A field of a body that is wrong, and why: the rest of a sentence that begins with its name.
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// let problem = Problem::field("liked", "must be `true` or `false`.");
    /// assert_eq!(problem.kind(), ProblemKind::InvalidField);
    /// assert!(problem.to_page().contains("liked must be `true` or `false`."));
    /// ```
    #[must_use]
    pub fn field(name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::InvalidField).naming(name, reason)
    }

    /// Names what is wrong, a field, a header or a part of the query, and says why, instead of a
    /// [`detail`](Self::detail).
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// let problem = Problem::new(ProblemKind::InvalidQuery).naming("limit", "must be a number.");
    /// assert!(problem.to_json().ends_with(r#""detail":"must be a number.","field":"limit"}"#));
    /// ```
    #[must_use]
    pub fn naming(mut self, name: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(name.into());
        self.detail(reason)
    }

    /// Only these methods apply to the address.
    pub(crate) fn allowing(self, methods: &'static str) -> Self {
        Self {
            allowed: Some(methods),
            ..self
        }
    }

    /// The methods for `Allow`, if another one was tried.
    #[must_use]
    pub fn allowed(&self) -> Option<&'static str> {
        self.allowed
    }

    /// The application's own rule does not want it, and says why.
    pub(crate) fn refused(reason: Cow<'static, str>) -> Self {
        Self::new(ProblemKind::Refused).detail(reason)
    }

    pub(crate) fn too_many(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait),
            ..Self::new(ProblemKind::TooManyRequests).detail("Your network has asked for this too often.")
        }
    }

    pub(crate) fn unavailable(detail: &'static str) -> Self {
        Self {
            retry_after: Some(RETRY_LATER),
            ..Self::new(ProblemKind::Unavailable).detail(detail)
        }
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.kind.meaning().0
    }

    /// The seconds for `Retry-After` (RFC 9110 §10.2.3), at least one, if it is worth asking again.
    ///
    /// ```
    /// # use eventhorizon::Problem;
    /// let problem = Problem::from(horizon_core::Error::unavailable("the store is away"));
    /// assert_eq!((problem.status().as_u16(), problem.retry_after()), (503, Some(2)));
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        let wait = self.retry_after?;
        Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1))
    }

    /// The document, as JSON; see [`MEDIA_TYPE`](Self::MEDIA_TYPE).
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.document()).unwrap_or_default()
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

    /// The same as an HTML page in English, for a person whose browser sent a plain form.
    ///
    /// ```
    /// # use eventhorizon::{Problem, ProblemKind};
    /// let page = Problem::new(ProblemKind::Refused).detail("Not <here>.").to_page();
    /// assert!(page.contains("<p>Not &lt;here&gt;.</p>"));
    /// ```
    #[must_use]
    pub fn to_page(&self) -> String {
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
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        if error.is_retryable() {
            tracing::warn!(%error, cause, "a backend did not answer, the client was told to come again");
            return Self::unavailable("A part of the server is down. Nothing is lost: ask again.");
        }
        tracing::error!(%error, cause, "a backend refused a request that should have worked");
        Self::new(ProblemKind::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_about_a_problem_escapes_what_the_reader_sent() {
        let page = Problem::field("body", "must not hold <script>").to_page();
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
    fn a_wait_is_told_in_whole_seconds_and_never_as_zero() {
        for (wait, told) in [(0, 1), (1000, 1), (1001, 2)] {
            assert_eq!(Problem::too_many(Duration::from_millis(wait)).retry_after(), Some(told));
        }
    }
}
