use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use eventhorizon::{Caller, Horizon, Liked};
use horizon_core::{EventId, Slug, live::LikeView};
use http::{StatusCode, header};
use serde::Deserialize;

use super::SetCookie;
use crate::{
    Problem, Requester,
    extract::{self, Page},
};

/// What a plain form says.
#[derive(Deserialize)]
struct LikeForm {
    liked: Option<String>,
    id: Option<String>,
    back: Option<String>,
}

/// `GET /likes/{slug}`: whether the reader likes the page.
pub(super) async fn view(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
) -> Result<Json<LikeView>, Problem> {
    Ok(Json(horizon.like_view(&slug, &caller).await?))
}

/// `PUT /likes/{slug}`: the reader likes the page.
pub(super) async fn like(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
) -> Result<(SetCookie, Json<LikeView>), Problem> {
    let key = extract::idempotency_key(caller.headers())?;
    set(&horizon, &slug, true, key, &caller).await
}

/// `DELETE /likes/{slug}`: the reader takes the like back.
pub(super) async fn unlike(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
) -> Result<(SetCookie, Json<LikeView>), Problem> {
    set(&horizon, &slug, false, None, &caller).await
}

async fn set(
    horizon: &Horizon,
    slug: &Slug,
    liked: bool,
    key: Option<EventId>,
    caller: &Caller,
) -> Result<(SetCookie, Json<LikeView>), Problem> {
    let Liked { view, set_cookie, .. } = horizon.like(slug, liked, key, caller).await?;
    Ok((SetCookie(set_cookie), Json(view)))
}

/// `POST /likes/{slug}`: either of the two, from a plain form.
pub(super) async fn form(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    Requester(caller): Requester,
    request: Request,
) -> Result<Response, Problem> {
    let form: LikeForm = extract::plain(request).await?;
    let back = extract::back(form.back.as_deref())?;
    let id = extract::id("id", form.id.as_deref())?;
    let key = id.map_or_else(|| extract::idempotency_key(caller.headers()), |id| Ok(Some(id)))?;
    let liked = match form.liked.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(eventhorizon::Problem::field("liked", "must be `true` or `false`.").into()),
    };
    let Liked { set_cookie, .. } = horizon.like(&slug, liked, key, &caller).await?;
    Ok((StatusCode::SEE_OTHER, SetCookie(set_cookie), [(header::LOCATION, back)]).into_response())
}
