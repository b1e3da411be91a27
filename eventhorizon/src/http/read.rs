//! Reads requests. What cannot be read is a problem that says so.

use horizon_core::EventId;
use http::{HeaderMap, header};
use percent_encoding::percent_decode;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Problem, ProblemKind as Kind};

/// The largest body of a request, in bytes: 64 KiB.
pub const MAX_BODY: usize = 64 * 1024;

/// What the query says, as far as its form is right.
pub(super) fn query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    serde_urlencoded::from_str(query)
        .map_err(|error| Problem::new(Kind::InvalidQuery).detail(format!("It cannot be read: {error}.")))
}

/// What the query of a live stream says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Again {
    again: Option<String>,
}

impl Again {
    /// Whether the reader was here a moment ago.
    pub(super) fn is_again(&self) -> bool {
        self.again.as_deref() == Some("1")
    }
}

/// How a body came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Plain,
}

/// Reads a body that is JSON or what a plain HTML form sends.
pub(super) fn either<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<(T, Form), Problem> {
    match media_type(headers).as_deref() {
        Some("application/json") => Ok((json(short(body)?)?, Form::Json)),
        Some("application/x-www-form-urlencoded") => Ok((form(short(body)?)?, Form::Plain)),
        other => Err(unsupported(
            other,
            "application/json or application/x-www-form-urlencoded",
        )),
    }
}

/// Reads what a plain HTML form sends.
pub(super) fn plain<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    match media_type(headers).as_deref() {
        Some("application/x-www-form-urlencoded") => form(short(body)?),
        other => Err(unsupported(other, "application/x-www-form-urlencoded")),
    }
}

fn short(body: &[u8]) -> Result<&[u8], Problem> {
    if body.len() <= MAX_BODY {
        return Ok(body);
    }
    Err(Problem::new(Kind::BodyTooLarge).detail(format!("At most {MAX_BODY} bytes are taken.")))
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

fn unsupported(got: Option<&str>, expected: &str) -> Problem {
    let got = got.unwrap_or("none");
    Problem::new(Kind::UnsupportedMediaType).naming("Content-Type", format!("must be {expected}, not {got}."))
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.into_inner());
        if error.is_data() {
            let name = if path == "." { "body".into() } else { path };
            return Problem::field(name, format!("is wrong: {error}."));
        }
        malformed(&error)
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::MalformedBody).detail(format!("It is no JSON: {error}."))
}

fn form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // The parser puts a replacement character where UTF-8 is broken; a comment should not be changed in silence.
    if percent_decode(bytes).decode_utf8().is_err() {
        return Err(Problem::new(Kind::MalformedBody).detail("It is not UTF-8."));
    }
    serde_urlencoded::from_bytes(bytes)
        .map_err(|error| Problem::new(Kind::MalformedBody).detail(format!("The form cannot be read: {error}.")))
}

/// An id in a field; an empty one is none.
pub(crate) fn id(name: &'static str, text: Option<&str>) -> Result<Option<EventId>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    let id = text.map(str::parse).transpose();
    id.map_err(|error: horizon_core::ParseIdError| Problem::field(name, format!("is wrong: {error}.")))
}

/// The id in `Idempotency-Key`, bare or as the quoted string of the draft standard.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or("?").trim().trim_matches('"');
    let id = text.parse().map_err(|error: horizon_core::ParseIdError| {
        Problem::new(Kind::InvalidHeader).naming("Idempotency-Key", format!("is wrong: {error}."))
    })?;
    Ok(Some(id))
}

/// Where a plain form wants to go back to: a path of this host, as it may stand in a header.
///
/// A browser reads `//host` and `/\host` as another host, so neither is let through.
pub(super) fn back(text: Option<&str>) -> Result<String, Problem> {
    let path = text.filter(|path| !path.is_empty()).unwrap_or("/");
    let is_local = path.starts_with('/') && !path.contains("//") && !path.contains('\\');
    if !is_local || path.chars().any(char::is_control) {
        return Err(Problem::field(
            "back",
            "must be a path of this site: `/` and what follows.",
        ));
    }
    let path = path.split('#').next().unwrap_or("/");
    Ok(percent_encoding::utf8_percent_encode(path, percent_encoding::CONTROLS).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_leads_nowhere_but_to_this_site() {
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
