//! Connects EventHorizon to actix-web. Copy this file. Needs `actix-web`, `eventhorizon` and `futures`.
//!
//! The server needs `.h1_allow_half_closed(false)`, so that closed pages are noticed, and `.disable_signals()` with
//! [`end`] on shutdown, because live streams do not end by themselves.

use std::convert::Infallible;

use actix_web::{
    HttpRequest, HttpResponse,
    dev::ServerHandle,
    http::StatusCode,
    web::{Bytes, Data},
};
use eventhorizon::{Horizon, ResponseBody, http};
use futures::StreamExt;

/// Handles all requests of a scope, as its default service.
pub async fn handle(site: Data<Horizon>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let peer = request.peer_addr().map_or([0, 0, 0, 0].into(), |peer| peer.ip());
    let uri = format!("{}?{}", request.match_info().unprocessed(), request.query_string());
    let mut forwarded = http::Request::builder().method(request.method().as_str()).uri(uri);
    for (name, value) in request.headers() {
        forwarded = forwarded.header(name.as_str(), value.as_bytes());
    }
    let Ok(forwarded) = forwarded.body(body) else {
        return HttpResponse::BadRequest().finish();
    };
    let (parts, content) = site.handle(peer, forwarded).await.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    match content {
        // The viewer counts until actix drops the stream.
        ResponseBody::Live(live) => response.streaming(live.map(Ok::<_, Infallible>)),
        ResponseBody::Bytes(bytes) => response.body(bytes),
        _ => response.finish(),
    }
}

/// Ends the live streams, the server and the backend, in this order.
///
/// # Errors
/// The store cannot be closed.
pub async fn end(horizon: &Horizon, server: &ServerHandle) -> eventhorizon::horizon_core::Result<()> {
    horizon.end_streams().await;
    server.stop(true).await;
    horizon.close().await
}
