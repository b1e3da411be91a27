//! The routes of the HTTP contract.

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use eventhorizon::Horizon;

use crate::extractors::address;

/// Handles every request of the contract.
pub(crate) async fn handle(State(horizon): State<Horizon>, request: Request) -> Response {
    let peer = address(&horizon, request.headers(), request.extensions());
    horizon.handle(peer, request).await.map(Body::new)
}
