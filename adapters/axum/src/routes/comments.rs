use std::num::NonZeroUsize;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use eventhorizon::{Horizon, NewComment, Posted, ProblemKind};
use horizon_core::live::ThreadsView;
use http::{StatusCode, header};
use serde::Deserialize;

use super::SetCookie;
use crate::{
    Problem, Requester,
    extract::{self, Asked, Form, Page},
};

/// The most threads that one answer holds.
const MAX_LIMIT: usize = 100;

/// Which threads.
#[derive(Deserialize)]
pub(super) struct Which {
    before: Option<String>,
    limit: Option<String>,
}

/// `GET /comments/{slug}`: a page of threads.
pub(super) async fn list(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Asked(which): Asked<Which>,
) -> Result<Json<ThreadsView>, Problem> {
    let wrong = |name, reason: String| eventhorizon::Problem::new(ProblemKind::InvalidQuery).naming(name, reason);
    let before = which.before.map(|text| text.parse()).transpose();
    let before = before.map_err(|error: horizon_core::ParseIdError| wrong("before", format!("is wrong: {error}.")))?;
    let threads = match which.limit.as_deref() {
        None => horizon.threads(&slug, before).await?,
        Some(text) => {
            let limit = text
                .parse()
                .ok()
                .filter(|limit: &NonZeroUsize| limit.get() <= MAX_LIMIT);
            let limit = limit.ok_or_else(|| wrong("limit", format!("must be a number from 1 to {MAX_LIMIT}.")))?;
            horizon.some_threads(&slug, before, limit).await?
        }
    };
    Ok(Json(threads))
}

/// `POST /comments/{slug}`: a reader comments.
pub(super) async fn post(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
    request: Request,
) -> Result<Response, Problem> {
    let key = extract::idempotency_key(caller.headers())?;
    let (mut new, kind) = extract::either::<NewComment>(request).await?;
    let back = match kind {
        Form::Json => None,
        Form::Plain => Some(extract::back(new.back.as_deref())?),
    };
    if new.id.as_deref().is_none_or(str::is_empty) {
        new.id = key.map(|key| key.to_string());
    }
    let posted = horizon.comment(&slug, new, &caller).await?;
    Ok(answer(posted, back))
}

/// 201 with the comment, 202 if it waits; a plain form is sent back to where it came from.
fn answer(posted: Posted, back: Option<String>) -> Response {
    let Posted {
        view,
        waits,
        set_cookie,
        ..
    } = posted;
    let Some(back) = back else {
        let status = if waits {
            StatusCode::ACCEPTED
        } else {
            StatusCode::CREATED
        };
        return (status, SetCookie(set_cookie), Json(view)).into_response();
    };
    let location = match (waits, back.contains('?')) {
        (false, _) => format!("{back}#comment-{}", view.id),
        (true, false) => format!("{back}?comment=waiting#comments"),
        (true, true) => format!("{back}&comment=waiting#comments"),
    };
    (
        StatusCode::SEE_OTHER,
        SetCookie(set_cookie),
        [(header::LOCATION, location)],
    )
        .into_response()
}
