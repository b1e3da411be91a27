use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use axum_extra::extract::SignedCookieJar;
use horizon_core::{Event, EventId, EventKind, ReaderId, Slug, StatsStoreExt, Topic, live::LikeView};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{
    ClientAddr, Horizon, dice,
    extract::{self, Page},
    problem::Problem,
    rates::Ask,
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
    headers: HeaderMap,
) -> Result<Json<LikeView>, Problem> {
    let liked = horizon.likes(&slug, &headers).await?;
    let likes = horizon.0.ports.stats.total(&slug.into()).await?.stats.likes;
    Ok(Json(LikeView { liked, likes }))
}

/// `PUT /likes/{slug}`: the reader likes the page.
pub(super) async fn like(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
) -> Result<(SignedCookieJar, Json<LikeView>), Problem> {
    horizon.0.limiters.check(Ask::Like, address, &horizon.0.metrics)?;
    let key = extract::idempotency_key(&headers)?;
    let (jar, view) = set(&horizon, slug, true, key, &headers).await?;
    Ok((jar, Json(view)))
}

/// `DELETE /likes/{slug}`: the reader takes the like back.
pub(super) async fn unlike(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
) -> Result<(SignedCookieJar, Json<LikeView>), Problem> {
    horizon.0.limiters.check(Ask::Like, address, &horizon.0.metrics)?;
    let (jar, view) = set(&horizon, slug, false, None, &headers).await?;
    Ok((jar, Json(view)))
}

/// `POST /likes/{slug}`: either of the two, from a plain form.
pub(super) async fn form(
    State(horizon): State<Horizon>,
    Page(slug): Page,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    horizon.0.limiters.check(Ask::Like, address, &horizon.0.metrics)?;
    let form: LikeForm = extract::plain(request).await?;
    let back = extract::back(form.back.as_deref())?;
    let id = extract::id("id", form.id.as_deref())?;
    let key = id.map_or_else(|| extract::idempotency_key(&headers), |id| Ok(Some(id)))?;
    let liked = match form.liked.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => return Err(Problem::field("liked", "must be `true` or `false`.")),
    };
    let (jar, _) = set(&horizon, slug, liked, key, &headers).await?;
    Ok((StatusCode::SEE_OTHER, jar, [(header::LOCATION, back)]).into_response())
}

async fn set(
    horizon: &Horizon,
    slug: Slug,
    liked: bool,
    key: Option<EventId>,
    headers: &HeaderMap,
) -> Result<(SignedCookieJar, LikeView), Problem> {
    let topic = Topic::from(slug);
    let jar = horizon.jar(headers);
    let (jar, reader) = match horizon.reader(headers) {
        Some(reader) => (jar, reader),
        // Nobody has nothing to take back.
        None if !liked => {
            let likes = horizon.0.ports.stats.total(&topic).await?.stats.likes;
            return Ok((jar, LikeView { liked, likes }));
        }
        None => horizon.new_reader(jar, key, &topic)?,
    };
    let kind = if liked {
        EventKind::Like { reader }
    } else {
        EventKind::Unlike { reader }
    };
    horizon.track(Event::new(dice::stamp()?, topic.clone(), kind)).await?;
    let likes = likes_after(horizon, &topic, reader, liked).await;
    Ok((jar, LikeView { liked, likes }))
}

/// How many like the page, this reader's word included.
///
/// The pipe took the word, but the store may hear of it later. And whatever the store does now, the
/// like is taken: an answer that is a little off is better than one that says it failed.
async fn likes_after(horizon: &Horizon, topic: &Topic, reader: ReaderId, liked: bool) -> u64 {
    let stats = &horizon.0.ports.stats;
    let (counted, total) = tokio::join!(stats.likes(topic, reader), stats.total(topic));
    let known = horizon.0.hub.numbers(topic).unwrap_or_default().likes;
    let likes = total.map_or(known, |update| update.stats.likes);
    match counted {
        Ok(counted) if counted == liked => likes,
        _ if liked => likes.saturating_add(1),
        _ => likes.saturating_sub(1),
    }
}
