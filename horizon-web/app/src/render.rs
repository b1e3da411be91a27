//! From a page to an answer.

use std::sync::Arc;

use any_spawner::Executor;
use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
    response::Response,
};
use horizon_core::live::Numbers;
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

use crate::{Page, Site, document::document};

/// Renders `page` as a whole document: status, Content-Security-Policy with this answer's nonce, HTML.
///
/// `totals` are the numbers of the whole site, for the footer. Runs on a tokio runtime.
pub async fn render(site: Arc<Site>, totals: Numbers, page: Page) -> Response {
    let status = status(&page);
    let page = Arc::new(page);
    let write = move || {
        if let Some(answer) = use_context::<ResponseOptions>() {
            answer.set_status(status);
            if let Some(policy) = policy() {
                answer.insert_header(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
        document(&site, totals, &page)
    };
    // Leptos yields to this executor once while it renders. To set it again does nothing.
    let _ = Executor::init_tokio();
    // Leptos reads the request's path, and a request can come without one; pages do not need it.
    leptos_axum::render_app_async(write)(Request::new(Body::empty())).await
}

fn status(page: &Page) -> StatusCode {
    match page {
        Page::NotFound => StatusCode::NOT_FOUND,
        Page::Error(error) => StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        _ => StatusCode::OK,
    }
}

/// What the page may load: its own files, and the scripts that carry this answer's nonce.
fn policy() -> Option<HeaderValue> {
    let nonce = use_nonce()?;
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}
