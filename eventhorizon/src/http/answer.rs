use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;

use super::Answer;
use crate::{Live, Problem};

/// What an answer holds.
#[derive(Debug)]
#[non_exhaustive]
pub enum Content {
    /// All of it at once.
    Bytes(Bytes),
    /// A stream; its reader is counted until it is dropped.
    Live(Live),
}

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> Answer {
    let json = serde_json::to_vec(value);
    let json =
        json.map_err(|error| horizon_core::Error::permanent("an answer could not be encoded").with_source(error))?;
    let mut answer = Response::new(Content::Bytes(json.into()));
    set(&mut answer, header::CONTENT_TYPE, "application/json");
    Ok(answer)
}

/// A live stream, or only its head.
pub(super) fn stream(live: Option<Live>) -> Response<Content> {
    let mut answer = Response::new(live.map_or_else(|| Content::Bytes(Bytes::new()), Content::Live));
    for (name, value) in Live::HEADERS.iter().copied() {
        set(&mut answer, HeaderName::from_static(name), value);
    }
    answer
}

/// Sends a browser on, behind a plain form.
pub(super) fn see_other(location: &str) -> Response<Content> {
    let mut answer = Response::new(Content::Bytes(Bytes::new()));
    *answer.status_mut() = StatusCode::SEE_OTHER;
    set(&mut answer, header::LOCATION, location);
    answer
}

/// With the cookie of a reader who comes for the first time.
pub(super) fn with_cookie(mut answer: Response<Content>, cookie: Option<String>) -> Response<Content> {
    if let Some(cookie) = cookie {
        set(&mut answer, header::SET_COOKIE, &cookie);
    }
    answer
}

/// What every answer passes on its way out.
pub(super) fn finish(answer: Answer, method: &Method, headers: &HeaderMap) -> Response<Content> {
    let mut answer = answer.unwrap_or_else(|problem| of_problem(&problem, is_for_a_person(method, headers)));
    // Numbers are for now: nobody may keep them, unless the answer says otherwise.
    let no_store = HeaderValue::from_static("no-store");
    answer.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    if method == Method::HEAD {
        *answer.body_mut() = Content::Bytes(Bytes::new());
    }
    answer
}

/// A problem as a document, or as a page, because a person reads it.
fn of_problem(problem: &Problem, is_for_a_person: bool) -> Response<Content> {
    let (kind, text) = if is_for_a_person {
        ("text/html; charset=utf-8", problem.to_page())
    } else {
        (Problem::MEDIA_TYPE, problem.to_json())
    };
    let mut answer = Response::new(Content::Bytes(text.into()));
    *answer.status_mut() = problem.status();
    set(&mut answer, header::CONTENT_TYPE, kind);
    if let Some(seconds) = problem.retry_after() {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    if let Some(methods) = problem.allowed() {
        set(&mut answer, header::ALLOW, methods);
    }
    answer
}

/// Whether a person reads the answer, because their browser sent a plain form.
pub(super) fn is_for_a_person(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::POST && wants_page(headers)
}

/// Whether `Accept` names HTML and no JSON, as browsers do when a form is sent.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html") && !accept.contains("json"))
}

/// What comes here is text of our own, or was checked to fit into a header.
pub(super) fn set(answer: &mut Response<Content>, name: HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => drop(answer.headers_mut().insert(name, value)),
        Err(error) => tracing::error!(%error, %name, "a header of an answer was left out"),
    }
}
