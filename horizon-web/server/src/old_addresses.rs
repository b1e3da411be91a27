//! The files of static folders, and redirects from old addresses.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower::ServiceExt;

use crate::state::AppState;

/// The time for which browsers remember a redirect: a day. An author may reuse an address.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Sends the file at the path of a request, or redirects an old address of a page. Pages win over both.
pub(crate) async fn respond(State((app, files)): State<(AppState, Router)>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let library = app.library();
    if library.file(request.uri().path()).is_some() {
        let Ok(response) = files.oneshot(request).await;
        return response;
    }
    match library.redirect(request.uri().path()) {
        Some(target) => redirect(&target, request.uri()),
        None => next.run(request).await,
    }
}

/// Returns a redirect to a path of this site. The query of the request stays unless the path has its own.
fn redirect(target: &str, uri: &Uri) -> Response {
    let target = match uri.query().filter(|_| !target.contains('?')) {
        Some(query) => format!("{target}?{query}"),
        None => target.to_owned(),
    };
    match HeaderValue::from_str(&target) {
        Ok(target) => {
            let fields = [(header::LOCATION, target), (header::CACHE_CONTROL, CACHE_CONTROL)];
            (StatusCode::MOVED_PERMANENTLY, fields).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
