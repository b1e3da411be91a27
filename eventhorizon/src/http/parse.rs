//! Parses requests.

use horizon_core::{EventId, Slug};
use http::{HeaderMap, header};
use percent_encoding::percent_decode;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{LiveOptions, Problem, ProblemKind as Kind, live::check_observed};

pub(super) fn query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    serde_urlencoded::from_str(query)
        .map_err(|error| Problem::new(Kind::InvalidQuery).detail(format!("The query string is invalid: {error}.")))
}

/// The query of a live stream.
#[derive(Default, Deserialize)]
pub(super) struct LiveQuery {
    again: Option<String>,
    /// `document.referrer`
    r: Option<String>,
    /// The query of the page's own URL.
    q: Option<String>,
    /// The width of the viewport in CSS pixels.
    w: Option<String>,
}

impl LiveQuery {
    /// Adds what the client says about the page and how it was opened.
    pub(super) fn add_to<'a>(&'a self, options: LiveOptions<'a>) -> LiveOptions<'a> {
        let width = self.w.as_deref().and_then(|width| width.parse().ok());
        options
            .returning(self.again.as_deref() == Some("1"))
            .referrer(self.r.as_deref())
            .page_query(self.q.as_deref())
            .viewport_width(width)
    }
}

/// Parses the `page` parameters of a live stream: at most [`LiveOptions::MAX_OBSERVED_PAGES`], none of them repeated.
pub(super) fn observed_pages(text: &str) -> Result<Vec<Slug>, Problem> {
    let pages = form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| name == "page");
    // One more page than allowed is enough to reject the query.
    let slugs = pages.take(LiveOptions::MAX_OBSERVED_PAGES + 1).map(|(_, page)| {
        Slug::new(&page).map_err(|error| Problem::invalid_field("page", format!("is invalid: {error}.")))
    });
    let slugs = slugs.collect::<Result<Vec<_>, _>>()?;
    check_observed(slugs.iter())?;
    Ok(slugs)
}

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyKind {
    Json,
    Form,
}

/// Parses a body that is JSON or a plain HTML form.
#[cfg_attr(not(feature = "comments"), expect(dead_code, reason = "only comments use it"))]
pub(super) fn json_or_form<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<(T, BodyKind), Problem> {
    let kind = body_kind(headers)?;
    let value = match kind {
        BodyKind::Json => json_body(body)?,
        BodyKind::Form => form_body(body)?,
    };
    Ok((value, kind))
}

/// Returns the format that the headers state.
pub(super) fn body_kind(headers: &HeaderMap) -> Result<BodyKind, Problem> {
    match media_type(headers).as_deref() {
        Some("application/json") => Ok(BodyKind::Json),
        Some("application/x-www-form-urlencoded") => Ok(BodyKind::Form),
        other => Err(unsupported(
            other,
            "application/json or application/x-www-form-urlencoded",
        )),
    }
}

/// Parses the body of a plain HTML form.
pub(super) fn form<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    match media_type(headers).as_deref() {
        Some("application/x-www-form-urlencoded") => form_body(body),
        other => Err(unsupported(other, "application/x-www-form-urlencoded")),
    }
}

/// Parses the query of a report, which is JSON.
pub(super) fn report_query<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    match media_type(headers).as_deref() {
        Some("application/json") => json_body_or(body, Kind::InvalidQuery),
        other => Err(unsupported(other, "application/json")),
    }
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

fn unsupported(got: Option<&str>, expected: &str) -> Problem {
    let got = got.unwrap_or("none");
    Problem::new(Kind::UnsupportedMediaType).field("Content-Type", format!("must be {expected}, not {got}."))
}

/// Parses a body that is JSON.
pub(super) fn json_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    json_body_or(bytes, Kind::InvalidField)
}

/// Parses a body that is JSON. A field that is wrong is a problem of this kind.
fn json_body_or<T: DeserializeOwned>(bytes: &[u8], kind: Kind) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.into_inner());
        if error.is_data() {
            let name = if path == "." { "body".into() } else { path };
            return Problem::new(kind).field(name, format!("is invalid: {error}."));
        }
        malformed(&error)
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::MalformedBody).detail(format!("The body is not valid JSON: {error}."))
}

/// Parses the fields of a plain HTML form.
pub(super) fn form_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // The parser would silently replace invalid UTF-8.
    if percent_decode(bytes).decode_utf8().is_err() {
        return Err(Problem::new(Kind::MalformedBody).detail("The form is not UTF-8."));
    }
    serde_urlencoded::from_bytes(bytes)
        .map_err(|error| Problem::new(Kind::MalformedBody).detail(format!("The form is invalid: {error}.")))
}

/// Parses the id in a field. An empty field is `None`.
pub(super) fn id(name: &'static str, text: Option<&str>) -> Result<Option<EventId>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    let id = text.map(str::parse).transpose();
    id.map_err(|error: horizon_core::ParseIdError| Problem::invalid_field(name, format!("is invalid: {error}.")))
}

/// Parses the id in `Idempotency-Key`, bare or quoted as in the IETF draft.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?").trim().trim_matches('"');
    let id = text.parse().map_err(|error: horizon_core::ParseIdError| {
        Problem::new(Kind::InvalidHeader).field("Idempotency-Key", format!("is invalid: {error}."))
    })?;
    Ok(Some(id))
}

/// Parses the path of this host that a plain form redirects to, encoded for a header.
pub(super) fn back(text: Option<&str>) -> Result<String, Problem> {
    let path = text.filter(|path| !path.is_empty()).unwrap_or("/");
    local_path(path).ok_or_else(|| Problem::invalid_field("back", "must be a path of this site that starts with `/`."))
}

/// Returns a path of this host that came from a request, such as the parameter `back`, encoded for the header
/// `Location`. Returns `None` if it may lead to another host.
///
/// Browsers treat `//host` and `/\host` as other hosts. A fragment is left out.
///
/// ```
/// use eventhorizon::http::local_path;
///
/// assert_eq!(local_path("/horizon/dashboard?period=7d").as_deref(), Some("/horizon/dashboard?period=7d"));
/// assert_eq!(local_path("//evil.example"), None);
/// ```
#[must_use]
pub fn local_path(path: &str) -> Option<String> {
    let is_local = path.starts_with('/') && !path.contains("//") && !path.contains('\\');
    if !is_local || path.chars().any(char::is_control) {
        return None;
    }
    let path = path.split('#').next().unwrap_or("/");
    Some(percent_encoding::utf8_percent_encode(path, percent_encoding::CONTROLS).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_this_site() {
        for good in ["/", "/blog/hello", "/blog?page=2", "/ä"] {
            assert!(back(Some(good)).is_ok(), "{good}");
        }
        assert_eq!(back(None).unwrap(), "/");
        assert_eq!(back(Some("/a#b")).unwrap(), "/a");
        assert_eq!(back(Some("/ä")).unwrap(), "/%C3%A4");
        for bad in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "blog",
            "/a\r\nSet-Cookie: x=y",
            "/a\0",
            "javascript:alert(1)",
        ] {
            assert!(back(Some(bad)).is_err(), "{bad:?}");
        }
    }
}
