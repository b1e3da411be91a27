//! Markdown pages, and paths without a page.

use axum::{
    Router,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use horizon_app::View;
use tower::ServiceExt;

use crate::{preview, respond, state::AppState};

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/{page}", get(markdown_page))
}

async fn markdown_page(
    State(app): State<AppState>,
    slug: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Response {
    let library = app.library();
    let slug = slug.map_or_else(|_| String::new(), |Path(slug)| slug);
    match library.page(&slug) {
        Some(page) => respond::view(&app, View::Page(page.clone())).await,
        None => {
            let page = library.page_preview(&slug).cloned();
            preview::respond(&app, &headers, page.map(View::Page)).await
        }
    }
}

/// Redirects a path with a trailing slash to the page without it if `targets` has that page. Other paths are not
/// found.
pub(crate) async fn fallback(State(app): State<AppState>, request: Request, targets: Router) -> Response {
    if request.method().is_safe()
        && let Some(target) = without_slash(request.uri())
        && is_found(targets, &target, request).await
    {
        return Redirect::permanent(&target.to_string()).into_response();
    }
    respond::not_found(&app).await
}

/// Returns a local URI without the slashes at the ends of its path, or `None` if its path does not end with one.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    // Browsers treat a backslash as a slash, and a path that starts with two of them as another host.
    if !path.ends_with('/') || path.contains('\\') {
        return None;
    }
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    format!("/{}{query}", path.trim_matches('/')).parse().ok()
}

async fn is_found(targets: Router, target: &Uri, mut request: Request) -> bool {
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = target.clone();
    let Ok(response) = targets.oneshot(request).await;
    response.status() != StatusCode::NOT_FOUND
}
