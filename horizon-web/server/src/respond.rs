//! Renders views as responses.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use eventhorizon::PageReads;
use horizon_app::{ErrorPage, Site, SlotValues, Template, View};
use horizon_core::{Error, Result};
use tokio::task::spawn_blocking;

use crate::{rendered_page::PRIVATE_NO_CACHE, state::AppState};

/// Replaces the usual header if a page shows last known numbers, or none.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The `Retry-After` of a page that cannot be shown, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

pub(crate) async fn not_found(app: &AppState) -> Response {
    view(app, View::NotFound).await
}

/// Renders the view with the numbers of the site.
pub(crate) async fn view(app: &AppState, view: View) -> Response {
    view_with(app, &app.horizon.page_reads(), Ok(view)).await
}

/// Renders the view with the numbers of the site, or the error.
pub(crate) async fn view_with(app: &AppState, reads: &PageReads, view: Result<View>) -> Response {
    match view {
        Ok(view) => {
            let site = app.site_stats(reads).await;
            let is_current = site.as_ref().is_some_and(|site| site.is_current);
            let values = SlotValues::for_site(site.map(|site| site.stats));
            no_store_unless(is_current, render(app, view, &values).await)
        }
        Err(error) => unavailable(app, &error).await,
    }
}

/// Forbids caching unless the page is current.
pub(crate) fn no_store_unless(is_current: bool, mut response: Response) -> Response {
    if !is_current {
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    }
    response
}

/// Makes the status of a page `503 Service Unavailable`: a part of it is not ready.
pub(crate) fn retry_later(response: Response) -> Response {
    let mut response = no_store_unless(false, response);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

/// Reports that the page cannot be shown now.
pub(crate) async fn unavailable(app: &AppState, error: &Error) -> Response {
    tracing::error!(%error, source = ?std::error::Error::source(error), "a page cannot be shown");
    let page = View::Error(ErrorPage {
        status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
        title: app.site.texts.get("unavailable").into(),
        detail: app.site.texts.get("unavailable-detail").into(),
    });
    retry_later(render(app, page, &SlotValues::for_site(None)).await)
}

/// Renders the view for one response.
pub(crate) async fn render(app: &AppState, view: View, values: &SlotValues) -> Response {
    let site = app.site(&app.library());
    let template = match template(app, &site, view).await {
        Ok(template) => template,
        Err(error) => {
            tracing::error!(%error, "rendering a page failed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let status = StatusCode::from_u16(template.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, template.policy.clone()),
        (header::CONTENT_TYPE, "text/html; charset=utf-8".into()),
    ];
    let caching = [(header::CACHE_CONTROL, PRIVATE_NO_CACHE)];
    (status, headers, caching, template.fill(values)).into_response()
}

/// Renders the view as a template. A document is rendered on a blocking thread, because highlighting its code may take
/// a second.
pub(crate) async fn template(app: &AppState, site: &Arc<Site>, view: View) -> Result<Template> {
    let rendered = match &view {
        View::Post(page) => {
            let post = Arc::clone(&page.post);
            spawn_blocking(move || drop(post.html())).await
        }
        View::Page(page) => {
            let page = Arc::clone(page);
            spawn_blocking(move || drop(page.html())).await
        }
        _ => Ok(()),
    };
    rendered.map_err(|error| Error::permanent("rendering a document failed").with_source(error))?;
    Template::new(site, view, app.marker_key).await
}
