//! The routes of the HTTP contract.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use eventhorizon::Horizon;

use crate::extractors::peer;

/// Handles every request of the contract.
pub(crate) async fn handle(State(horizon): State<Horizon>, request: Request) -> Response {
    let peer = peer(&horizon, request.headers(), request.extensions());
    horizon.handle(peer, request).await.map(Body::new)
}
