//! Restricts the admin pages to signed-in requests.

use axum::{http::HeaderMap, response::Response};
use horizon_app::View;
use horizon_backend::now;
use horizon_core::Result;

use crate::{respond, state::AppState};

/// Returns whether the request has a valid session.
///
/// # Errors
/// The store does not respond.
pub(crate) async fn is_signed_in(app: &AppState, headers: &HeaderMap) -> Result<bool> {
    match &app.sessions {
        None => Ok(false),
        Some(sessions) => sessions.is_valid(headers, now()).await,
    }
}

/// Returns the response to a request without a session, or `None` if it has one.
pub(crate) async fn require_session(app: &AppState, headers: &HeaderMap) -> Option<Response> {
    match is_signed_in(app, headers).await {
        Ok(true) => None,
        Ok(false) if app.sessions.is_none() => Some(respond::not_found(app).await),
        Ok(false) => Some(respond::view(app, View::Login(None)).await),
        Err(error) => Some(respond::unavailable(app, &error).await),
    }
}
