//! The routes, one file for each thing that can be asked for.

mod client;
mod comments;
mod likes;
mod live;
mod openapi;
mod stats;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
    routing::get,
};
use eventhorizon::{Horizon, ProblemKind};
use http::{HeaderValue, Method, header};

use crate::{
    Problem, extract, origins,
    problem::{readable, wants_page},
};

/// Every route, for all to be seen in one place.
pub(crate) fn router(horizon: &Horizon) -> Router<Horizon> {
    let router = Router::new()
        .route("/live", get(live::site))
        .route("/live/{slug}", get(live::page))
        .route("/stats", get(stats::site))
        .route("/stats/{slug}", get(stats::page))
        .route(
            "/likes/{slug}",
            get(likes::view)
                .put(likes::like)
                .delete(likes::unlike)
                .post(likes::form),
        )
        .route("/comments/{slug}", get(comments::list).post(comments::post))
        .route("/client.js", get(client::script))
        .route("/client.d.ts", get(client::types))
        .route("/openapi.json", get(openapi::document))
        .method_not_allowed_fallback(async || Problem::from(ProblemKind::MethodNotAllowed))
        .fallback(async || Problem::from(ProblemKind::NotFound))
        .layer(DefaultBodyLimit::max(extract::MAX_BODY))
        .layer(middleware::from_fn_with_state(horizon.clone(), edge));
    match origins::layer(&horizon.config().origins) {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// What every request passes on its way in, and every answer on its way out.
async fn edge(State(horizon): State<Horizon>, request: Request, next: Next) -> Response {
    let is_for_a_person = request.method() == Method::POST && wants_page(request.headers());
    let may = request.method().is_safe() || origins::may_write(&horizon.config().origins, request.headers());
    let response = if may {
        next.run(request).await
    } else {
        // Otherwise a page of another site could write in its reader's name.
        let problem = eventhorizon::Problem::new(ProblemKind::CrossSite);
        Problem(problem.detail("Only pages of this site may write here.")).into_response()
    };
    let mut response = if is_for_a_person { readable(response) } else { response };
    // Numbers are for now: nobody may keep them, unless the answer says otherwise.
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

/// The cookie of a reader who comes for the first time.
struct SetCookie(Option<String>);

impl IntoResponseParts for SetCookie {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Some(cookie) = self.0.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
            parts.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(parts)
    }
}
