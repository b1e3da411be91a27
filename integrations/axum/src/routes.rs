//! The routes of the HTTP contract.

use axum::{
    body::Body,
    extract::{OriginalUri, Request, State},
    response::Response,
};
use eventhorizon::Horizon;

use crate::extractors::peer;

/// Handles every request of the contract.
pub(crate) async fn handle(State(horizon): State<Horizon>, mut request: Request) -> Response {
    let extensions = request.extensions_mut();
    if let Some(OriginalUri(uri)) = extensions.get().cloned() {
        extensions.insert(eventhorizon::OriginalUri(uri));
    }
    let peer = peer(&horizon, request.headers(), request.extensions());
    horizon.handle(peer, request).await.map(Body::new)
}
