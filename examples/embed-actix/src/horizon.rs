//! All that ties EventHorizon to actix-web: the part of the HTTP contract that the browser's script needs.

use std::{collections::BTreeMap, convert::Infallible};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, Result,
    http::{StatusCode, header},
    web::{Data, Json, Path, Query, ServiceConfig, delete, get, post, put},
};
use eventhorizon::{Caller, Horizon, Liked, Live, NewComment, Problem, Slug};
use futures::StreamExt;

/// The routes, for a scope under any path.
pub fn routes(scope: &mut ServiceConfig) {
    scope
        .route("/client.js", get().to(script))
        .route("/live", get().to(site_live))
        .route("/live/{slug}", get().to(live))
        .route("/likes/{slug}", get().to(likes))
        .route("/likes/{slug}", put().to(like))
        .route("/likes/{slug}", delete().to(unlike))
        .route("/comments/{slug}", post().to(comment));
}

type Site = Data<Horizon>;
type Again = Query<BTreeMap<String, String>>;

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(eventhorizon::client_js())
}

async fn site_live(site: Site, again: Again, request: HttpRequest) -> Result<HttpResponse, Refused> {
    open(&site, None, &again, &request).await
}

async fn live(site: Site, slug: Path<String>, again: Again, request: HttpRequest) -> Result<HttpResponse, Refused> {
    open(&site, Some(&site.page(&slug)?), &again, &request).await
}

/// The stream of ready bytes goes out as it is; the reader is counted until actix drops it.
async fn open(
    site: &Horizon,
    page: Option<&Slug>,
    again: &BTreeMap<String, String>,
    request: &HttpRequest,
) -> Result<HttpResponse, Refused> {
    let returning = again.get("again").is_some_and(|again| again == "1");
    let live = site.live(page, &caller(site, request), returning).await?;
    let mut answer = HttpResponse::Ok();
    for header in Live::HEADERS {
        answer.insert_header(header);
    }
    Ok(answer.streaming(live.map(Ok::<_, Infallible>)))
}

async fn likes(site: Site, slug: Path<String>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    let view = site.like_view(&site.page(&slug)?, &caller(&site, &request)).await?;
    Ok(HttpResponse::Ok().json(view))
}

async fn like(site: Site, slug: Path<String>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    set(&site, &slug, true, &request).await
}

async fn unlike(site: Site, slug: Path<String>, request: HttpRequest) -> Result<HttpResponse, Refused> {
    set(&site, &slug, false, &request).await
}

async fn set(site: &Site, slug: &str, liked: bool, request: &HttpRequest) -> Result<HttpResponse, Refused> {
    let key = request
        .headers()
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok()?.parse().ok());
    let done = site.like(&site.page(slug)?, liked, key, &caller(site, request)).await?;
    let Liked { view, set_cookie, .. } = done;
    Ok(with_cookie(HttpResponse::Ok(), set_cookie).json(view))
}

/// It takes JSON alone, which no page of another site can send: a browser asks first, and nothing here answers.
async fn comment(
    site: Site,
    slug: Path<String>,
    request: HttpRequest,
    new: Json<NewComment>,
) -> Result<HttpResponse, Refused> {
    let posted = site
        .comment(&site.page(&slug)?, new.into_inner(), &caller(&site, &request))
        .await?;
    let status = if posted.waits {
        StatusCode::ACCEPTED
    } else {
        StatusCode::CREATED
    };
    Ok(with_cookie(HttpResponse::build(status), posted.set_cookie).json(posted.view))
}

/// Who asks, in EventHorizon's words.
fn caller(site: &Horizon, request: &HttpRequest) -> Caller {
    let peer = request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip());
    site.caller(peer, request.headers())
}

fn with_cookie(mut answer: HttpResponseBuilder, cookie: Option<String>) -> HttpResponseBuilder {
    if let Some(cookie) = cookie {
        answer.append_header((header::SET_COOKIE, cookie));
    }
    answer
}

/// What goes wrong, as an answer of actix-web.
#[derive(Debug)]
struct Refused(Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after() {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        answer.content_type(Problem::MEDIA_TYPE).body(self.0.to_json())
    }
}
