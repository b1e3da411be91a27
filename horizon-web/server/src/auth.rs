//! Restricts the admin pages to signed-in requests.

use axum::{http::HeaderMap, response::Response};
use horizon_app::View;
use horizon_backend::now;

use crate::{respond, state::AppState};

/// Returns whether the request has a valid session.
pub(crate) fn is_signed_in(app: &AppState, headers: &HeaderMap) -> bool {
    app.sessions
        .as_ref()
        .is_some_and(|sessions| sessions.is_valid(headers, now()))
}

/// Returns the response to a request without a session, or `None` if it has one.
pub(crate) async fn require_session(app: &AppState, headers: &HeaderMap) -> Option<Response> {
    if is_signed_in(app, headers) {
        return None;
    }
    Some(match &app.sessions {
        None => respond::not_found(app).await,
        Some(_) => respond::view(app, View::Login(None)).await,
    })
}
